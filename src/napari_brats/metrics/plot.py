"""A picture of scores: each metric per region, every case a point, several predictions paired."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Mapping, Sequence
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
_FAR_MM = 100.0
_TICKS_MM = (0, 5, 10, 20, 50, 100, 200, 374)


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
            _scale(axes_row[0], metric)
        for axes, name in zip(grid[0], names, strict=True):
            axes.set_title(name, color=_INK)
        figure.supxlabel(note, fontsize=7, color=_INK)
        buffer = io.BytesIO()
        figure.savefig(buffer, format=file_format, dpi=130)
    return buffer.getvalue()


def _draw(axes: Axes, sets: Mapping[str, Sequence[CaseScore]], name: str, metric: str) -> None:
    values = [_values(cases, name, metric) for cases in sets.values()]
    offsets = _offsets(case_id for found in values for case_id in found)
    for place, (left, right) in enumerate(pairwise(values), start=1):
        for case_id in left.keys() & right.keys():
            ends = [place + offsets[case_id], place + 1 + offsets[case_id]]
            pair = [left[case_id], right[case_id]]
            axes.plot(ends, pair, color=_FAINT, linewidth=0.7, zorder=1)
    for place, found in enumerate(values, start=1):
        if found:
            _draw_set(axes, place, found, offsets)
        else:
            axes.text(place, 0.5, "none", ha="center", transform=axes.get_xaxis_transform())
    labels = [
        f"{set_name or 'cases'}\nn={len(v)}" for set_name, v in zip(sets, values, strict=True)
    ]
    axes.set_xticks(range(1, len(sets) + 1), labels)
    axes.set_xlim(0.5, len(sets) + 0.5)
    axes.grid(axis="y", alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_set(
    axes: Axes, place: int, found: Mapping[str, float], offsets: Mapping[str, float]
) -> None:
    """A box, and a point for each case over it."""
    colour = _COLOURS[(place - 1) % len(_COLOURS)]
    lines = {"color": colour}
    mean = {"marker": "D", "markersize": 4, "markerfacecolor": "white", "markeredgecolor": _INK}
    axes.boxplot(
        list(found.values()),
        positions=[place],
        widths=0.5,
        showfliers=False,
        showmeans=True,
        medianprops={"color": _INK},
        meanprops=mean,
        boxprops=lines,
        whiskerprops=lines,
        capprops=lines,
    )
    places = [place + offsets[case_id] for case_id in found]
    axes.scatter(places, list(found.values()), s=9, color=colour, alpha=0.7, zorder=3)


def _scale(axes: Axes, metric: str) -> None:
    """Limits of a row that holds all its values; far ones must not flatten the near ones."""
    if metric.endswith("dice"):
        axes.set_ylim(-0.03, 1.03)
        return
    top = max(1.0, axes.dataLim.y1, *(other.dataLim.y1 for other in _beside(axes)))
    if top > _FAR_MM:
        axes.set_yscale("symlog", linthresh=_TICKS_MM[1])
        ticks = [tick for tick in _TICKS_MM if tick <= top * 1.01]
        axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.set_yticks([], minor=True)
    axes.set_ylim(0, top * 1.1)


def _beside(axes: Axes) -> list[Axes]:
    return list(axes.get_shared_y_axes().get_siblings(axes))


def _values(cases: Sequence[CaseScore], name: str, metric: str) -> dict[str, float]:
    found = {c.case_id: getattr(s, metric) for c in cases for key, s in c.scores() if key == name}
    return {case_id: value for case_id, value in found.items() if not math.isnan(value)}


def _offsets(case_ids: Iterable[str]) -> dict[str, float]:
    """A place of its own for each case beside the middle of a box, the same in every box."""
    ids = sorted(set(case_ids))
    return {i: _JITTER * ((number * 0.618) % 1 * 2 - 1) for number, i in enumerate(ids)}
