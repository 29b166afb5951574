"""A network's pass over a whole image, or over windows of it when memory is short.

Both are generators that pause between levels of the network, which is where a run can be
cancelled. torch's inference mode is entered anew for each step, so that it never leaks into the
caller while the generator is suspended.
"""

from __future__ import annotations

import itertools
from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from torch import Tensor

    from napari_brats.models.network import Network

WINDOW = 144
OVERLAP = 80
"""Voxels, multiples of the network's ``multiple``. The bundled network looks 75 voxels far, so
windows must be large and overlap by as much for the mask to stay what one pass over all gives."""

Logits = npt.NDArray[np.float32]
Pass = Generator[float, None, Logits]


def predict_whole(network: Network, image: npt.NDArray[np.float32], device: str) -> Pass:
    """Logits (R, X, Y, Z) float32 of an image (C, X, Y, Z) in one pass; yields the share done."""
    import torch
    from torch.nn import functional

    shape = image.shape[1:]
    missing = [-n % network.config.multiple for n in shape]
    padding = [p for m in reversed(missing) for p in (0, m)]
    with torch.inference_mode():
        batch = functional.pad(torch.from_numpy(image)[None].to(device), padding)
        steps = network.forward_steps(batch.contiguous(memory_format=torch.channels_last_3d))
    while True:
        with torch.inference_mode():
            try:
                share = next(steps)
            except StopIteration as end:
                logits: Tensor = end.value
                x, y, z = shape
                return logits[0, :, :x, :y, :z].float().cpu().numpy()
        yield share


def predict_windows(
    network: Network,
    image: npt.NDArray[np.float32],
    device: str,
    size: int = WINDOW,
    overlap: int = OVERLAP,
) -> Pass:
    """As `predict_whole`, from overlapping windows whose weight falls linearly towards the rim."""
    starts = [_starts(n, size, size - overlap) for n in image.shape[1:]]
    corners = list(itertools.product(*starts))
    total: Logits | None = None
    weights = np.zeros(image.shape[1:], np.float32)
    for done, corner in enumerate(corners):
        part = tuple(slice(c, c + size) for c in corner)
        window = np.ascontiguousarray(image[(slice(None), *part)])
        steps = predict_whole(network, window, device)
        while True:
            try:
                share = next(steps)
            except StopIteration as end:
                logits: Logits = end.value
                break
            yield (done + share) / len(corners)
        if total is None:
            total = np.zeros((logits.shape[0], *image.shape[1:]), np.float32)
        ramp = _ramp(window.shape[1:], max(1, overlap // 2))
        total[(slice(None), *part)] += logits * ramp
        weights[part] += ramp
    assert total is not None  # an image has at least one window
    total /= weights
    return total


def _starts(length: int, size: int, stride: int) -> list[int]:
    """Where windows of ``size`` begin so that they cover ``length``; the last one ends with it."""
    if length <= size:
        return [0]
    return [*range(0, length - size, stride), length - size]


def _ramp(shape: tuple[int, ...], width: int) -> npt.NDArray[np.float32]:
    """Weights from 1/(width+1) at the rim to 1 inside, the product over the axes."""
    edges = [
        np.minimum(1, np.minimum(np.arange(1, n + 1), np.arange(n, 0, -1)) / (width + 1))
        for n in shape
    ]
    return np.asarray(edges[0][:, None, None] * edges[1][:, None] * edges[2], np.float32)
