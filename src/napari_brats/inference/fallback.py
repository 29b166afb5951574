"""A network's passes where there is memory for them: the device, smaller windows, the CPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from napari_brats.inference.windows import Pass, predict_whole, predict_windows

if TYPE_CHECKING:
    from napari_brats.models.network import Network

    Predict = Callable[[Network, npt.NDArray[np.float32], str], Pass]


class NetworkRunner:
    """Call it with an image (C, X, Y, Z) for a `Pass`: the whole image, else windows, else the CPU.

    What ran out of memory once is not tried again by later passes of the same runner.

    Attributes
    ----------
    device
        Where the next pass will be tried; after a pass, where it ran.
    notes
        What the user should know of the way down.
    """

    def __init__(self, network: Network, device: str) -> None:
        self._network = network
        self._attempts: list[tuple[str, Predict, str]] = [(device, predict_whole, "")]
        if device != "cpu":
            out = f"{device} ran out of memory;"
            self._attempts += [
                (device, predict_windows, f"{out} smaller windows were used."),
                ("cpu", predict_whole, f"{out} the CPU was used."),
            ]

    @property
    def device(self) -> str:
        """See the class."""
        return self._attempts[0][0]

    @property
    def notes(self) -> list[str]:
        """See the class."""
        note = self._attempts[0][2]
        return [note] if note else []

    def __call__(self, image: npt.NDArray[np.float32]) -> Pass:
        """Logits (R, X, Y, Z) float32; yields the share done, from 0 again after each step down."""
        import torch

        while True:
            where, predict, _ = self._attempts[0]
            yield 0.0
            try:
                return (yield from predict(_on(self._network, where), image, where))
            except RuntimeError as error:
                if len(self._attempts) == 1 or not _is_out_of_memory(error):
                    raise
            torch.cuda.empty_cache()  # does nothing where CUDA was never used
            del self._attempts[0]


def _is_out_of_memory(error: RuntimeError) -> bool:
    """Whether a device ran out of memory: CUDA has an exception of its own, Apple's GPUs words."""
    import torch

    return isinstance(error, torch.OutOfMemoryError) or "out of memory" in str(error)


def _on(network: Network, device: str) -> Network:
    import torch

    return network.to(device=device, memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
