"""From the files of a case to the case itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_brats.core.case import Case, LabelVolume, Volume
from napari_brats.core.errors import CaseError, GeometryError, LabelError
from napari_brats.core.labels import (
    CONVENTIONS,
    Convention,
    convention_by_name,
    disk_to_labels,
    disk_values,
    values_fit,
)
from napari_brats.core.modalities import MODALITIES, Modality
from napari_brats.core.progress import drain
from napari_brats.io.case_files import CaseFiles, FileChoice
from napari_brats.io.convention import infer_convention
from napari_brats.io.nifti import read_channels, read_volume
from napari_brats.io.resample import resample_case
from napari_brats.io.sidecar import record_path, recorded_convention

DEFAULT_CONVENTION = CONVENTIONS["brats2023"]
"""What a new label map is written in where nothing tells another convention."""


def load_case(
    files: CaseFiles,
    *,
    convention: str | None = None,
    resample_to: Modality | None = None,
    with_label_map: bool = True,
) -> Case:
    """The case that ``files`` describe; its files are unpacked in parallel.

    Whether all modalities lie on one grid is not checked here (`Case.require_one_grid`).

    Parameters
    ----------
    files
        Which file is what.
    convention
        Name of the label convention; None infers it from naming and content.
    resample_to
        Bring every volume onto the grid of this modality.
    with_label_map
        Whether to read the label map.

    Raises
    ------
    CaseError
        If the files are ambiguous, none is an image, or one cannot be read.
    GeometryError
        If the label map is not on the grid of the case, with both grids named.
    LabelError
        If the label map holds values that the convention does not know.
    """
    files.require_usable()
    if not files.modalities:
        listing = "\n".join(f"  {c.describe()} ({c.reason})" for c in files.unassigned)
        raise CaseError(
            f"Case {files.case_id} has no file of a known modality. Found:\n"
            f"{listing or '  nothing'}\nExpected T1N, T1C, T2W or T2F. Assign the files in the "
            f"panel, or say which is which on the command line: --modality T1C=PATH"
        )
    volumes, disk = _read_all(files.modalities, files.label_map if with_label_map else None)
    labels = None
    if disk is not None:
        labels = label_volume(disk, volumes, convention, files.convention_hint, files.naming)
    chosen = labels.convention if labels else _convention(convention, files)
    case = Case(files.case_id, volumes, labels, chosen)
    if resample_to is not None:
        case = drain(resample_case(case, resample_to))
    if case.label_map is not None:
        _require_grid(case.label_map.volume, case)
    return case


def load_label_map(
    path: Path,
    case: Case,
    convention: str | None = None,
    *,
    hint: str | None = None,
    naming: str = "unknown",
) -> LabelVolume:
    """The label map in ``path``, which must lie on the grid of ``case``.

    Parameters
    ----------
    path
        Its file.
    case
        The case it belongs to.
    convention
        Name of its label convention; None infers it.
    hint, naming
        What the naming of the case suggests (`CaseFiles`).

    Raises
    ------
    GeometryError
        If it lies on another grid; both are named.
    LabelError
        If its values are not in the convention.
    """
    disk = read_volume(path)
    _require_grid(disk, case)
    return label_volume(disk, case.volumes, convention, hint, naming)


def label_volume(
    disk: Volume,
    images: Mapping[Modality, Volume],
    convention: str | None,
    hint: str | None,
    naming: str,
) -> LabelVolume:
    """A label map as read from disk, turned into internal labels.

    ``images`` on its own grid serve as evidence for its convention; there may be none. The rest is
    that of `load_label_map`.
    """
    data = _whole(disk.data)
    try:
        if convention is not None:
            chosen, reason = convention_by_name(convention), "chosen by the user"
        else:
            chosen, reason = _recorded(disk, data) or _inferred(disk, data, images, hint, naming)
        labels = disk_to_labels(data, chosen)
    except LabelError as error:
        raise LabelError(f"{disk.path}: {error}") from None
    return LabelVolume(replace(disk, data=labels), chosen, reason)


def _recorded(disk: Volume, data: npt.NDArray[Any]) -> tuple[Convention, str] | None:
    """The convention in the record beside a label map, unless its values say otherwise."""
    name = None if disk.path is None else recorded_convention(disk.path)
    if disk.path is None or name is None or not values_fit(disk_values(data), CONVENTIONS[name]):
        return None
    return CONVENTIONS[name], f"its record {record_path(disk.path).name} says so"


def _inferred(
    disk: Volume,
    data: npt.NDArray[Any],
    images: Mapping[Modality, Volume],
    hint: str | None,
    naming: str,
) -> tuple[Convention, str]:
    evidence = {m: v.data for m, v in images.items() if v.grid.is_same(disk.grid)}
    t1n, t1c = evidence.get(Modality.T1N), evidence.get(Modality.T1C)
    return infer_convention(disk_values(data), hint, naming, t1n=t1n, t1c=t1c, disk=data)


def read_choices(choices: Mapping[Any, FileChoice]) -> dict[Any, Volume]:
    """The volumes of several choices, each file unpacked once and all in parallel."""
    by_path: dict[Path, list[Any]] = defaultdict(list)
    for key, choice in choices.items():
        by_path[choice.path].append(key)

    def read(item: tuple[Path, list[Any]]) -> list[tuple[Any, Volume]]:
        path, keys = item
        channels = [choices[key].channel for key in keys]
        return list(zip(keys, read_channels(path, channels), strict=True))

    with ThreadPoolExecutor(max_workers=min(8, max(1, len(by_path)))) as pool:
        return {key: volume for part in pool.map(read, by_path.items()) for key, volume in part}


def _read_all(
    modalities: Mapping[Modality, FileChoice], label_map: FileChoice | None
) -> tuple[dict[Modality, Volume], Volume | None]:
    choices: dict[Modality | None, FileChoice] = {}
    choices.update(modalities.items())
    if label_map is not None:
        choices[None] = label_map
    volumes = read_choices(choices)
    disk = volumes.pop(None, None)
    return {m: volumes[m] for m in MODALITIES if m in volumes}, disk


def _convention(name: str | None, files: CaseFiles) -> Convention:
    """In what a new label map of the case is written."""
    name = name or files.convention_hint
    return DEFAULT_CONVENTION if name is None else convention_by_name(name)


def _whole(data: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Labels that a scaling such as 1.5e-5 left a hair beside whole numbers, put back on them."""
    if data.dtype.kind != "f":
        return data
    whole = np.rint(data)
    return whole if np.abs(data - whole).max() < 1e-3 else data


def _require_grid(disk: Volume, case: Case) -> None:
    difference = case.reference.grid.difference(disk.grid)
    if difference:
        raise GeometryError(
            f"The label map {disk.path} does not lie on the grid of case {case.case_id}: "
            f"{difference}.\n  image: {case.reference.grid.describe()}\n"
            f"  label map: {disk.grid.describe()}\nExpected one grid. Choose the label map that "
            f"was made on these images, or resample it onto their grid."
        )
