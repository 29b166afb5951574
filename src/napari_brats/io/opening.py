"""From the paths a user opens to napari layers: what the reader contribution does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from napari_brats.core.case import Case, Volume, notes_of
from napari_brats.core.errors import BratsError, CaseError
from napari_brats.core.modalities import Modality
from napari_brats.io.case_files import CaseFiles, FileChoice, label_maps_of
from napari_brats.io.discover import discover, discover_files
from napari_brats.io.fill_in import file_remarks, fill_in
from napari_brats.io.layers import (
    CASES_TAG,
    TAG,
    LayerData,
    LayerTag,
    case_key,
    case_to_layers,
    label_volume_to_layer,
    volume_to_layer,
)
from napari_brats.io.load import label_volume, load_case, read_choices
from napari_brats.io.names import absolute, case_id_of, image_stem, read_name
from napari_brats.io.nifti import read_channels, read_volume


@dataclass(frozen=True, eq=False)
class Opened:
    """What opening gave.

    Attributes
    ----------
    layers
        Bottom first.
    warnings
        What the user should know about them.
    """

    layers: list[LayerData]
    warnings: tuple[str, ...]


def open_paths(paths: Sequence[Path]) -> Opened:
    """The layers of what a user opens.

    Parameters
    ----------
    paths
        One folder: its case, or the first usable one of several. One file: that file alone. Several
        files: the cases they form. Every layer's metadata holds all cases found there, under
        `CASES_TAG`, so that the rest can be offered.

    Raises
    ------
    BratsError
        If nothing can be shown.
    """
    if len(paths) > 1:
        cases = discover_files(paths)
        opened = [_open_case(files) for files in cases]
    elif paths[0].is_dir():
        cases = discover(paths[0])
        opened = [_open_first(cases)]
    else:
        cases = _cases_of_file(absolute(paths[0]))
        opened = [_open_file(cases[0], absolute(paths[0]))]
    layers = [layer for part in opened for layer in part.layers]
    for _, attributes, _ in layers:
        attributes["metadata"][CASES_TAG] = cases
    return Opened(layers, tuple(warning for part in opened for warning in part.warnings))


def open_files(files: CaseFiles) -> Opened:
    """The layers of a case whose files are known; BratsError if nothing can be shown."""
    opened = _open_case(files)
    for _, attributes, _ in opened.layers:
        attributes["metadata"][CASES_TAG] = (files,)
    return opened


def key_of(files: CaseFiles) -> str:
    """The `case_key` of a case: one for the whole case, whichever of its files is opened."""
    choices = [*files.modalities.values(), *files.unassigned]
    if files.label_map is not None:
        choices.append(files.label_map)
    return case_key(files.case_id, choices[0].path)


def _cases_of_file(path: Path) -> tuple[CaseFiles, ...]:
    """The case of a file; of one that is no part of a case, itself as an unknown image."""
    try:
        return discover(path, strict=False)
    except CaseError:
        choice = FileChoice(path, read_name(path).reason)
        return (CaseFiles(case_id_of(path), {}, None, (choice,), "unknown", None, ()),)


def _open_first(cases: Sequence[CaseFiles]) -> Opened:
    usable = next((files for files in cases if not files.problems), None)
    if usable is None:
        raise CaseError("\n".join(p.text for files in cases for p in files.problems))
    return _open_case(usable)


def _open_case(files: CaseFiles) -> Opened:
    """Modalities and label map of a case, then what has no modality, hidden below them."""
    files = fill_in(files.require_usable())
    key = key_of(files)
    others, warnings = _others(files)
    warnings += (*_set_aside(files), *file_remarks(files))
    if not files.modalities:
        layers = _with_one_visible([_other_layer(c, v, files, key) for c, v in others])
        if files.label_map is None:
            return Opened(layers, warnings)
        alone = _lone_label_map(files, files.label_map, key)
        return Opened([*layers, *alone.layers], (*warnings, *alone.warnings))
    case, trouble = _load(files)
    layers = [_other_layer(c, v, files, key) for c, v in others]
    layers = [(d, a | {"visible": False}, k) for d, a, k in layers]
    layers += case_to_layers(case, key, files.modalities)
    return Opened(layers, (*warnings, *trouble, *_grid_warning(case), *case.notes))


def _open_file(files: CaseFiles, path: Path) -> Opened:
    """The layers of one file only: one, or one per channel."""
    key = key_of(files)
    for choice in label_maps_of(files):
        if choice.path == path:
            return _lone_label_map(files, choice, key)
    told: dict[Modality | int, FileChoice] = {
        m: choice for m, choice in files.modalities.items() if choice.path == path
    }
    told.update(
        (index, choice)
        for index, choice in enumerate((*files.unassigned, *files.ignored))
        if choice.path == path
    )
    volumes = read_choices(told)
    layers = [
        volume_to_layer(
            volumes[place],
            files.case_id,
            key,
            place if isinstance(place, Modality) else None,
            name=_name(choice),
            reason=choice.reason,
        )
        for place, choice in told.items()
    ]
    return Opened(_with_one_visible(layers), notes_of(volumes.values()))


def _others(files: CaseFiles) -> tuple[list[tuple[FileChoice, Volume]], tuple[str, ...]]:
    """The images whose modality is not known; what to know of them, or why one cannot be read."""
    readable: list[tuple[FileChoice, Volume]] = []
    warnings: list[str] = []
    for path, channels in groupby(files.unassigned, key=lambda choice: choice.path):
        choices = list(channels)
        try:
            volumes = read_channels(path, [choice.channel for choice in choices])
        except BratsError as error:
            warnings.append(str(error))
            continue
        readable += zip(choices, volumes, strict=True)
        warnings += notes_of(volumes)
    return readable, tuple(warnings)


def _set_aside(files: CaseFiles) -> tuple[str, ...]:
    """The label maps that are not shown because another one of the case is."""
    others = [choice for choice in label_maps_of(files) if choice is not files.label_map]
    if not others:
        return ()
    listing = "\n".join(f"  {choice.path}: {choice.reason}" for choice in others)
    return (f"Label maps that are not shown; open such a file to see it:\n{listing}",)


def _other_layer(choice: FileChoice, volume: Volume, files: CaseFiles, key: str) -> LayerData:
    return volume_to_layer(
        volume, files.case_id, key, name=_name(choice), reason=choice.reason, shares=choice.shares
    )


def _name(choice: FileChoice) -> str:
    stem = image_stem(choice.path)
    return stem if choice.channel is None else f"{stem} channel {choice.channel}"


def _lone_label_map(files: CaseFiles, choice: FileChoice, key: str) -> Opened:
    disk = read_volume(choice.path, choice.channel)
    labels = label_volume(disk, {}, None, files.convention_hint, files.naming)
    return Opened([label_volume_to_layer(labels, files.case_id, key)], disk.notes)


def _load(files: CaseFiles) -> tuple[Case, tuple[str, ...]]:
    """The case; without its label map, and with the reason, where only that does not fit."""
    try:
        return load_case(files), ()
    except BratsError as error:
        if files.label_map is None:
            raise
        reason = f"The label map is not shown. {error}"
    return load_case(files, with_label_map=False), (reason,)


def _grid_warning(case: Case) -> tuple[str, ...]:
    try:
        case.require_one_grid()
    except BratsError as error:
        return (f"{error}\nEach is shown on its own grid for now.",)
    return ()


def _with_one_visible(images: list[LayerData]) -> list[LayerData]:
    """T1C, else the first image, on top, and the others hidden below it."""
    tags: list[LayerTag] = [attributes["metadata"][TAG] for _, attributes, _ in images]
    top = next((i for i, tag in enumerate(tags) if tag.modality is Modality.T1C), 0)
    order = sorted(range(len(images)), key=lambda i: i == top)
    return [(images[i][0], images[i][1] | {"visible": i == top}, images[i][2]) for i in order]
