"""From rows of scores to JSON and CSV, by case and by lesion."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from napari_brats.core.geometry import Affine
from napari_brats.core.labels import REGIONS, Label, Region
from napari_brats.metrics.lesionwise import Lesion
from napari_brats.metrics.score import RegionScore

METRICS: tuple[str, ...] = tuple(
    f.name for f in fields(RegionScore) if f.name not in ("nsd", "lesions", "false_lesions")
)
"""The keys of a region's metrics that hold one number."""

STATUSES = ("scored", "no prediction", "no reference", "failed")


@dataclass(frozen=True)
class CaseScore:
    """What came out for one case.

    Attributes
    ----------
    case_id
        Its name.
    status
        ``scored``, ``no prediction`` (scored as an empty one), ``no reference`` or ``failed``.
    regions
        Region -> metrics; empty where nothing could be scored.
    error
        Why it has no partner or failed.
    sources
        JSON-able facts on the files.
    affine
        4x4, voxel -> scanner mm (RAS+), for the centres of lesions.
    labels
        Label -> metrics; empty unless asked for.
    set_name
        Which of several predictions was scored.
    """

    case_id: str
    status: str
    regions: Mapping[Region, RegionScore] = field(default_factory=dict)
    error: str | None = None
    sources: Mapping[str, Any] = field(default_factory=dict)
    affine: Affine | None = field(default=None, compare=False)
    labels: Mapping[Label, RegionScore] = field(default_factory=dict)
    set_name: str = ""

    def scores(self) -> Iterator[tuple[str, RegionScore]]:
        """Every row with its name: ``WT``, ``TC``, ``ET``, then ``label NCR`` and so on."""
        for region, score in self.regions.items():
            yield region.value, score
        for label, score in self.labels.items():
            yield f"label {label.name}", score


def scored_names(cases: Iterable[CaseScore], *, always_regions: bool = False) -> list[str]:
    """The names of rows that occur in any case, regions first."""
    start = [region.value for region in REGIONS] if always_regions else []
    names = dict.fromkeys([*start, *(name for case in cases for name, _ in case.scores())])
    order = [*(r.value for r in REGIONS), *(f"label {la.name}" for la in Label)]
    return sorted(names, key=order.index)


def nsd_columns(cases: Iterable[CaseScore]) -> dict[float, str]:
    """Tolerance in mm -> column name of the surface Dice at it, ascending."""
    tolerances = sorted({t for c in cases for _, score in c.scores() for t in score.nsd})
    return {tolerance: f"nsd_{tolerance:g}mm" for tolerance in tolerances}


def case_to_json(case: CaseScore) -> dict[str, Any]:
    """The JSON value of one case; NaN stands for what becomes null."""
    values = {
        "case_id": case.case_id,
        "status": case.status,
        "error": case.error,
        **case.sources,
        "regions": {r.value: _score_to_json(s, case.affine) for r, s in case.regions.items()},
    }
    if case.labels:
        values["labels"] = {
            la.name: _score_to_json(s, case.affine) for la, s in case.labels.items()
        }
    return {"set": case.set_name, **values} if case.set_name else values


def _score_to_json(score: RegionScore, affine: Affine | None) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(score, name) for name in METRICS}
    values["present"] = score.presence.value
    values["nsd"] = {f"{tolerance:g}": value for tolerance, value in score.nsd.items()}
    values["lesions"] = [
        {**_lesion_values(le, affine), "found": le.found, "counted": le.counted}
        for le in score.lesions
    ]
    values["false_lesions"] = [_lesion_values(lesion, affine) for lesion in score.false_lesions]
    return values


def _lesion_values(lesion: Lesion, affine: Affine | None) -> dict[str, Any]:
    return {
        "volume_mm3": lesion.volume_mm3,
        "prediction_mm3": lesion.prediction_mm3,
        "centre_mm": _to_scanner_mm(lesion.centre, affine),
        "dice": lesion.dice,
        "hd95_mm": lesion.hd95_mm,
    }


def _to_scanner_mm(voxel: tuple[float, float, float], affine: Affine | None) -> list[float] | None:
    if affine is None:
        return None
    return [float(v) for v in (affine @ (*voxel, 1.0))[:3] + 0.0]


def to_csv(cases: Sequence[CaseScore]) -> str:
    """One line per case and region; a case without scores has one line. Empty: not defined.

    The first column names the set if any case has one.
    """
    nsd = nsd_columns(cases)
    lines: list[list[str]] = []
    for case in cases:
        start = [*_set_cell(cases, case), case.case_id, case.status]
        for name, score in case.scores():
            values = [getattr(score, metric) for metric in METRICS]
            values += [score.nsd.get(tolerance, math.nan) for tolerance in nsd]
            cells = [_number(value) for value in values]
            lines.append([*start, name, score.presence.value, *cells, case.error or ""])
        if not case.regions:
            lines.append([*start, *[""] * (2 + len(METRICS) + len(nsd)), case.error or ""])
    columns = ["case_id", "status", "region", "present", *METRICS, *nsd.values(), "error"]
    return _csv([[*_set_column(cases), *columns], *lines])


def lesions_to_csv(cases: Sequence[CaseScore]) -> str:
    """One line per lesion of the reference and per false lesion, region by region."""
    lines: list[list[str]] = []
    for case in cases:
        for name, score in case.scores():
            for number, lesion in enumerate((*score.lesions, *score.false_lesions), start=1):
                centre = _to_scanner_mm(lesion.centre, case.affine) or [math.nan] * 3
                start = [*_set_cell(cases, case), case.case_id, name, str(number), lesion.outcome]
                numbers = [lesion.volume_mm3, lesion.prediction_mm3, *centre]
                numbers += [lesion.dice, lesion.hd95_mm]
                counted = "yes" if lesion.counted else "no"
                lines.append([*start, counted, *(_number(value) for value in numbers)])
    columns = ["case_id", "region", "lesion", "outcome", "counted", "reference_mm3"]
    columns += ["prediction_mm3", "x_mm", "y_mm", "z_mm", "dice", "hd95_mm"]
    return _csv([[*_set_column(cases), *columns], *lines])


def _set_column(cases: Sequence[CaseScore]) -> list[str]:
    return ["set"] if any(case.set_name for case in cases) else []


def _set_cell(cases: Sequence[CaseScore], case: CaseScore) -> list[str]:
    return [case.set_name] if _set_column(cases) else []


def _number(value: float) -> str:
    return "" if math.isnan(value) else repr(value)


def _csv(lines: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue()
