"""A network run by torch: on a GPU, and on the CPU where OpenVINO cannot be used.

The pass pauses between levels of the network, which is where a run can be cancelled. torch's
inference mode is entered anew for each step, so that it never leaks into the caller while the
generator is suspended.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from napari_brats.inference.windows import Pass

if TYPE_CHECKING:
    from torch import Tensor

    from napari_brats.models.network import Network


class TorchNetwork:
    """A network on a device of torch's."""

    def __init__(self, network: Network, device: str) -> None:
        import torch

        self.device = device
        self.runtime = f"torch {torch.__version__}"
        self._network = network.to(  # type: ignore[call-overload]
            device=device, memory_format=torch.channels_last_3d
        )

    def predict(self, image: npt.NDArray[np.float32]) -> Pass:
        """See `Pass`."""
        return predict_whole(self._network, image, self.device)

    def free_memory(self) -> None:
        """Give back what torch keeps on the device for later; nothing on the CPU."""
        import torch

        torch.cuda.empty_cache()  # does nothing where CUDA was never used
        if self.device == "mps":
            torch.mps.empty_cache()


def predict_whole(network: Network, image: npt.NDArray[np.float32], device: str) -> Pass:
    """Logits (R, X, Y, Z) float32 of an image (C, X, Y, Z) in one pass; yields the share done."""
    import torch
    from torch.nn import functional

    shape = image.shape[1:]
    missing = [-n % network.config.multiple for n in shape]
    padding = [p for m in reversed(missing) for p in (0, m)]
    with _computing(device):
        batch = functional.pad(torch.from_numpy(image)[None].to(device), padding)
        steps = network.forward_steps(batch.contiguous(memory_format=torch.channels_last_3d))
    del batch
    while True:
        with _computing(device):
            try:
                share = next(steps)
            except StopIteration as end:
                logits: Tensor = end.value
                x, y, z = shape
                return logits[0, :, :x, :y, :z].float().cpu().numpy()
        yield share


@contextmanager
def _computing(device: str) -> Iterator[None]:
    """Inference mode; on an NVIDIA GPU in half precision, whose tensor cores are made for it."""
    import torch

    half = device.startswith("cuda")
    with torch.inference_mode(), torch.autocast("cuda", torch.float16, enabled=half):
        yield
