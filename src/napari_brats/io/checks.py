"""Warnings, in words, for a case that looks wrong."""

from __future__ import annotations

import itertools

import numpy as np

from napari_brats.core.case import Case
from napari_brats.core.modalities import Modality
from napari_brats.io.look import Look, has_skull, look_at, oddness
from napari_brats.io.recognise import DOUBT, percent, recognise


def check_case(case: Case) -> tuple[str, ...]:
    """What looks wrong with a case, one sentence or two each; empty if nothing does.

    Looked for: remarks of the reader (NaN and infinite voxels), modalities on different grids, a
    constant image, a label map in place of an image, nothing that looks like a brain, one image
    twice, the skull still on, contrasts that do not fit their names. Looks at about a hundred
    thousand voxels of each volume; a warning is no proof, and none is no promise.
    """
    warnings = [*case.notes, *_different_grids(case)]
    looks = {m: look_at(case.volumes[m]) for m in case.modalities}
    odd = {m: oddness(case.volumes[m], looks[m]) for m in case.modalities}
    warnings += [f"{m}: {text}" for m, text in odd.items() if text]
    sound = {m: look for m, look in looks.items() if not odd[m]}
    twins = _twins(sound)
    with_skull = [m for m in sound if has_skull(sound[m])]
    if with_skull:
        warnings.append(_skull_warning(with_skull, sound))
    if not (twins or with_skull or _different_grids(case)):
        warnings += _names_against_voxels(sound)
    return (*warnings, *twins)


def _names_against_voxels(looks: dict[Modality, Look]) -> list[str]:
    """The remark on names that the voxels speak against or do not confirm; none if all is well."""
    named = tuple(looks)
    recognition = recognise(list(looks.values()))
    if recognition is None or recognition.probabilities[named] >= DOUBT[len(named)]:
        return []
    chances = recognition.probabilities
    likelier = max((way for way in chances if way != named), key=lambda way: chances[way])
    wrong = [(n, m) for n, m in zip(named, likelier, strict=True) if n is not m]
    if len(wrong) == 2 and wrong[0] == wrong[1][::-1]:
        text = f"{wrong[0][0]} and {wrong[0][1]} look swapped"
    else:
        text = ", ".join(f"what is called {n} looks like {m}" for n, m in wrong)
    warning = (
        f"The contrasts do not fit their names; {text} ({percent(chances[likelier])} sure, by the "
        f"voxels). Look at them and correct the choice of files if so."
    )
    return [warning]


def _different_grids(case: Case) -> list[str]:
    grid = case.reference.grid
    others = [m for m in case.modalities if not grid.is_same(case.volumes[m].grid)]
    if not others:
        return []
    main = next(m for m in case.modalities if case.volumes[m] is case.reference)
    difference = grid.difference(case.volumes[others[0]].grid)
    return [f"{', '.join(others)} not on the grid of {main}: {difference}. Resample onto one grid."]


def _skull_warning(with_skull: list[Modality], looks: dict[Modality, Look]) -> str:
    litres = max(looks[m].foreground_ml for m in with_skull) / 1000
    return (
        f"The skull seems to be still on in {', '.join(with_skull)}: {litres:.1f} litres differ "
        f"from the background, or reach the edges; a brain alone has 1.0 to 2.0. The networks were "
        f"trained on skull-stripped images; strip the skull (e.g. with HD-BET) before segmenting."
    )


def _twins(looks: dict[Modality, Look]) -> list[str]:
    return [
        f"{a} and {b} hold the same image. Check which file is which."
        for a, b in itertools.combinations(looks, 2)
        if np.array_equal(looks[a].sample, looks[b].sample)
    ]
