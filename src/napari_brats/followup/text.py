"""A follow-up in lines for people."""

from __future__ import annotations

from napari_brats.followup.comparison import FollowUp
from napari_brats.followup.response import Quantity, Value


def summary_lines(follow_up: FollowUp) -> list[str]:
    """A line per region, quantity and time point that was measured, in columns."""
    rows = []
    for series in follow_up.series:
        for one, value in zip(follow_up.examined, series.values, strict=True):
            if value is not None:
                rows.append([one.point.name, series.region.value, *value_cells(value)])
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(6)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def value_cells(value: Value) -> list[str]:
    """A value, its change from baseline and from nadir, and the thresholds crossed, as texts."""
    unit = "ml" if value.quantity is Quantity.VOLUME else "mm\u00b2"
    digits = 1 if value.quantity is Quantity.VOLUME else 0
    return [
        f"{value.value:.{digits}f} {unit}",
        _change(value.from_baseline_percent, "baseline"),
        _change(value.from_nadir_percent, "nadir"),
        "; ".join(f"crosses {threshold}" for threshold in value.crossed),
    ]


def _change(percent: float | None, against: str) -> str:
    return "" if percent is None else f"{round(percent) + 0:+d} % from {against}"
