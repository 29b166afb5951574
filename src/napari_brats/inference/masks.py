"""Steps on one (X, Y, Z) mask: closing, opening, holes, components. Each is pure."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from napari_brats.core.boxes import Box
from napari_brats.core.components import label_components
from napari_brats.core.geometry import Spacing
from napari_brats.core.labels import Mask
from napari_brats.inference.devices import cpu_threads

_MOST_THREADS = 4
_RADIUS_TOLERANCE_MM = 1e-4
"""A voxel whose centre lies exactly on the radius belongs to the ball, float32 noise or not."""


def close_gaps(mask: Mask, radius_mm: float, spacing_mm: Spacing) -> Mask:
    """Morphological closing by a ball: dilation, then erosion; never removes a voxel.

    The ball is round in millimetres, whatever the spacing. Beyond the array everything is
    background, and the result does not depend on where the array ends.
    Source: Serra, Image Analysis and Mathematical Morphology (1982).
    """
    if not mask.any():
        return mask.copy()
    padding = [math.ceil(radius_mm / spacing) + 1 for spacing in spacing_mm]
    inner: Box = tuple(slice(pad, pad + n) for pad, n in zip(padding, mask.shape, strict=True))  # type: ignore[assignment]
    grown = _dilate(np.pad(mask, [(pad, pad) for pad in padding]), radius_mm, spacing_mm)
    return _erode(grown, radius_mm, spacing_mm)[inner]


def open_mask(mask: Mask, radius_mm: float, spacing_mm: Spacing) -> Mask:
    """Morphological opening by a ball: erosion, then dilation; never adds a voxel.

    Ball, border and source as in `close_gaps`. All False where nothing is thicker than the ball.
    """
    padded = np.pad(mask, 1)  # background all around, so that the array's border erodes too
    core = _erode(padded, radius_mm, spacing_mm)
    if not core.any():
        return np.zeros_like(mask)
    return _dilate(core, radius_mm, spacing_mm)[1:-1, 1:-1, 1:-1]


def near(mask: Mask, other: Mask, reach_mm: float, spacing_mm: Spacing) -> Mask:
    """The part of a mask whose voxels lie within ``reach_mm`` of one of ``other``.

    Between centres, the radius itself included. All False where ``other`` is empty.
    """
    if not other.any():
        return np.zeros_like(mask)
    within: Mask = mask & _dilate(other, reach_mm, spacing_mm)
    return within


def fill_holes(mask: Mask) -> Mask:
    """The mask with every hole filled: background that cannot reach the outside.

    Background is 6-connected, so that a diagonal wall closes; a cavity open to the array's border
    is no hole. As `scipy.ndimage.binary_fill_holes`.
    """
    padded = np.pad(~mask, 1, constant_values=True)  # so that the first voxel lies outside
    components, _ = label_components(padded, connectivity=6)
    filled: Mask = (components != components[0, 0, 0])[1:-1, 1:-1, 1:-1]
    return filled


def drop_small_components(mask: Mask, min_mm3: float, spacing_mm: Spacing) -> Mask:
    """The mask without its 26-connected components smaller than ``min_mm3``.

    Source: the smallest sizes of the winners of BraTS 2023 (Ferreira et al. 2024, "How we won
    BraTS 2023 Adult Glioma challenge?"); a component of exactly that size stays.
    """
    components, voxels = _sized_components(mask)
    keep = voxels * math.prod(spacing_mm) >= min_mm3 * (1 - 1e-6)
    keep[0] = False
    kept: Mask = keep[components]
    return kept


def keep_largest_components(mask: Mask, count: int) -> Mask:
    """The mask without all but its ``count`` largest 26-connected components.

    Of equals the one that is met first in the array's order stays. A mask of fewer components is
    left as it is. Source: the post-processing of nnU-Net (Isensee et al. 2021, Nature Methods 18).
    """
    components, voxels = _sized_components(mask)
    largest_first = np.argsort(-voxels[1:], kind="stable") + 1
    keep = np.zeros(len(voxels), np.bool_)
    keep[largest_first[:count]] = True
    kept: Mask = keep[components]
    return kept


def _sized_components(
    mask: Mask,
) -> tuple[npt.NDArray[np.unsignedinteger], npt.NDArray[np.intp]]:
    """The numbered components and the voxels of each number, background included."""
    components, count = label_components(mask)
    return components, np.bincount(components.ravel(order="K"), minlength=count + 1)


def _dilate(mask: Mask, radius_mm: float, spacing_mm: Spacing) -> Mask:
    return _distance_sq_mm2(~mask, spacing_mm) <= (radius_mm + _RADIUS_TOLERANCE_MM) ** 2


def _erode(mask: Mask, radius_mm: float, spacing_mm: Spacing) -> Mask:
    return _distance_sq_mm2(mask, spacing_mm) > (radius_mm + _RADIUS_TOLERANCE_MM) ** 2


def _distance_sq_mm2(mask: Mask, spacing_mm: Spacing) -> npt.NDArray[np.float32]:
    """Squared distance of each True voxel to the nearest False one."""
    import edt

    squared: npt.NDArray[np.float32] = edt.edtsq(
        np.ascontiguousarray(mask),
        anisotropy=spacing_mm,
        black_border=False,
        parallel=min(_MOST_THREADS, cpu_threads()),
    )
    return squared
