"""Which label convention a label map follows: from its values, its naming and its images."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_brats.core.labels import CONVENTIONS, Convention, Label, values_fit

Array = npt.NDArray[Any]
Samples = Mapping[int, npt.NDArray[np.intp]]

_PREFERENCE = ("brats2023", "brats2021", "brats2024-post", "msd", "brats2024-ped", "brats2013")
"""Which of several conventions that fit is taken where nothing else tells."""

_SAMPLE_SIZE = 20_000
_MIN_VOXELS = 30
_MIN_OUTER_VOXELS = 200
_ENHANCEMENT_MARGIN = 0.7
_OUTER_RATIO = 1.5
# Measured on 17 cases of BraTS 2021: enhancing tumour gains at least 0.67 spreads (of the brain's
# intensities) from T1N to T1C and leads every other label by at least 0.8; oedema has at least
# twice as many faces to the background per voxel as necrosis in every case.


def infer_convention(
    values: Collection[int],
    hint: str | None,
    naming: str,
    *,
    t1n: Array | None = None,
    t1c: Array | None = None,
    disk: Array | None = None,
) -> tuple[Convention, str]:
    """The convention of a label map, and why, in words for the user.

    What the images show about the enhancing tumour comes first, then what the naming suggests,
    then the commonest convention that fits. If none fits, reading with the one returned raises the
    LabelError that names the values.

    Parameters
    ----------
    values
        The values on disk; zero does not count. May be empty.
    hint
        The convention that naming suggests (`CaseFiles.convention_hint`), None if it suggests none.
    naming
        The naming row, for the reason.
    t1n, t1c, disk
        Both T1 images and the label map as on disk, (X, Y, Z) on one grid, as evidence; what is
        missing or of another shape is left out of account.
    """
    present = sorted({int(value) for value in values} - {0})
    hint = hint if hint in CONVENTIONS else None
    if not present:
        return _named(hint or _PREFERENCE[0]), _why_without_values(hint, naming)
    fitting = [name for name in _PREFERENCE if values_fit(present, CONVENTIONS[name])]
    listing = ", ".join(map(str, present))
    if not fitting:
        return _named(hint or _PREFERENCE[0]), f"no label convention knows the values {listing}"
    samples = {} if disk is None else _samples(present, disk)
    enhancing = _enhancing_value(samples, t1n, t1c, disk)
    outer = _outer_value(samples, disk)
    shown = [n for n in fitting if CONVENTIONS[n].values.get(enhancing or -1) is Label.ET]
    name, why = _choose(shown or fitting, hint, naming, outer, by_image=bool(shown))
    if shown and enhancing:
        why += f"; label {enhancing} takes up contrast (brighter on T1C than on T1N)"
    return _named(name), f"values {listing}; {why}"


def _choose(
    names: list[str], hint: str | None, naming: str, outer: int | None, *, by_image: bool
) -> tuple[str, str]:
    swapped = outer == 1 and "msd" in names
    if hint in names and hint is not None:
        why = f"named as {naming}"
        if swapped and hint in ("brats2021", "brats2023", "brats2024-post"):
            why += "; but label 1 lies outside label 2, as in 'msd': please check"
        elif hint == "msd" and outer == 2:
            why += "; but label 2 lies outside label 1, as in BraTS: please check"
        return hint, why
    names = [name for name in names if name != "msd" or outer != 2] or names
    if swapped:
        return "msd", "label 1 lies outside label 2, so it is the oedema"
    if len(names) == 1:
        return names[0], "only this convention fits"
    others = ", ".join(f"'{name}'" for name in names[1:])
    start = "the images and values fit" if by_image else "the commonest that fits"
    return names[0], f"{start}; {others} would fit too"


def _why_without_values(hint: str | None, naming: str) -> str:
    if hint:
        return f"named as {naming}"
    return "nothing tells; the newest BraTS convention is the default"


def _named(name: str) -> Convention:
    return CONVENTIONS[name]


def _enhancing_value(
    samples: Samples, t1n: Array | None, t1c: Array | None, disk: Array | None
) -> int | None:
    """The value whose voxels gain most from T1N to T1C, if one clearly does."""
    if t1n is None or t1c is None or disk is None or not t1n.shape == t1c.shape == disk.shape:
        return None
    native, enhanced = _standardised(t1n, disk), _standardised(t1c, disk)
    if native is None or enhanced is None:
        return None
    gains: dict[int, float] = {}
    for value, voxels in samples.items():
        if voxels.size >= _MIN_VOXELS:
            gain = np.median(_at(t1c, voxels) * enhanced[0] - enhanced[1]) - np.median(
                _at(t1n, voxels) * native[0] - native[1]
            )
            gains[value] = float(gain)
    ranked = sorted(gains, key=gains.__getitem__, reverse=True)
    if not ranked or gains[ranked[0]] < _ENHANCEMENT_MARGIN - 0.05:
        return None
    second = gains[ranked[1]] if len(ranked) > 1 else 0.0
    return ranked[0] if gains[ranked[0]] - second >= _ENHANCEMENT_MARGIN else None


def _standardised(image: Array, disk: Array) -> tuple[float, float] | None:
    """Factor and offset that bring the brain outside the labels to median 0 and spread 1."""
    coarse, labels = image[::3, ::3, ::3], disk[::3, ::3, ::3]
    inside = coarse[(coarse != coarse[0, 0, 0]) & (labels == 0) & np.isfinite(coarse)]
    if inside.size < _MIN_VOXELS:
        return None
    low, middle, high = np.percentile(inside, (25, 50, 75))
    if high <= low:
        return None
    factor = 1.349 / (high - low)
    return float(factor), float(middle * factor)


def _samples(present: list[int], disk: Array) -> Samples:
    """For each value, indices into the array raveled in order "F" of at most so many voxels."""
    flat = disk.ravel(order="F")
    labelled = np.flatnonzero(flat != 0)
    kinds = flat[labelled]
    found = {}
    for value in present:
        voxels = labelled[kinds == value]
        found[value] = voxels[:: max(1, voxels.size // _SAMPLE_SIZE)]
    return found


def _at(image: Array, voxels: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    return image.ravel(order="F")[voxels].astype(np.float64)


def _outer_value(samples: Samples, disk: Array | None) -> int | None:
    """Which of the labels 1 and 2 lies outside the other: it has more faces to the background."""
    if disk is None or any(value not in samples for value in (1, 2)):
        return None
    if min(samples[1].size, samples[2].size) < _MIN_OUTER_VOXELS:
        return None
    flat = disk.ravel(order="F")
    exposure = {
        value: _background_faces(flat, samples[value], disk.shape) / samples[value].size
        for value in (1, 2)
    }
    inner, outer = sorted(exposure, key=exposure.__getitem__)
    return outer if exposure[outer] > _OUTER_RATIO * exposure[inner] + 0.02 else None


def _background_faces(flat: Array, voxels: npt.NDArray[np.intp], shape: tuple[int, ...]) -> int:
    """How many of the faces of these voxels touch the background."""
    faces = 0
    for step in (1, shape[0], shape[0] * shape[1]):
        for neighbours in (voxels - step, voxels + step):
            inside = (neighbours >= 0) & (neighbours < flat.size)
            faces += int((flat[neighbours[inside]] == 0).sum())
    return faces
