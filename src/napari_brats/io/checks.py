"""Warnings, in words, for a case that looks wrong."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_brats.core.case import Case, Volume
from napari_brats.core.modalities import Modality
from napari_brats.io.swaps import swapped_modalities

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
class _Look:
    """A coarse look at a volume: a strided sample, where it is not background, how much that is."""

    sample: Array
    foreground: npt.NDArray[np.bool_]
    foreground_ml: float


def check_case(case: Case) -> tuple[str, ...]:
    """What looks wrong with a case, one sentence or two each; empty if nothing does.

    Looked for: remarks of the reader (NaN and infinite voxels), modalities on different grids, a
    constant image, a label map in place of an image, nothing that looks like a brain, one image
    twice, the skull still on, modalities that look swapped. Looks at about a hundred thousand
    voxels of each volume; a warning is no proof, and none is no promise.
    """
    warnings = [*case.notes, *_different_grids(case)]
    looks = {m: _look_at(case.volumes[m]) for m in case.modalities}
    odd = {m: _oddness(case.volumes[m], looks[m]) for m in case.modalities}
    warnings += [f"{m}: {text}" for m, text in odd.items() if text]
    sound = {m: look for m, look in looks.items() if not odd[m]}
    twins = _twins(sound)
    with_skull = [m for m in sound if _has_skull(sound[m])]
    if with_skull:
        warnings.append(_skull_warning(with_skull, sound))
    one_grid = len({look.sample.shape for look in sound.values()}) == 1
    if not (twins or with_skull or _different_grids(case)) and one_grid:
        samples = {m: look.sample for m, look in sound.items()}
        brain = np.all([look.foreground for look in sound.values()], axis=0)
        pair = swapped_modalities(samples, brain)
        if pair:
            warnings.append(
                f"The contrasts do not fit their names; {pair[0]} and {pair[1]} look swapped. "
                f"Look at them and correct the choice of files if so."
            )
    return (*warnings, *twins)


def _different_grids(case: Case) -> list[str]:
    grid = case.reference.grid
    others = [m for m in case.modalities if not grid.is_same(case.volumes[m].grid)]
    if not others:
        return []
    main = next(m for m in case.modalities if case.volumes[m] is case.reference)
    difference = grid.difference(case.volumes[others[0]].grid)
    return [f"{', '.join(others)} not on the grid of {main}: {difference}. Resample onto one grid."]


def _look_at(volume: Volume) -> _Look:
    steps = tuple(slice(None, None, max(1, n // _SAMPLES_PER_AXIS)) for n in volume.data.shape)
    sample = np.ascontiguousarray(volume.data[steps])
    foreground = sample != _background_value(sample)
    total_ml = volume.data.size * volume.grid.voxel_mm3 / 1000
    share = float(foreground.mean()) if foreground.size else 0.0
    return _Look(sample, foreground, share * total_ml)


def _background_value(sample: Array) -> Any:
    """The commonest value: 0 in most stripped images, the lowest one in z-scored images."""
    values, counts = np.unique(sample, return_counts=True)
    return values[counts.argmax()] if values.size else 0


def _oddness(volume: Volume, look: _Look) -> str:
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


def _neighbour_correlation(data: Array, look: _Look) -> float:
    """Correlation of voxels with their neighbour along the first axis, on the fullest slice."""
    fullest = int(look.foreground.sum(axis=(0, 1)).argmax())
    step = max(1, data.shape[2] // _SAMPLES_PER_AXIS)
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


def _has_skull(look: _Look) -> bool:
    edges = [look.foreground.take(end, axis) for axis in range(3) for end in (0, -1)]
    at_edges = np.concatenate([edge.ravel() for edge in edges]).mean()
    return look.foreground_ml > _MAX_BRAIN_ML or bool(at_edges > _MAX_FOREGROUND_AT_EDGES)


def _skull_warning(with_skull: list[Modality], looks: dict[Modality, _Look]) -> str:
    litres = max(looks[m].foreground_ml for m in with_skull) / 1000
    return (
        f"The skull seems to be still on in {', '.join(with_skull)}: {litres:.1f} litres differ "
        f"from the background, or reach the edges; a brain alone has 1.0 to 2.0. The networks were "
        f"trained on skull-stripped images; strip the skull (e.g. with HD-BET) before segmenting."
    )


def _twins(looks: dict[Modality, _Look]) -> list[str]:
    return [
        f"{a} and {b} hold the same image. Check which file is which."
        for a, b in itertools.combinations(looks, 2)
        if np.array_equal(looks[a].sample, looks[b].sample)
    ]
