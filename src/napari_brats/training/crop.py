"""Pieces of a case, as copies."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Size = tuple[int, int, int]
Voxel = npt.NDArray[np.int64]
"""(3,) a place in a case, (x, y, z)."""


def patch_start(shape: tuple[int, ...], centre: Voxel, size: Size) -> Voxel:
    """The first voxel of a patch about ``centre``, moved inside ``shape``; centred if larger."""
    room = np.array(shape) - size
    inside = np.clip(centre - np.array(size) // 2, 0, np.abs(room))
    return np.asarray(np.where(room < 0, room // 2, inside))


def crop(array: npt.NDArray[Any], begin: Voxel, end: Voxel) -> npt.NDArray[Any]:
    """A copy of (C, X, Y, Z) from ``begin`` to ``end``, 0 where that leaves the array."""
    patch = np.zeros((array.shape[0], *(end - begin)), array.dtype)
    first = np.clip(begin, 0, array.shape[1:])
    last = np.clip(end, first, array.shape[1:])
    source = tuple(slice(f, e) for f, e in zip(first, last, strict=True))
    target = tuple(slice(f, e) for f, e in zip(first - begin, last - begin, strict=True))
    patch[(slice(None), *target)] = array[(slice(None), *source)]
    return patch
