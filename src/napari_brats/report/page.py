"""The report as one A4 page, drawn with matplotlib."""

from __future__ import annotations

import io
import textwrap
from itertools import pairwise
from typing import TYPE_CHECKING

from napari_brats.core.errors import BratsError
from napari_brats.core.labels import REGIONS, Region
from napari_brats.report.compose import Report
from napari_brats.report.facts import fact_lines
from napari_brats.report.picture_block import draw_pictures, pictures_height
from napari_brats.report.tables import Table, tables_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 8.27, 11.69  # A4 in inches
MARGIN = 0.45
INNER = WIDTH - 2 * MARGIN
DPI = 170
INK, QUIET, FAINT, ALARM = "#20242b", "#5b6472", "#9aa3b2", "#8c1c13"
PLOT_COLOURS = {Region.WT: "#a07d1c", Region.TC: "#c8541b", Region.ET: "#2a78b5"}

_SMALL, _TEXT, _HEAD = 6.6, 7.4, 8.6  # points
_LINE = 0.135  # inches from line to line
_ROW = 0.155
_NAME_WIDTH = 1.05
_PLOT_HEIGHT = 1.35
_FOOTER = 0.45
_WARNINGS_SHOWN = 4


def draw_page(report: Report) -> Figure:
    """The page as a figure; BratsError naming the extra where matplotlib is missing."""
    figure = new_figure(WIDTH, HEIGHT)
    page = _Page(figure)
    page.header(report)
    page.facts(report)
    tables = tables_of(report)
    below = sum(table_height(table) for table in tables) + _warnings_height(report) + _FOOTER + 0.15
    below += _PLOT_HEIGHT if len(report.follow_up) > 1 else 0.0
    page.pictures(report, room=HEIGHT - page.y - below - 0.1)
    for table in tables:
        page.table(table)
    if len(report.follow_up) > 1:
        page.follow_up(report)
    page.warnings(report)
    page.footer(report)
    return figure


def new_figure(width: float, height: float) -> Figure:
    """An empty white figure of this size in inches; BratsError where matplotlib is missing."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise BratsError(
            f"A report as PDF or HTML needs matplotlib ({error}). Install it with: "
            f'pip install "napari-brats[report]". JSON and CSV need nothing more.'
        ) from None
    figure = Figure(figsize=(width, height), facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def figure_bytes(figure: Figure, file_format: str, title: str = "") -> bytes:
    """The figure as ``pdf``, ``png`` or ``svg``."""
    buffer = io.BytesIO()
    metadata = {"Title": title, "Creator": "napari-brats"} if file_format == "pdf" else None
    figure.savefig(buffer, format=file_format, dpi=DPI, metadata=metadata)
    return buffer.getvalue()


def table_height(table: Table) -> float:
    """The height of a table on the page in inches."""
    notes = len(_wrapped(table.note, INNER, _SMALL)) if table.note else 0
    return 0.2 + (1 + len(table.rows)) * _ROW + notes * _LINE + 0.08


def draw_follow_up(
    report: Report, figure: Figure, place: tuple[float, float, float, float]
) -> None:
    """The volumes over time, in the part of the figure at ``place`` (shares of its size)."""
    axes = figure.add_axes(place)
    times = _times(report)
    for region in REGIONS:
        known = [
            (time, point.volumes_ml[region])
            for time, point in zip(times, report.follow_up, strict=True)
            if region in point.volumes_ml
        ]
        if known:
            colour = PLOT_COLOURS[region]
            axes.plot(
                *zip(*known, strict=True),
                "o-",
                label=region,
                color=colour,
                lw=1,
                ms=3,
                clip_on=False,
            )
    axes.set_xticks(times, [point.time for point in report.follow_up])
    axes.set_ylim(bottom=0)
    axes.set_ylabel("volume (ml)", fontsize=_SMALL, color=INK)
    axes.tick_params(labelsize=_SMALL, colors=INK, width=0.5)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=_SMALL, frameon=False, ncols=3, loc="upper left", bbox_to_anchor=(0, 1.18))


def _times(report: Report) -> list[float]:
    """Where the time points stand: by their days if these are known and rise, else one by one."""
    days = [point.days for point in report.follow_up]
    known = [day for day in days if day is not None]
    if len(known) == len(days) and all(b > a for a, b in pairwise(known)):
        return known
    return [float(number) for number in range(len(days))]


def _warnings_height(report: Report) -> float:
    return len(_warning_lines(report)) * _LINE + (0.2 if report.warnings else 0.0)


def _warning_lines(report: Report) -> list[str]:
    lines: list[str] = []
    for text in report.warnings[:_WARNINGS_SHOWN]:
        lines += _wrapped(f"\u2022 {text}", INNER, _TEXT)
    hidden = len(report.warnings) - _WARNINGS_SHOWN
    return lines + ([f"\u2022 and {hidden} more: see the JSON report."] if hidden > 0 else [])


def _wrapped(text: str, width: float, size: float) -> list[str]:
    """Lines that fit a width in inches, by the mean width of the font's letters."""
    return textwrap.wrap(text, int(width / (size * 0.525 / 72)))


class _Page:
    """Draws from top to bottom; ``y`` is where it is, in inches from the top."""

    def __init__(self, figure: Figure) -> None:
        self._figure = figure
        self.y = MARGIN

    def header(self, report: Report) -> None:
        self._text(MARGIN, "Brain tumour measures", size=14, weight="bold", below=0.1)
        day = report.day.strftime("%d %B %Y").lstrip("0")
        self._text(WIDTH - MARGIN, day, size=_HEAD, align="right", below=0.1)
        self.y += 0.32
        name = f"{report.patient_name}, " if report.patient_name else ""
        self._text(MARGIN, f"{name}case {report.case_id}", size=10, weight="bold")
        made = f"napari-brats {report.version}"
        self._text(WIDTH - MARGIN, made, size=_SMALL, align="right", colour=FAINT)
        self.y += 0.16
        self._rule(self.y)
        self.y += 0.13

    def facts(self, report: Report) -> None:
        for name, value in fact_lines(report):
            self._text(MARGIN, name, size=_TEXT, weight="bold")
            for line in _wrapped(value, INNER - _NAME_WIDTH, _TEXT)[:3]:
                self._text(MARGIN + _NAME_WIDTH, line, size=_TEXT)
                self.y += _LINE
        self.y += 0.04

    def pictures(self, report: Report, room: float) -> None:
        height = pictures_height(report, INNER, room)
        draw_pictures(report, self._figure, (MARGIN, self.y, INNER, height), (WIDTH, HEIGHT))
        self.y += height + 0.1

    def table(self, table: Table) -> None:
        self._text(MARGIN, table.title, size=_HEAD, weight="bold", below=0.05)
        self.y += 0.2
        rights = _column_ends(table)
        for number, cells in enumerate((table.header, *table.rows)):
            size, colour = (_SMALL, QUIET) if number == 0 else (_TEXT, INK)
            self._text(MARGIN, cells[0], size=size, colour=colour)
            for right, cell in zip(rights, cells[1:], strict=True):
                self._text(right, cell, size=size, align="right", colour=colour)
            self.y += _ROW
            if number == 0:
                self._rule(self.y - _ROW / 2 - 0.005, width=0.4)
        for line in _wrapped(table.note, INNER, _SMALL) if table.note else []:
            self._text(MARGIN, line, size=_SMALL, colour=QUIET)
            self.y += _LINE
        self.y += 0.08

    def follow_up(self, report: Report) -> None:
        self._text(MARGIN, "Follow-up", size=_HEAD, weight="bold", below=0.05)
        height = _PLOT_HEIGHT - 0.55
        bottom = HEIGHT - self.y - 0.28 - height
        place = ((MARGIN + 0.4) / WIDTH, bottom / HEIGHT, (INNER - 0.5) / WIDTH, height / HEIGHT)
        draw_follow_up(report, self._figure, place)
        self.y += _PLOT_HEIGHT

    def warnings(self, report: Report) -> None:
        if not report.warnings:
            return
        self._text(MARGIN, "Keep in mind", size=_HEAD, weight="bold", colour=ALARM, below=0.05)
        self.y += 0.2
        for line in _warning_lines(report):
            self._text(MARGIN, line, size=_TEXT)
            self.y += _LINE

    def footer(self, report: Report) -> None:
        self.y = HEIGHT - _FOOTER
        self._rule(self.y)
        self.y += 0.15
        self._text(MARGIN, report.intended_use, size=_TEXT, weight="bold", colour=ALARM)

    def _text(
        self,
        x: float,
        text: str,
        *,
        size: float,
        weight: str = "normal",
        align: str = "left",
        colour: str = INK,
        below: float = 0.0,
    ) -> None:
        self._figure.text(
            x / WIDTH,
            1 - (self.y + below) / HEIGHT,
            text,
            fontsize=size,
            fontweight=weight,
            ha=align,
            va="center",
            color=colour,
            parse_math=False,
        )

    def _rule(self, y: float, width: float = 0.7) -> None:
        from matplotlib.lines import Line2D

        ends, place = [MARGIN / WIDTH, 1 - MARGIN / WIDTH], 1 - y / HEIGHT
        self._figure.add_artist(Line2D(ends, [place] * 2, color=FAINT, linewidth=width))


def _column_ends(table: Table) -> list[float]:
    """Where each column but the first ends, in inches, as wide as what stands in it."""
    columns = zip(table.header, *table.rows, strict=True)
    letters = [max(len(cell) for cell in column) + 3 for column in columns]
    ends = [MARGIN + INNER * sum(letters[: n + 1]) / sum(letters) for n in range(len(letters))]
    return ends[1:]
