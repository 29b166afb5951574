"""A worklist as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from napari_brats.core.labels import REGIONS
from napari_brats.io.atomic import write_atomically
from napari_brats.workspace.worklist import WorkCase

COLUMNS = (
    "case_id",
    "folder",
    "modalities",
    "missing",
    "label_map",
    "state",
    "reviewer",
    "expected_dice",
    *(f"expected_dice_{region.lower()}" for region in REGIONS),
    *(f"volume_{region.lower()}_ml" for region in REGIONS),
    "note",
    "message",
)


def worklist_to_csv(cases: Sequence[WorkCase]) -> str:
    """One line per case, in the given order, below the line of `COLUMNS`. Empty: not known."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_cells(case) for case in cases)
    return text.getvalue()


def write_worklist_csv(path: Path, cases: Sequence[WorkCase], *, overwrite: bool = False) -> None:
    """Write the CSV as UTF-8, with the mark that lets Excel know; SaveError if it fails."""
    payload = worklist_to_csv(cases).encode("utf-8-sig", errors="backslashreplace")
    write_atomically(path, payload, overwrite=overwrite)


def _cells(case: WorkCase) -> list[str]:
    status = case.status
    return [
        _text(case.case_id),
        _text(str(case.place.folder)),
        " ".join(modality.value for modality in case.files.modalities),
        " ".join(modality.value for modality in case.files.missing),
        "" if case.mask is None else _text(str(case.mask)),
        status.state.value,
        _text(status.reviewer),
        "" if case.quality is None else f"{case.quality:.3f}",
        *(_number(case.expected_dice.get(region), 3) for region in REGIONS),
        *(_number(case.volumes_ml.get(region), 4) for region in REGIONS),
        _text(status.note),
        _text(status.message),
    ]


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _text(text: str) -> str:
    """Text that no spreadsheet takes for a formula: others may write notes in a shared folder."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
