"""What a round brush covers, in mm on any voxel grid."""

from __future__ import annotations

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
    sizes = np.asarray(shape)
    spacing = np.abs(np.asarray(spacing_mm, dtype=float))
    ends = np.array([start, end], dtype=float)
    flat = [axis for axis in range(3) if axis not in axes]
    ends[:, flat] = np.round(ends[1, flat])
    reach = np.where(np.isin(np.arange(3), axes), radius_mm / spacing, 0.0)
    nearest = np.round(ends).astype(int)
    low = np.maximum(np.minimum(np.ceil(ends.min(0) - reach), nearest.min(0)), 0).astype(int)
    high = np.maximum(np.floor(ends.max(0) + reach), nearest.max(0)).astype(int)
    high = np.minimum(high + 1, sizes)
    if (low >= high).any():
        return None
    mask = _near_line(ends, radius_mm, spacing, low, high)
    for voxel in nearest:
        if ((voxel >= low) & (voxel < high)).all():
            mask[tuple(voxel - low)] = True
    x, y, z = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return ((x, y, z), mask) if mask.any() else None


def _near_line(
    ends: npt.NDArray[np.float64],
    radius_mm: float,
    spacing_mm: npt.NDArray[np.float64],
    low: npt.NDArray[np.int_],
    high: npt.NDArray[np.int_],
) -> Mask:
    """Where the voxels from ``low`` to ``high`` are at most ``radius_mm`` off the line."""
    sides = zip(low, high, ends[0], spacing_mm, strict=True)
    grids = np.ix_(*((np.arange(a, b) - s) * mm for a, b, s, mm in sides))
    line = (ends[1] - ends[0]) * spacing_mm
    square = float(line @ line)
    off: npt.NDArray[np.float64] = sum(g**2 for g in grids)  # type: ignore[assignment]
    if square > 0:
        along = sum(g * v for g, v in zip(grids, line, strict=True))
        part = np.clip(along / square, 0.0, 1.0)
        off = off - 2 * part * along + part**2 * square
    near: Mask = off <= radius_mm**2 + 1e-9
    return near
