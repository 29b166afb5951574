"""A network's pass over windows of an image, for when memory is short; and what a pass is."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.float32]
Logits = npt.NDArray[np.float32]
Pass = Generator[float, None, Logits]
"""Logits (R, X, Y, Z) of an image (C, X, Y, Z); yields the share done, in 0..1. Closing it ends the
computation."""

Predict = Callable[[Image], Pass]

WINDOW = 144
OVERLAP = 80
"""Voxels, multiples of the network's ``multiple``. The bundled network looks 75 voxels far, so
windows must be large and overlap by as much for the mask to stay what one pass over all gives."""

SMALL_WINDOW = 96
SMALL_OVERLAP = 48
"""For when not even `WINDOW` fits; the mask differs (Dice 0.91 to 0.997, docs/performance.md)."""


def predict_windows(
    predict: Predict, image: Image, size: int = WINDOW, overlap: int = OVERLAP
) -> Pass:
    """What ``predict`` gives for overlapping windows, their weight falling towards the rim."""
    starts = [_starts(n, size, size - overlap) for n in image.shape[1:]]
    corners = list(itertools.product(*starts))
    total: Logits | None = None
    weights = np.zeros(image.shape[1:], np.float32)
    for done, corner in enumerate(corners):
        part = tuple(slice(c, c + size) for c in corner)
        window = np.ascontiguousarray(image[(slice(None), *part)])
        steps = predict(window)
        try:
            while True:
                try:
                    share = next(steps)
                except StopIteration as end:
                    logits: Logits = end.value
                    break
                yield (done + share) / len(corners)
        finally:
            steps.close()
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
