"""What a round brush covers, in mm on any voxel grid."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from napari_brats.core.boxes import Box
from napari_brats.core.labels import Mask


def brush_stroke(
    start: Sequence[float],
    end: Sequence[float],
    radius_mm: float,
    spacing_mm: Sequence[float],
    shape: Sequence[int],
    axes: Sequence[int] = (0, 1, 2),
) -> tuple[Box, Mask] | None:
    """The voxels whose centres a round brush passes over on its straight way.

    Parameters
    ----------
    start, end
        Its centre, in voxels of all three axes, voxel centres at whole numbers; ``start`` is
        ``end`` for a single dab.
    radius_mm
        Of the brush. However small it is, the voxels under its centre are painted at both ends.
    spacing_mm
        Of all three axes.
    shape
        Of the label map.
    axes
        The axes that it extends over: two for a disc on the slice of ``end``, three for a ball.

    Returns
    -------
    A box inside the label map and the voxels in it, both with three axes. None beside the label
    map.
    """
    sides: list[slice] = []
    offsets: list[npt.NDArray[np.float64]] = []  # from the start, in mm
    way_mm: list[float] = []
    for axis, size in enumerate(shape):
        mm, a, b, reach = abs(float(spacing_mm[axis])), float(start[axis]), float(end[axis]), 0.0
        if axis in axes:
            reach = radius_mm / mm
        else:
            a = b = float(round(b))
        low = max(0, min(math.ceil(min(a, b) - reach), round(min(a, b))))
        high = min(size, max(math.floor(max(a, b) + reach), round(max(a, b))) + 1)
        if low >= high:
            return None
        along_axis = tuple(-1 if other == axis else 1 for other in range(3))
        offset_mm = (np.arange(low, high, dtype=np.float64) - a) * mm
        offsets.append(offset_mm.reshape(along_axis))
        way_mm.append((b - a) * mm)
        sides.append(slice(low, high))
    mask = _near_line(offsets, way_mm, radius_mm)
    _add_nearest(mask, sides, (start, end), axes)
    return ((sides[0], sides[1], sides[2]), mask) if mask.any() else None


def _near_line(
    offsets_mm: Sequence[npt.NDArray[np.float64]], way_mm: Sequence[float], radius_mm: float
) -> Mask:
    """Where voxels are at most ``radius_mm`` off the way; ``offsets_mm`` are from its start."""
    x, y, z = (offset * offset for offset in offsets_mm)
    off: npt.NDArray[np.float64] = x + y + z
    square = sum(part * part for part in way_mm)
    if square > 0:
        x, y, z = (offset * part for offset, part in zip(offsets_mm, way_mm, strict=True))
        along = x + y + z
        share = np.clip(along / square, 0.0, 1.0)
        off += share * (share * square - 2 * along)
    near: Mask = off <= radius_mm**2 + 1e-9
    return near


def _add_nearest(
    mask: Mask, sides: Sequence[slice], ends: Sequence[Sequence[float]], axes: Sequence[int]
) -> None:
    """Add the voxels under both ends, as far as they are in the box."""
    for place in ends:
        at = [
            round(float(place[axis])) - side.start if axis in axes else 0
            for axis, side in enumerate(sides)
        ]
        if all(0 <= index < size for index, size in zip(at, mask.shape, strict=True)):
            mask[tuple(at)] = True
