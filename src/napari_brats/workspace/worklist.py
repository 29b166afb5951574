"""A case of a worklist: its files, what people said of it, what a network expects of its mask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from napari_brats.core.labels import REGIONS, Region
from napari_brats.core.modalities import MODALITIES
from napari_brats.io.case_files import CaseFiles, FileChoice, label_maps_of
from napari_brats.io.opening import key_of
from napari_brats.io.save import label_map_name
from napari_brats.io.sidecar import read_record
from napari_brats.workspace.status_files import CaseStatus, StatusPlace, read_status


@dataclass(frozen=True)
class WorkCase:
    """One line of a worklist.

    Attributes
    ----------
    files
        What was found on disk.
    status
        What people said of it.
    expected_dice
        Region -> Dice that the network expects its label map to reach, 0 to 1, where it is
        calibrated for such a case; empty for a label map that no network made.
    volumes_ml
        Region -> volume, as the record beside the label map says; empty where there is none.
    """

    files: CaseFiles
    status: CaseStatus = field(default_factory=CaseStatus)
    expected_dice: Mapping[Region, float] = field(default_factory=dict)
    volumes_ml: Mapping[Region, float] = field(default_factory=dict)

    @property
    def case_id(self) -> str:
        """Its name."""
        return self.files.case_id

    @property
    def key(self) -> str:
        """What tells it from all others, in the viewer, too."""
        return key_of(self.files)

    @property
    def place(self) -> StatusPlace:
        """Where its status is written."""
        return StatusPlace(home_of(self.files), self.case_id)

    @property
    def mask(self) -> Path | None:
        """Its label map: the one found with the images, else the one a run put elsewhere."""
        if self.files.label_map is not None:
            return self.files.label_map.path
        others = label_maps_of(self.files)
        return others[0].path if others else self.status.mask

    @property
    def quality(self) -> float | None:
        """Mean of the Dice expected of its regions; None where nothing is expected."""
        values = list(self.expected_dice.values())
        return sum(values) / len(values) if values else None

    @property
    def modalities_text(self) -> str:
        """Which modalities there are, in few letters: ``all 4``, ``no T2W``, ``T1C``."""
        missing = self.files.missing
        if not missing:
            return f"all {len(MODALITIES)}"
        if len(missing) <= 2:
            return f"no {', '.join(missing)}"
        return ", ".join(m for m in MODALITIES if m in self.files.modalities) or "none known"

    @property
    def files_to_open(self) -> CaseFiles:
        """The files, with the label map that a run put elsewhere if it is still there."""
        mask = self.mask
        if self.files.label_map is not None or mask is None or not mask.is_file():
            return self.files
        return replace(self.files, label_map=FileChoice(mask, "made by a run of the worklist"))


def home_of(files: CaseFiles) -> Path:
    """The folder of a case's first image: where its status and a new label map are written."""
    choices = [*files.modalities.values(), *files.unassigned]
    return choices[0].path.parent


def work_case(files: CaseFiles) -> WorkCase:
    """The line of a case: its status and record are read, its images are not opened."""
    return read_again(WorkCase(files))


def read_again(case: WorkCase) -> WorkCase:
    """The same case with its label map, status and record as they are on disk now.

    Its folder is not searched again: of label maps, only the one that a save or a run puts beside
    the images is looked for.
    """
    case = replace(case, files=_with_saved_mask(case.files), status=read_status(case.place))
    record: Mapping[str, Any] = {} if case.mask is None else read_record(case.mask)
    return replace(case, expected_dice=_expected(record), volumes_ml=_volumes(record))


def _with_saved_mask(files: CaseFiles) -> CaseFiles:
    if files.label_map is not None and not files.label_map.path.exists():
        files = replace(files, label_map=None)
    saved = home_of(files) / label_map_name(files.case_id)
    if files.label_map is None and saved.is_file():
        files = replace(files, label_map=FileChoice(saved, "saved beside the images"))
    return files


def _expected(record: Mapping[str, Any]) -> dict[Region, float]:
    """The calibrated expectations in a record; of a label map that was edited, of its begin."""
    for part in (record, record.get("provenance")):
        review = part.get("review") if isinstance(part, Mapping) else None
        expected = review.get("expected_dice") if isinstance(review, Mapping) else None
        if isinstance(expected, Mapping):
            return {
                region: float(entry["value"])
                for region in REGIONS
                if isinstance(entry := expected.get(region.value), Mapping)
                and _is_number(entry.get("value"))
                and _is_number(entry.get("error"))
            }
    return {}


def _volumes(record: Mapping[str, Any]) -> dict[Region, float]:
    volumes = record.get("volumes_ml")
    if not isinstance(volumes, Mapping):
        return {}
    return {r: float(volumes[r.value]) for r in REGIONS if _is_number(volumes.get(r.value))}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
