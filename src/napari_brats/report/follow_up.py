"""Other examinations of the patient, from the table that ``napari-brats followup`` writes."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from pathlib import Path

from napari_brats.core.errors import CaseError
from napari_brats.core.labels import Region
from napari_brats.report.compose import FollowUpPoint

COLUMNS = ("time_point", "region", "volume_ml")


def read_follow_up(path: Path) -> tuple[FollowUpPoint, ...]:
    """The time points of a ``table.csv``, in its order.

    Columns ``time_point``, ``region`` and ``volume_ml`` are needed; ``date`` names the time point
    where it is filled in, ``days_since_first`` places it. Other columns are passed over.

    Raises
    ------
    CaseError
        If it is no such table.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            lines = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CaseError(f"{path} cannot be read as a table: {error}.") from error
    missing = [name for name in COLUMNS if not lines or name not in lines[0]]
    if missing:
        raise CaseError(
            f"{path} is no table of a follow-up: it lacks {', '.join(missing)}. Expected the "
            f"table.csv that 'napari-brats followup' writes."
        )
    volumes: dict[str, dict[Region, float]] = {}
    first: dict[str, Mapping[str, str | None]] = {}
    for line in lines:
        name = line["time_point"] or ""
        first.setdefault(name, line)
        value = _number(line["volume_ml"])
        if line["region"] in tuple(Region) and value is not None:
            volumes.setdefault(name, {})[Region(line["region"])] = value
    return tuple(
        FollowUpPoint(
            first[name].get("date") or name, found, _number(first[name].get("days_since_first"))
        )
        for name, found in volumes.items()
    )


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
