"""From rows of scores to JSON, CSV, a text table and a summary over cases."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from napari_brats.core.geometry import Affine
from napari_brats.core.labels import REGIONS, Region
from napari_brats.metrics.score import RegionScore

METRICS: tuple[str, ...] = tuple(
    f.name for f in fields(RegionScore) if f.name not in ("nsd", "lesions", "false_lesions")
)
"""The keys of a region's metrics that hold one number."""

_SHOWN = {
    "dice": "Dice",
    "hd95_mm": "HD95 mm",
    "lesionwise_dice": "Dice (lesions)",
    "lesionwise_hd95_mm": "HD95 mm (lesions)",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "accuracy": "accuracy",
    "reference_ml": "reference ml",
    "prediction_ml": "prediction ml",
}
_RESAMPLES = 2000


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
    """

    case_id: str
    status: str
    regions: Mapping[Region, RegionScore] = field(default_factory=dict)
    error: str | None = None
    sources: Mapping[str, Any] = field(default_factory=dict)
    affine: Affine | None = field(default=None, compare=False)


def case_to_json(case: CaseScore) -> dict[str, Any]:
    """The JSON value of one case; NaN stands for what becomes null."""
    return {
        "case_id": case.case_id,
        "status": case.status,
        "error": case.error,
        **case.sources,
        "regions": {r.value: _region_to_json(s, case.affine) for r, s in case.regions.items()},
    }


def _region_to_json(score: RegionScore, affine: Affine | None) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(score, name) for name in METRICS}
    values["nsd"] = {f"{tolerance:g}": value for tolerance, value in score.nsd.items()}
    values["lesions"] = [
        {
            "volume_mm3": lesion.volume_mm3,
            "centre_mm": _to_scanner_mm(lesion.centre, affine),
            "dice": lesion.dice,
            "hd95_mm": lesion.hd95_mm,
            "found": lesion.found,
            "counted": lesion.counted,
        }
        for lesion in score.lesions
    ]
    return values


def _to_scanner_mm(voxel: tuple[float, float, float], affine: Affine | None) -> list[float] | None:
    if affine is None:
        return None
    return [float(v) for v in (affine @ (*voxel, 1.0))[:3] + 0.0]


def summary(cases: Sequence[CaseScore]) -> dict[str, Any]:
    """How many cases ended how, and the distribution of each metric per region.

    ``n`` counts the cases in which the metric is defined, ``n_with_region`` those whose reference
    has the region.
    """
    scored = [case for case in cases if case.regions]
    statuses = ("scored", "no prediction", "no reference", "failed")
    return {
        "cases": len(cases),
        "counts": {status: sum(c.status == status for c in cases) for status in statuses},
        "regions": {
            region.value: {
                "n_with_region": sum(c.regions[region].reference_ml > 0 for c in scored),
                **{
                    name: distribution([getattr(c.regions[region], name) for c in scored])
                    for name in METRICS
                },
            }
            for region in REGIONS
        },
    }


def distribution(values: Sequence[float]) -> dict[str, Any]:
    """Mean, SD (n - 1), quartiles and bootstrap 95 % interval of the mean; NaN values left out.

    Everything but ``n`` is NaN where no value is left, SD and interval where only one is. The
    bootstrap (Efron 1979, percentile method) is seeded: the same values give the same interval.
    """
    known = np.array([value for value in values if not math.isnan(value)], dtype=np.float64)
    nan = math.nan
    if not known.size:
        nothing = dict.fromkeys(("mean", "sd", "median", "q1", "q3"), nan)
        return {"n": 0, **nothing, "mean_ci95": [nan, nan]}
    several = known.size > 1
    q1, median, q3 = np.percentile(known, (25, 50, 75))
    return {
        "n": int(known.size),
        "mean": float(known.mean()),
        "sd": float(known.std(ddof=1)) if several else nan,
        "median": float(median),
        "q1": float(q1),
        "q3": float(q3),
        "mean_ci95": _bootstrap_interval(known) if several else [nan, nan],
    }


def _bootstrap_interval(values: np.ndarray[Any, np.dtype[np.float64]]) -> list[float]:
    generator = np.random.default_rng(0)
    means = values[generator.integers(values.size, size=(_RESAMPLES, values.size))].mean(axis=1)
    return [float(edge) for edge in np.percentile(means, (2.5, 97.5))]


def to_csv(cases: Sequence[CaseScore]) -> str:
    """One line per case and region; a case without scores has one line. Empty: not defined."""
    tolerances = sorted({t for c in cases for s in c.regions.values() for t in s.nsd})
    names = [*METRICS, *(f"nsd_{t:g}mm" for t in tolerances)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["case_id", "status", "region", *names, "error"])
    for case in cases:
        for region, score in case.regions.items():
            values = [getattr(score, name) for name in METRICS]
            values += [score.nsd.get(tolerance, math.nan) for tolerance in tolerances]
            cells = ["" if math.isnan(value) else repr(value) for value in values]
            writer.writerow([case.case_id, case.status, region.value, *cells, case.error or ""])
        if not case.regions:
            empty = [""] * (len(names) + 1)
            writer.writerow([case.case_id, case.status, *empty, case.error or ""])
    return text.getvalue()


def to_text(cases: Sequence[CaseScore]) -> str:
    """A table for people: the main metrics of every case and region, then their means.

    A dash stands for what is not defined.
    """
    rows = [["case", "region", *_SHOWN.values()]]
    for case in cases:
        for region, score in case.regions.items():
            name = case.case_id + ("" if case.status == "scored" else f" ({case.status})")
            rows.append([name, region.value, *(_cell(n, getattr(score, n)) for n in _SHOWN)])
    scored = [case for case in cases if case.regions]
    if len(scored) > 1:
        means = summary(scored)["regions"]
        for region in REGIONS:
            cells = [_cell(name, means[region.value][name]["mean"]) for name in _SHOWN]
            rows.append([f"mean of {len(scored)}", region.value, *cells])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column < 2 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _cell(name: str, value: float) -> str:
    if math.isnan(value):
        return "-"
    return f"{value:.2f}" if name.endswith(("_mm", "_ml")) else f"{value:.4f}"
