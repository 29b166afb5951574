"""A coarse look at a volume: enough to tell what is odd about it, and which contrast it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_brats.core.case import Volume
from napari_brats.core.geometry import Spacing
from napari_brats.core.labels import Mask

Array = npt.NDArray[Any]

_MAX_BRAIN_ML = 2200.0
_MIN_BRAIN_ML = 150.0
_MIN_FIELD_MM = 60.0
_MAX_FOREGROUND_AT_EDGES = 0.5
_MIN_NEIGHBOUR_CORRELATION = 0.4
_MAX_LABEL_VALUES = 8
_SAMPLES_PER_AXIS = 48
_MIN_PAIRS = 200


@dataclass(frozen=True, eq=False)
class Look:
    """About a hundred thousand voxels of a volume.

    Attributes
    ----------
    sample
        (X, Y, Z), every n-th voxel per axis.
    foreground
        (X, Y, Z): where the sample is not background.
    foreground_ml
        How much that is.
    spacing_mm
        From one voxel of the sample to the next.
    """

    sample: Array
    foreground: Mask
    foreground_ml: float
    spacing_mm: Spacing


def look_at(volume: Volume) -> Look:
    """A coarse look at a volume; a copy of what it needs."""
    steps = [_step(n) for n in volume.data.shape]
    sample = np.ascontiguousarray(volume.data[tuple(slice(None, None, step) for step in steps)])
    foreground = sample != _background_value(sample)
    total_ml = volume.data.size * volume.grid.voxel_mm3 / 1000
    share = float(foreground.mean()) if foreground.size else 0.0
    x, y, z = (s * step for s, step in zip(volume.grid.spacing_mm, steps, strict=True))
    return Look(sample, foreground, share * total_ml, (x, y, z))


def oddness(volume: Volume, look: Look) -> str:
    """Why a volume is no image of a brain, in words; empty if it may be one."""
    values = look.sample
    if values.size and values.min() == values.max():
        return f"constant image (every voxel looked at is {values.flat[0]}). Check the file."
    field_mm = [n * s for n, s in zip(volume.grid.shape, volume.grid.spacing_mm, strict=True)]
    if min(field_mm) < _MIN_FIELD_MM:
        shown = " x ".join(f"{mm:.0f}" for mm in field_mm)
        return f"too small for a brain: its field is {shown} mm. Check the file and its spacing."
    kinds = np.unique(values[look.foreground])
    if kinds.size <= _MAX_LABEL_VALUES and np.array_equal(kinds, np.rint(kinds)):
        shown = ", ".join(f"{kind:g}" for kind in kinds)
        return f"looks like a label map, not an image (its only values are {shown} and background)."
    if look.foreground_ml < _MIN_BRAIN_ML:
        return (
            f"nothing that looks like a brain: {look.foreground_ml:.0f} ml differ from the "
            f"background, a brain has 1000 ml and more. Check the file and its spacing."
        )
    correlation = _neighbour_correlation(volume.data, look)
    if correlation < _MIN_NEIGHBOUR_CORRELATION:
        return (
            f"looks like noise, not like a brain: neighbouring voxels hardly resemble each other "
            f"(correlation {correlation:.2f}). Check the file."
        )
    return ""


def has_skull(look: Look) -> bool:
    """Whether more than a brain stands out from the background, or it reaches the edges."""
    edges = [look.foreground.take(end, axis) for axis in range(3) for end in (0, -1)]
    at_edges = np.concatenate([edge.ravel() for edge in edges]).mean()
    return look.foreground_ml > _MAX_BRAIN_ML or bool(at_edges > _MAX_FOREGROUND_AT_EDGES)


def _step(count: int) -> int:
    return max(1, count // _SAMPLES_PER_AXIS)


def _background_value(sample: Array) -> Any:
    """The commonest value: 0 in most stripped images, the lowest one in z-scored images."""
    values, counts = np.unique(sample, return_counts=True)
    return values[counts.argmax()] if values.size else 0


def _neighbour_correlation(data: Array, look: Look) -> float:
    """Correlation of voxels with their neighbour along the first axis, on the fullest slice."""
    fullest = int(look.foreground.sum(axis=(0, 1)).argmax())
    step = _step(data.shape[2])
    plane = data[:, :, fullest * step]
    inside = plane != _background_value(plane)
    both = inside[1:] & inside[:-1]
    if np.count_nonzero(both) < _MIN_PAIRS:
        return 0.0
    first = plane[1:][both].astype(np.float64)
    second = plane[:-1][both].astype(np.float64)
    if first.std() == 0 or second.std() == 0:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])
