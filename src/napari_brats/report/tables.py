"""The tables of a report: for the page, and as CSV with the units in the column names."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from napari_brats.core.labels import REGIONS, Region
from napari_brats.metrics.measures import LesionMeasures, TumourMeasures
from napari_brats.metrics.score import RegionScore
from napari_brats.report.compose import Report

LESIONS_SHOWN = 6
DASH = "\u2013"
_SCORES = {
    "dice": ("Dice", 3),
    "hd95_mm": ("HD95 mm", 1),
    "sensitivity": ("sensitivity", 3),
    "specificity": ("specificity", 4),
    "volume_similarity": ("volume sim.", 3),
    "lesionwise_dice": ("Dice (lesions)", 3),
    "lesionwise_hd95_mm": ("HD95 mm (lesions)", 1),
}


@dataclass(frozen=True)
class Table:
    """A table for people.

    Attributes
    ----------
    title
        Above it.
    header
        Column names with units.
    rows
        Cells, one per column.
    note
        Below it; may be empty.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def tables_of(report: Report) -> list[Table]:
    """Those of the page: regions, lesions where there are several, scores where there are."""
    tables = [region_table(report.measures)]
    if any(len(lesions) > 1 for lesions in report.measures.lesions.values()):
        tables.append(lesion_table(report.measures))
    if report.scores:
        tables.append(_score_table(report))
    return tables


def region_table(measures: TumourMeasures) -> Table:
    """A row per region: its volume, and the measures of its largest lesion."""
    header = (
        "region", "volume ml", "lesions", "longest mm", "across mm", "product mm\u00b2",
        "3-D mm", "surface mm\u00b2", "sphericity", "side",
    )  # fmt: skip
    rows = []
    for region in REGIONS:
        lesions = measures.lesions[region]
        cells = _cells(lesions[0]) if lesions else (DASH,) * 7
        foci = str(len(lesions)) if lesions else DASH
        rows.append((region.title, f"{measures.volumes_ml[region]:.1f}", foci, *cells))
    by_hand = any(le.diameters.by_hand for group in measures.lesions.values() for le in group)
    note = (
        "Diameters, surface and side are those of the largest lesion. longest, across: the longest "
        "line in an axial slice and the longest at right angles to it (RANO, Wen 2010, 2023)."
    )
    if by_hand:
        note += " * Lines edited by hand."
    return Table("Measures", header, tuple(rows), f"{note} {_place(measures)}".strip())


def _place(measures: TumourMeasures) -> str:
    parts = []
    if measures.side is not None and measures.left_share is not None:
        parts.append(
            f"{100 * measures.left_share:.0f} % of WT lies left of the mid-sagittal plane of the "
            f"brain"
        )
    if measures.centre_distance_mm is not None:
        parts.append(f"its centre is {measures.centre_distance_mm:.0f} mm from that of the brain")
    text = ", ".join(parts)
    return text[:1].upper() + text[1:] + "." if text else ""


def lesion_table(measures: TumourMeasures) -> Table:
    """A row for each of the largest lesions of regions that have several."""
    header = (
        "lesion", "volume ml", "centre mm (R, A, S)", "longest mm", "across mm",
        "product mm\u00b2", "3-D mm", "surface mm\u00b2", "sphericity", "side",
    )  # fmt: skip
    rows, left_out = [], 0
    for region in REGIONS:
        lesions = measures.lesions[region]
        if len(lesions) < 2:
            continue
        for number, lesion in enumerate(lesions, start=1):
            centre = ", ".join(f"{value:.0f}" for value in lesion.centre_mm)
            if number > LESIONS_SHOWN // 2:
                left_out += 1
                continue
            volume = f"{lesion.volume_ml:.2f}"
            rows.append((f"{region} {number}", volume, centre, *_cells(lesion)))
    note = f"{left_out} smaller lesions: see the CSV or JSON." if left_out else ""
    return Table("Lesions", header, tuple(rows), note)


def _cells(lesion: LesionMeasures) -> tuple[str, ...]:
    lines = lesion.diameters
    mark = "*" if lines.by_hand else ""
    return (
        f"{lines.longest_mm:.1f}{mark}",
        f"{lines.perpendicular_mm:.1f}{mark}",
        f"{lines.product_mm2:.0f}{mark}",
        f"{lesion.diameter_3d_mm:.1f}",
        f"{lesion.surface_mm2:.0f}",
        f"{lesion.sphericity:.2f}",
        lesion.side.value if lesion.side else DASH,
    )


def _score_table(report: Report) -> Table:
    header = ("region", *(title for title, _ in _SCORES.values()), "reference ml", "volume ml")
    rows = []
    for region, score in report.scores.items():
        values = [_number(getattr(score, name), digits) for name, (_, digits) in _SCORES.items()]
        volumes = (f"{score.reference_ml:.1f}", f"{score.prediction_ml:.1f}")
        rows.append((region.title, *values, *volumes))
    name = report.reference or "the reference"
    return Table(f"Against {name}", header, tuple(rows))


def _number(value: float, digits: int) -> str:
    return DASH if math.isnan(value) else f"{value:.{digits}f}"


_MEASURE_COLUMNS = (
    "case_id", "region", "lesion", "volume_ml", "foci", "longest_mm", "perpendicular_mm",
    "product_mm2", "diameters_by_hand", "diameter_3d_mm", "surface_mm2", "sphericity", "side",
    "centre_right_mm", "centre_anterior_mm", "centre_superior_mm",
)  # fmt: skip


def measures_csv(
    case_id: str, measures: TumourMeasures, scores: Mapping[Region, RegionScore] | None = None
) -> str:
    """One line per region and one per lesion of it, numbered from 1; empty: not known.

    With ``scores`` the lines of the regions have them, too.
    """
    names = list(_SCORES) if scores else []
    text = io.StringIO()
    writer = csv.DictWriter(text, [*_MEASURE_COLUMNS, *names], lineterminator="\n")
    writer.writeheader()
    for region in REGIONS:
        row: dict[str, Any] = {
            "case_id": case_id,
            "region": region.value,
            "volume_ml": measures.volumes_ml[region],
            "foci": measures.foci[region],
        }
        for name in names:
            value = getattr((scores or {})[region], name)
            row[name] = "" if math.isnan(value) else value
        writer.writerow(row)
        for number, lesion in enumerate(measures.lesions[region], start=1):
            own = {"case_id": case_id, "region": region.value, "lesion": number}
            writer.writerow({**own, **_lesion_values(lesion)})
    return text.getvalue()


def _lesion_values(lesion: LesionMeasures) -> dict[str, Any]:
    right, anterior, superior = lesion.centre_mm
    return {
        "volume_ml": lesion.volume_ml,
        "longest_mm": lesion.diameters.longest_mm,
        "perpendicular_mm": lesion.diameters.perpendicular_mm,
        "product_mm2": lesion.diameters.product_mm2,
        "diameters_by_hand": "yes" if lesion.diameters.by_hand else "no",
        "diameter_3d_mm": lesion.diameter_3d_mm,
        "surface_mm2": lesion.surface_mm2,
        "sphericity": lesion.sphericity,
        "side": lesion.side.value if lesion.side else "",
        "centre_right_mm": right,
        "centre_anterior_mm": anterior,
        "centre_superior_mm": superior,
    }


def tables_to_text(tables: Sequence[Table]) -> str:
    """The tables as text with tabs, which spreadsheets take as cells."""
    lines = []
    for table in tables:
        lines += ["\t".join(cells) for cells in (table.header, *table.rows)] + [""]
    return "\n".join(lines)
