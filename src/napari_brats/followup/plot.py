"""Pictures of a follow-up: figures over time, and checkerboards of what was registered."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_brats import INTENDED_USE
from napari_brats.core.boxes import bounding_box
from napari_brats.core.errors import BratsError
from napari_brats.core.geometry import display_order
from napari_brats.core.labels import REGIONS, Region
from napari_brats.followup.brains import checkerboard
from napari_brats.followup.comparison import FollowUp
from napari_brats.followup.response import CITATION, THRESHOLDS, Quantity, Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INK, _LINE, _BAND, _UP, _DOWN = "#30343b", "#2a78b5", "#9dc3e2", "#c8541b", "#3a8f3a"
_DPI = 110
_PLANES = ("axial", "coronal", "sagittal")


def plot_series(
    follow_up: FollowUp,
    file_format: str = "png",
    regions: Sequence[Region] = REGIONS,
    size: tuple[float, float] = (10.5, 6.2),
) -> bytes:
    """A page of volumes and diameter products of regions over time, as PNG or PDF.

    ``size`` is in inches: a narrow one, for one region, puts the legend into one column.

    A band tells the noise of measuring where it is known, dashed lines RANO's thresholds.
    BratsError if matplotlib is missing; it names the extra that brings it.
    """
    figure = _figure(size)
    is_page = len(regions) > 1
    grid = figure.subplots(len(Quantity), len(regions), squeeze=False, sharex=True)
    places, labels = _times(follow_up)
    for quantity, axes_row in zip(Quantity, grid, strict=True):
        for region, axes in zip(regions, axes_row, strict=True):
            _draw(axes, follow_up.series_of(region, quantity), places)
            axes.set_title(f"{region}: {quantity.title}", loc="left", fontsize=9, color=_INK)
            axes.set_xticks(places, labels, fontsize=8, rotation=30 if len(labels) > 3 else 0)
    handles, names = grid[0][0].get_legend_handles_labels()
    columns = 4 if is_page else 1
    figure.legend(
        handles, names, loc="outside upper center", ncols=columns, frameon=False, fontsize=8
    )
    if is_page:
        figure.supxlabel(f"{CITATION}\n{INTENDED_USE}", fontsize=7, color=_INK)
    return _written(figure, file_format)


def plot_checkerboards(follow_up: FollowUp) -> bytes | None:
    """Checkerboards of each registered time point with the baseline, through the brain's middle.

    A PNG with three planes for each; None where nothing was registered.
    """
    base = follow_up.baseline.aligned
    shown = [
        one for one in follow_up.examined if one.aligned is not None and one.aligned is not base
    ]
    if base is None or not shown:
        return None
    order = display_order(base.image.grid.affine)
    spacing = base.image.grid.spacing_mm
    i_mm, p_mm, l_mm = order.spacing_from_disk(spacing)
    figure = _figure((9, 3.2 * len(shown)))
    grid = figure.subplots(len(shown), 3, squeeze=False)
    for one, axes_row in zip(shown, grid, strict=True):
        if one.aligned is None:
            continue
        board = order.from_disk(checkerboard(base.image.data, one.aligned.image.data, spacing))
        box = bounding_box(board > 0)
        board = board if box is None else board[box]
        i, p, l_ = (n // 2 for n in board.shape)
        planes = (board[i], board[:, p], board[:, :, l_])
        ratios = (p_mm / l_mm, i_mm / l_mm, i_mm / p_mm)
        for axes, plane, ratio, name in zip(axes_row, planes, ratios, _PLANES, strict=True):
            axes.imshow(plane, cmap="gray", vmin=0, vmax=1, aspect=ratio)
            axes.set_axis_off()
            if name != _PLANES[0]:
                axes.set_title(name, fontsize=8, color=_INK)
        dice = one.aligned.registration.dice
        title = f"{one.point.name} on {follow_up.baseline.point.name}\nDice of brains {dice:.3f}"
        axes_row[0].set_title(title, loc="left", fontsize=8, color=_INK)
    return _written(figure, "png")


def _figure(size: tuple[float, float]) -> Figure:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise BratsError(
            f"A plot needs matplotlib ({error}). Install it with: "
            f'pip install "napari-brats[report]"'
        ) from None
    figure = Figure(figsize=size, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def _written(figure: Figure, file_format: str) -> bytes:
    buffer = io.BytesIO()
    metadata: dict[str, Any] = {"CreationDate": None} if file_format == "pdf" else {}
    figure.savefig(buffer, format=file_format, dpi=_DPI, metadata=metadata)
    return buffer.getvalue()


def _times(follow_up: FollowUp) -> tuple[list[float], list[str]]:
    """Where the time points stand on the axis, in days where these are known, and their names."""
    names = [one.point.name for one in follow_up.examined]
    days = [follow_up.days(index) for index in range(len(names))]
    places = [float(i) if day is None else day for i, day in enumerate(days)]
    return places, names


def _draw(axes: Axes, series: Series, places: list[float]) -> None:
    known = [(x, v) for x, v in zip(places, series.values, strict=True) if v is not None]
    x = [place for place, _ in known]
    if all(value.band is not None for _, value in known):
        low, high = zip(*[value.band or (np.nan, np.nan) for _, value in known], strict=True)
        axes.fill_between(x, low, high, color=_BAND, alpha=0.5, linewidth=0, label="noise")
    axes.plot(x, [v.value for _, v in known], "o-", color=_LINE, markersize=4, label="measured")
    later = known[1:]
    limits = THRESHOLDS[Quantity.VOLUME], THRESHOLDS[Quantity.PRODUCTS]
    rise = "+" + "/".join(f"{limit.increase:g}" for limit in limits) + " % against nadir"
    fall = "-" + "/".join(f"{limit.decrease:g}" for limit in limits) + " % against baseline"
    _steps(axes, x, [value.increase_limit for _, value in later], _UP, "--", rise)
    _steps(axes, x, [value.decrease_limit for _, value in later], _DOWN, ":", fall)
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def _steps(
    axes: Axes, x: list[float], heights: list[float | None], colour: str, dashes: str, label: str
) -> None:
    """A broken line whose height holds for a time point from the one before it on."""
    for number, height in enumerate(heights):
        ends, text = x[number : number + 2], label if number == 0 else None
        level = np.nan if height is None else height
        axes.plot(ends, [level, level], dashes, color=colour, linewidth=1.3, label=text)
