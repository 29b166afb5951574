"""Which of its files a case is made of, where names and folders leave a choice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from napari_brats.core.modalities import MODALITIES, Modality
from napari_brats.io.case_files import CaseFiles, FileChoice, FilesProblem
from napari_brats.io.dataset_json import DatasetJson
from napari_brats.io.names import NameReading, case_folder, modalities_in_name, read_name
from napari_brats.io.naming import (
    HD_GLIO,
    HD_GLIO_ORDER,
    MSD,
    MSD_ORDER,
    NNUNET,
    UNKNOWN,
    naming_of,
    says_hd_glio,
    says_msd,
)
from napari_brats.io.scan import channel_count
from napari_brats.io.sidecar import record_path, recorded_convention
from napari_brats.io.words import Kind

_GRID_ORDER = (Modality.T1C, Modality.T1N, Modality.T2W, Modality.T2F)
"""Whose label map is taken where every modality has its own."""


def case_from_files(
    case_id: str, paths: Sequence[Path], dataset: DatasetJson | None = None
) -> CaseFiles:
    """Sort the files of one case into modalities, label map and the rest.

    Nothing is raised: what makes the case unusable stands in its ``problems``.
    """
    naming, hint = naming_of(case_id, paths)
    if dataset and dataset.convention:
        hint = dataset.convention
    found: dict[Modality, list[FileChoice]] = {m: [] for m in MODALITIES}
    label_maps: list[FileChoice] = []
    unassigned: list[FileChoice] = []
    ignored: list[FileChoice] = []
    for path in sorted(paths):
        reading = read_name(path)
        if reading.modality:
            found[reading.modality].append(FileChoice(path, reading.reason))
        elif reading.kind is Kind.LABEL_MAP:
            label_maps.append(FileChoice(path, reading.reason))
        elif reading.kind is Kind.EXCLUDED:
            ignored.append(FileChoice(path, reading.reason))
        else:
            for modality, choice in _by_order(path, reading, dataset):
                (found[modality] if modality else unassigned).append(choice)
    images = [c.path for choices in (*found.values(), unassigned) for c in choices]
    label_maps, far = _beside_the_images(label_maps, images)
    label_map, others, clash = _one_label_map(case_id, label_maps)
    return CaseFiles(
        case_id,
        {m: choices[0] for m, choices in found.items() if choices},
        label_map,
        (*unassigned, *(c for choices in found.values() for c in choices[1:])),
        NNUNET if naming == UNKNOWN and dataset else naming,
        hint,
        (*ignored, *far, *others),
        (*_claimed_twice(case_id, found), *clash),
    )


def _by_order(
    path: Path, reading: NameReading, dataset: DatasetJson | None
) -> Iterable[tuple[Modality | None, FileChoice]]:
    """The channels of a numbered file or a 4-D file with the modality their order gives them."""
    order, source = _channel_order(path, dataset, numbered=reading.channel is not None)
    if reading.channel is not None:
        modality = order[reading.channel] if reading.channel < len(order) else None
        told = source or "its order is told by a dataset.json only, and there is none"
        return [(modality, FileChoice(path, f"{reading.reason}: {told}"))]
    count = channel_count(path)
    if count == 1:
        return [(None, FileChoice(path, reading.reason))]
    if len(order) != count:
        return [
            (None, FileChoice(path, f"channel {i} of {count}; nothing tells their order", i))
            for i in range(count)
        ]
    return [
        (modality, FileChoice(path, f"channel {i} of {count}: {source}", i))
        for i, modality in enumerate(order)
    ]


def _channel_order(
    path: Path, dataset: DatasetJson | None, *, numbered: bool
) -> tuple[tuple[Modality | None, ...], str]:
    if dataset and dataset.channels:
        return dataset.channels, f"as {dataset.path.name} names its channels"
    if says_hd_glio(path):
        return HD_GLIO_ORDER, f"the order of {HD_GLIO}"
    if not numbered and says_msd(path):
        return MSD_ORDER, f"the order of {MSD}"
    return (), ""


def _beside_the_images(
    label_maps: list[FileChoice], images: Iterable[Path]
) -> tuple[list[FileChoice], list[FileChoice]]:
    """The label maps in the folder of the images, if any is there, and those elsewhere."""
    homes = {case_folder(path) for path in images}
    near = [choice for choice in label_maps if case_folder(choice.path) in homes]
    if not near:
        return label_maps, []
    why = "another label map of this case; the one beside the images was taken"
    return near, [replace(c, reason=why) for c in label_maps if c not in near]


def _one_label_map(
    case_id: str, label_maps: list[FileChoice]
) -> tuple[FileChoice | None, list[FileChoice], tuple[FilesProblem, ...]]:
    """The label map to take, those set aside, and the problem if there are two alike."""
    if len(label_maps) < 2:
        return (label_maps[0] if label_maps else None), [], ()
    by_modality = {modalities_in_name(c.path)[-1:]: c for c in label_maps}
    if len(by_modality) == len(label_maps) and () not in by_modality:
        taken = min(label_maps, key=lambda c: _GRID_ORDER.index(modalities_in_name(c.path)[-1]))
        why = "label map of another modality; one is taken per case"
        return taken, [replace(c, reason=why) for c in label_maps if c is not taken], ()
    corrected = [c for c in label_maps if "manuallycorrected" in c.path.name.lower()]
    if len(corrected) == 1 and all("glistrboost" in c.path.name.lower() for c in label_maps):
        why = "the automatic label map; the manually corrected one was taken"
        rest = [replace(c, reason=why) for c in label_maps if c is not corrected[0]]
        return corrected[0], rest, ()
    given = [c for c in label_maps if recorded_convention(c.path) is None]
    if len(given) == 1:  # never the other way: what a network made must not become a reference
        rest = [_made_here(choice) for choice in label_maps if choice is not given[0]]
        return given[0], rest, ()
    listing = "\n".join(f"  {c.path} ({c.reason})" for c in label_maps)
    text = (
        f"Case {case_id} has {len(label_maps)} label maps:\n{listing}\nExpected one. Open the "
        f"files you want together instead of their folder, or move the others away."
    )
    return label_maps[0], label_maps[1:], (FilesProblem(text, None),)


def _made_here(choice: FileChoice) -> FileChoice:
    record = record_path(choice.path).name
    return replace(choice, reason=f"made by this program ({record}); the given label map was taken")


def _claimed_twice(
    case_id: str, found: Mapping[Modality, list[FileChoice]]
) -> Iterable[FilesProblem]:
    for modality, choices in found.items():
        if len(choices) > 1:
            listing = "\n".join(f"  {c.describe()} ({c.reason})" for c in choices)
            yield FilesProblem(
                f"Case {case_id} has {len(choices)} files for {modality}:\n{listing}\n"
                f"Expected one. Open only the files you want, together, or say which on the "
                f"command line: --modality {modality}={choices[0].path}",
                modality,
            )
