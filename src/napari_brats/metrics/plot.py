"""A picture of scores: each metric per region, every case a point, several predictions paired."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from itertools import pairwise
from typing import TYPE_CHECKING

from napari_brats.core.errors import BratsError
from napari_brats.metrics.tables import CaseScore, scored_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMATS = ("png", "pdf", "svg")
_ROWS = {
    "dice": "Dice",
    "hd95_mm": "HD95 (mm)",
    "lesionwise_dice": "lesion-wise Dice",
    "lesionwise_hd95_mm": "lesion-wise HD95 (mm)",
}
_COLOURS = ("#2a78b5", "#c8541b", "#3a8f3a", "#8b5fb0", "#a07d1c", "#4b5563")
_INK, _FAINT = "#30343b", "#b8c4d6"
_JITTER = 0.16


def require_matplotlib() -> None:
    """BratsError that names the extra if there is no matplotlib."""
    if find_spec("matplotlib") is None:
        raise BratsError(
            "A plot needs matplotlib, which is not installed. Install it with: "
            'pip install "napari-brats[report]"'
        )


def plot_scores(sets: Mapping[str, Sequence[CaseScore]], file_format: str, note: str) -> bytes:
    """A page of box plots: a row per metric, a column per region, a box per set of scores.

    Lines join the same case in several sets. Means are diamonds. ``note`` stands below.

    Raises
    ------
    BratsError
        If matplotlib is missing; it names the extra that brings it.
    """
    require_matplotlib()
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names = scored_names([case for cases in sets.values() for case in cases]) or ["WT"]
    width = 1.5 + len(names) * max(2.4, 0.9 * len(sets))
    with rc_context({"svg.hashsalt": "napari-brats", "font.size": 9}):
        figure = Figure(figsize=(width, 2.4 * len(_ROWS)), layout="constrained")
        FigureCanvasAgg(figure)
        grid = figure.subplots(len(_ROWS), len(names), squeeze=False, sharey="row")
        for axes_row, (metric, title) in zip(grid, _ROWS.items(), strict=True):
            for axes, name in zip(axes_row, names, strict=True):
                _draw(axes, sets, name, metric)
            axes_row[0].set_ylabel(title, color=_INK)
        for axes, name in zip(grid[0], names, strict=True):
            axes.set_title(name, color=_INK)
        figure.supxlabel(note, fontsize=7, color=_INK)
        buffer = io.BytesIO()
        figure.savefig(buffer, format=file_format, dpi=130)
    return buffer.getvalue()


def _draw(axes: Axes, sets: Mapping[str, Sequence[CaseScore]], name: str, metric: str) -> None:
    values = [_values(cases, name, metric) for cases in sets.values()]
    for place, (left, right) in enumerate(pairwise(values), start=1):
        for case_id in left.keys() & right.keys():
            pair = [left[case_id], right[case_id]]
            axes.plot([place, place + 1], pair, color=_FAINT, linewidth=0.7, zorder=1)
    for place, found in enumerate(values, start=1):
        colour = _COLOURS[(place - 1) % len(_COLOURS)]
        if not found:
            axes.text(place, 0.5, "none", ha="center", transform=axes.get_xaxis_transform())
            continue
        column = [found[case_id] for case_id in sorted(found)]
        axes.boxplot(
            column,
            positions=[place],
            widths=0.5,
            showfliers=False,
            showmeans=True,
            medianprops={"color": _INK},
            meanprops={"marker": "D", "markersize": 4, "markerfacecolor": "white",
                       "markeredgecolor": _INK},
            boxprops={"color": colour}, whiskerprops={"color": colour}, capprops={"color": colour},
        )  # fmt: skip
        axes.scatter(_spread(place, len(column)), column, s=9, color=colour, alpha=0.7, zorder=3)
    labels = [
        f"{set_name or 'cases'}\nn={len(v)}" for set_name, v in zip(sets, values, strict=True)
    ]
    axes.set_xticks(range(1, len(sets) + 1), labels)
    axes.set_xlim(0.5, len(sets) + 0.5)
    axes.set_ylim(*((-0.03, 1.03) if metric.endswith("dice") else (0, None)))
    axes.grid(axis="y", alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def _values(cases: Sequence[CaseScore], name: str, metric: str) -> dict[str, float]:
    found = {c.case_id: getattr(s, metric) for c in cases for key, s in c.scores() if key == name}
    return {case_id: value for case_id, value in found.items() if not math.isnan(value)}


def _spread(place: int, count: int) -> list[float]:
    """Positions side by side around ``place``, the same every time."""
    return [place + _JITTER * ((index * 0.618) % 1 * 2 - 1) for index in range(count)]
