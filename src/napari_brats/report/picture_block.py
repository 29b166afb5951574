"""The pictures of a report: a row per region, a column per modality, and the other two planes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_brats.core.labels import REGIONS, Region
from napari_brats.report.compose import Report
from napari_brats.report.pictures import Picture, PictureRow

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {Region.WT: "#f0e442", Region.TC: "#ff8c1a", Region.ET: "#56c8ff"}
"""Of the outlines: told apart on grey, by colour-blind people, too."""
LINE_COLOUR = "#ff6fd8"

_GAP = 0.04
_TITLE = 0.17
_LEGEND = 0.2
_INK = "#20242b"
_BARS_MM = (50, 20, 10)
_LABEL = 6.2  # points

Place = tuple[float, float, float, float]
"""Left, top, width and height in inches from the upper left corner."""


def pictures_height(report: Report, width: float, room: float) -> float:
    """The height in inches that the pictures take at this width, at most ``room``."""
    first = report.rows[0].pictures[0]
    cell = width / _columns(report) - _GAP
    aspect = first.grey.shape[0] * first.row_mm / (first.grey.shape[1] * first.column_mm)
    return min(room, _rows(report) * (cell * aspect + _TITLE + _GAP) + _LEGEND)


def draw_pictures(report: Report, figure: Figure, place: Place, size: tuple[float, float]) -> None:
    """Draw all pictures into the part of the figure at ``place``; ``size`` is the figure's."""
    left, top, width, height = place
    cell_width = width / _columns(report)
    cell_height = (height - _LEGEND) / _rows(report)

    def draw(column: int, row: int, title: str, picture: Picture, *, with_scale: bool) -> None:
        x, y = left + column * cell_width, top + row * cell_height
        _title(figure, (x, y), title, size)
        inner = (x, y + _TITLE, cell_width - _GAP, cell_height - _TITLE - _GAP)
        draw_picture(figure.add_axes(_shares(inner, size)), picture, with_scale=with_scale)

    for number, row in enumerate(report.rows):
        for column, picture in enumerate(row.pictures):
            title = "" if column else _row_title(row)
            draw(column, number, title, picture, with_scale=not column)
    for number, picture in enumerate(report.planes):
        if _have_a_row(report):
            draw(number, len(report.rows), "", picture, with_scale=True)
        else:
            draw(_columns(report) - 1, number, "", picture, with_scale=True)
    _legend(figure, (left, top + height - _LEGEND), size)


def draw_picture(axes: Axes, picture: Picture, *, with_scale: bool) -> None:
    """One slice with outlines and diameters; with letters and a scale bar if asked for."""
    rows, columns = picture.grey.shape
    width, height = columns * picture.column_mm, rows * picture.row_mm
    axes.imshow(
        picture.grey,
        cmap="gray",
        vmin=0,
        vmax=255,
        extent=(0, width, height, 0),
        interpolation="bilinear",
    )
    x = (np.arange(-1, columns + 1) + 0.5) * picture.column_mm
    y = (np.arange(-1, rows + 1) + 0.5) * picture.row_mm
    for region, thickness in zip(REGIONS, (0.6, 1.3, 0.6), strict=True):  # TC shows around ET
        mask = picture.masks.get(region)
        if mask is not None and mask.any():
            axes.contour(
                x, y, np.pad(mask, 1), [0.5], colors=[COLOURS[region]], linewidths=thickness
            )
    for start, end in picture.lines:
        ends = [
            ((c + 0.5) * picture.column_mm, (r + 0.5) * picture.row_mm) for r, c in (start, end)
        ]
        axes.plot(*zip(*ends, strict=True), color=LINE_COLOUR, linewidth=0.9)
    axes.set(xlim=(0, width), ylim=(height, 0), xticks=[], yticks=[], facecolor="black")
    axes.spines[:].set_visible(False)
    name: dict[str, Any] = {
        "color": "white",
        "fontsize": _LABEL,
        "ha": "left",
        "va": "top",
        "parse_math": False,
    }
    axes.text(0.03 * width, 0.02 * height, picture.title, **name)
    if with_scale:
        _letters_and_bar(axes, picture, width, height)


def _letters_and_bar(axes: Axes, picture: Picture, width: float, height: float) -> None:
    from matplotlib.patheffects import withStroke

    rim = [withStroke(linewidth=1.2, foreground="black")]
    style: dict[str, Any] = {
        "color": "white",
        "va": "center",
        "fontweight": "bold",
        "path_effects": rim,
    }
    for x, side, letter in zip((0.03, 0.97), ("left", "right"), picture.letters, strict=True):
        axes.text(x * width, 0.5 * height, letter, ha=side, fontsize=_LABEL + 0.8, **style)
    bar_mm = next((bar for bar in _BARS_MM if bar < 0.6 * width), 0)
    if bar_mm:
        x, y = 0.03 * width, 0.965 * height
        axes.plot([x, x + bar_mm], [y, y], color="white", linewidth=1.2, path_effects=rim)
        text = f"{bar_mm // 10} cm"
        axes.text(x, y - 0.045 * height, text, ha="left", fontsize=_LABEL - 1, **style)


def _columns(report: Report) -> int:
    modalities = len(report.rows[0].pictures)
    return max(modalities, len(report.planes)) if _have_a_row(report) else modalities + 1


def _rows(report: Report) -> int:
    return len(report.rows) + _have_a_row(report)


def _have_a_row(report: Report) -> bool:
    """Whether the other planes stand below instead of beside, because there is no room beside."""
    return len(report.planes) > len(report.rows)


def _row_title(row: PictureRow) -> str:
    what = f"Most of {row.region}: " if row.region else "Middle of the brain: "
    return f"{what}axial slice {row.slice_number} of {row.slices}"


def _title(
    figure: Figure, corner: tuple[float, float], text: str, size: tuple[float, float]
) -> None:
    figure.text(
        corner[0] / size[0],
        1 - (corner[1] + _TITLE / 2 + 0.01) / size[1],
        text,
        fontsize=_LABEL + 0.6,
        fontweight="bold",
        color=_INK,
        va="center",
    )


def _legend(figure: Figure, corner: tuple[float, float], size: tuple[float, float]) -> None:
    from matplotlib.lines import Line2D

    entries = [(COLOURS[region], region.title) for region in REGIONS]
    entries.append((LINE_COLOUR, "longest diameter, and across"))
    x, y = corner[0], 1 - (corner[1] + _LEGEND / 2) / size[1]
    for colour, text in entries:
        ends = [x / size[0], (x + 0.22) / size[0]]
        figure.add_artist(Line2D(ends, [y, y], color=colour, linewidth=1.6))
        figure.text((x + 0.28) / size[0], y, text, fontsize=_LABEL, color=_INK, va="center")
        x += 0.55 + 0.058 * len(text)


def _shares(place: Place, size: tuple[float, float]) -> Place:
    left, top, width, height = place
    return left / size[0], 1 - (top + height) / size[1], width / size[0], height / size[1]
