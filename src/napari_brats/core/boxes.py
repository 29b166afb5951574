"""Boxes around masks: the expensive work on a volume is done where something is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_brats.core.labels import Mask

Box = tuple[slice, slice, slice]


def bounding_box(mask: Mask) -> Box | None:
    """The smallest box that holds every True voxel of an (X, Y, Z) mask; None if there is none."""
    rows = np.flatnonzero(mask.any(axis=(1, 2)))
    if not rows.size:
        return None
    slab: npt.NDArray[np.bool_] = np.any(mask[rows[0] : rows[-1] + 1], axis=0)  # one pass, not two
    columns, planes = np.flatnonzero(slab.any(axis=1)), np.flatnonzero(slab.any(axis=0))
    return _span(rows), _span(columns), _span(planes)


def grow_box(box: Box, margin: int, shape: tuple[int, ...]) -> Box:
    """``box`` with ``margin`` voxels more on every side, as far as an array of ``shape`` goes."""
    x, y, z = (
        slice(max(0, side.start - margin), min(size, side.stop + margin))
        for side, size in zip(box, shape, strict=True)
    )
    return x, y, z


def _span(hits: npt.NDArray[np.intp]) -> slice:
    return slice(int(hits[0]), int(hits[-1]) + 1)
