"""Scores as tables for people: cases, summary, comparisons."""

from __future__ import annotations

import math
from collections.abc import Sequence

from napari_brats.metrics.compare import Comparison
from napari_brats.metrics.empty import WORST_DISTANCE_MM, EmptyPolicy
from napari_brats.metrics.score import RegionScore
from napari_brats.metrics.summary import distribution
from napari_brats.metrics.tables import CaseScore, scored_names

_SHOWN = {
    "dice": "Dice",
    "hd95_mm": "HD95 mm",
    "lesionwise_dice": "Dice (lesions)",
    "lesionwise_hd95_mm": "HD95 mm (lesions)",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "accuracy": "accuracy",
    "accuracy_brain": "accuracy (brain)",
    "reference_ml": "reference ml",
    "prediction_ml": "prediction ml",
}
_SUMMARISED = ("dice", "hd95_mm", "lesionwise_dice", "lesionwise_hd95_mm", "accuracy")
_NOTES = {
    EmptyPolicy.CHALLENGE: f"* by the policy for empty regions, as in BraTS: empty on both sides "
    f"scores 1 and 0 mm, on one side 0 and {WORST_DISTANCE_MM:g} mm.",
    EmptyPolicy.NAN: "- not defined: the region is empty where the formula needs it, or there is "
    "no image for the accuracy in the brain.",
}
_DASH = "- not defined: there is no image for the accuracy in the brain."


def cases_to_text(cases: Sequence[CaseScore], policy: EmptyPolicy) -> str:
    """The main metrics of every case and region, and what the marks in the table mean."""
    rows = [["case", "region", "present", *_SHOWN.values()]]
    for case in cases:
        for name, score in case.scores():
            title = case.case_id + ("" if case.status == "scored" else f" ({case.status})")
            cells = [_cell(score, metric) for metric in _SHOWN]
            rows.append([title, name, score.presence.value, *cells])
    text = _table(rows, left=3)
    notes = [_NOTES[EmptyPolicy.CHALLENGE]] if "*" in text else []
    if any(cell == "-" for row in rows[1:] for cell in row):
        notes.append(_NOTES[policy] if policy is EmptyPolicy.NAN else _DASH)
    return "\n".join([text, *notes])


def summary_to_text(cases: Sequence[CaseScore]) -> str:
    """The distribution of the main metrics over the cases that could be scored."""
    head = ["region", "metric", "n", "n with region", "mean", "SD", "median", "quartiles"]
    rows = [[*head, "95 % interval of the mean"]]
    for name in scored_names(cases):
        scores = [score for case in cases for key, score in case.scores() if key == name]
        present = sum(score.reference_ml > 0 for score in scores)
        for metric in _SUMMARISED:
            found = distribution([getattr(score, metric) for score in scores])
            one = [_value(metric, found[key]) for key in ("mean", "sd", "median")]
            quartiles = _range(metric, (found["q1"], found["q3"]))
            interval = _range(metric, found["mean_ci95"])
            counts = [str(found["n"]), str(present)]
            rows.append([name, _SHOWN[metric], *counts, *one, quartiles, interval])
    return _table(rows, left=2)


def comparisons_to_text(comparisons: Sequence[Comparison]) -> str:
    """The paired tests, one line each, and how they were made."""
    head = ["first", "second", "region", "metric", "pairs", "equal", "median difference"]
    rows = [[*head, "p", "p (Holm)", "test"]]
    for c in comparisons:
        difference = _value(c.metric, c.median_difference)
        p = [_probability(c.p), _probability(c.p_holm)]
        test = ", ".join(part for part in (c.method, c.remark) if part)
        counts = [str(c.n), str(c.zeros)]
        rows.append([c.first, c.second, c.scored, _SHOWN[c.metric], *counts, difference, *p, test])
    return _table(rows, left=4) + (
        "\nWilcoxon signed-rank test of second - first over the cases that both have, two-sided; "
        "equal pairs are left out. Holm: corrected for all tests of this table."
    )


def _probability(p: float) -> str:
    return "-" if math.isnan(p) else "<0.0001" if p < 1e-4 else f"{p:.4f}"


def _cell(score: RegionScore, metric: str) -> str:
    value = _value(metric, getattr(score, metric))
    return f"{value}*" if metric in score.by_policy and value != "-" else value


def _value(metric: str, value: float) -> str:
    if math.isnan(value):
        return "-"
    return f"{value:.2f}" if metric.endswith(("_mm", "_ml")) else f"{value:.4f}"


def _range(metric: str, edges: Sequence[float]) -> str:
    low, high = (_value(metric, edge) for edge in edges)
    return "-" if low == "-" else f"{low} to {high}"


def _table(rows: Sequence[Sequence[str]], left: int) -> str:
    """Columns of equal width; the first ``left`` ones start at the left, the others end right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
