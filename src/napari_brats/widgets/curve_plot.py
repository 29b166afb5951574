"""Curves over the steps of a run, drawn with Qt alone in the colours of the theme."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

LEFT, RIGHT, TOP, BOTTOM, GAP = 40, 8, 20, 18, 8
"""Room in pixels for the axes' numbers and the titles, and between two plots."""

KEY = 14
"""Length in pixels of the line beside a title that shows its colour."""

FAINT = 70
"""Of 255: how much is seen of the single steps behind their smoothed curve."""


@dataclass(frozen=True)
class Curve:
    """Values over steps.

    Attributes
    ----------
    title
        Above it, followed by the smoothed value at the end.
    color
        ``#RRGGBB``, readable on dark and on light ground.
    steps, values
        Of one length; may be empty.
    top
        The upper end of its axis; None leaves it to the values. The lower one is 0.
    """

    title: str
    color: str
    steps: Sequence[float]
    values: Sequence[float]
    top: float | None = None


class CurvePlot(QWidget):
    """Plots below each other that share the axis of the steps."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._curves: tuple[Curve, ...] = ()
        self._last_step = 1.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def curves(self) -> tuple[Curve, ...]:
        """What it shows, from top to bottom."""
        return self._curves

    def show_curves(self, curves: Sequence[Curve], last_step: float) -> None:
        """Draw these; the axis of the steps goes from 0 to ``last_step``."""
        self._curves = tuple(curves)
        self._last_step = max(1.0, last_step)
        self.setAccessibleDescription(", ".join(map(title_of, self._curves)))
        self.update()

    def sizeHint(self) -> QSize:
        """Two plots, each wider than high."""
        return QSize(300, 220)

    def minimumSizeHint(self) -> QSize:
        """What can still be read."""
        return QSize(200, 160)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw all plots."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        height = (self.height() - BOTTOM) / max(1, len(self._curves))
        width = self.width() - LEFT - RIGHT
        for number, curve in enumerate(self._curves):
            area = QRectF(LEFT, number * height + TOP, width, height - TOP - GAP)
            self._draw(painter, curve, area)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        below = QRectF(LEFT, self.height() - BOTTOM, width, BOTTOM)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, "0")
        end = f"step {self._last_step:g}"
        painter.drawText(below, int(Qt.AlignmentFlag.AlignRight), end)
        painter.end()

    def _draw(self, painter: QPainter, curve: Curve, area: QRectF) -> None:
        text = self.palette().color(QPalette.ColorRole.WindowText)
        top = curve.top or nice_top(curve.values)
        middle = area.top() - TOP / 2
        painter.setPen(QPen(QColor(curve.color), 3.0))
        painter.drawLine(QPointF(area.left(), middle), QPointF(area.left() + KEY, middle))
        painter.setPen(text)
        above = QRectF(area.left() + KEY + 6, area.top() - TOP, area.width(), TOP)
        painter.drawText(above, Qt.AlignmentFlag.AlignVCenter, title_of(curve))
        grid = QColor(text)
        grid.setAlpha(FAINT)
        for share in (0.0, 0.5, 1.0):
            y = area.bottom() - share * area.height()
            painter.setPen(grid)
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(text)
            box = QRectF(0, y - 8, LEFT - 6, 16)
            flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(box, int(flags), f"{share * top:g}")
        self._draw_values(painter, curve, area, top)

    def _draw_values(self, painter: QPainter, curve: Curve, area: QRectF, top: float) -> None:
        if not len(curve.values):
            return
        steps, values = np.asarray(curve.steps, float), np.asarray(curve.values, float)
        for height, alpha, width in ((values, FAINT, 1.0), (smoothed(values), 255, 2.0)):
            x, y = thinned(steps, height, int(area.width()))
            x = area.left() + x / self._last_step * area.width()
            y = area.bottom() - np.clip(y / top, 0, 1) * area.height()
            color = QColor(curve.color)
            color.setAlpha(alpha)
            painter.setPen(QPen(color, width))
            points = [QPointF(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
            painter.drawPolyline(QPolygonF(points))


def smoothed(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The mean of each value and those before it, a tenth of all (at most 50) in number."""
    window = max(1, min(50, len(values) // 10))
    sums = np.cumsum(np.concatenate([[0.0], values]))
    ends = np.arange(1, len(values) + 1)
    begins = np.maximum(0, ends - window)
    return (sums[ends] - sums[begins]) / (ends - begins)


def thinned(
    steps: npt.NDArray[np.float64], values: npt.NDArray[np.float64], count: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """At most about ``count`` of the points, the last one among them."""
    stride = max(1, math.ceil(len(steps) / max(1, count)))
    chosen = slice((len(steps) - 1) % stride, None, stride)
    return steps[chosen], values[chosen]


def nice_top(values: Sequence[float]) -> float:
    """The smallest of 1, 2, 5 times a power of ten that no finite value exceeds; 1 for none."""
    largest = max((value for value in values if math.isfinite(value)), default=0.0)
    if largest <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(largest))
    return next(k * power for k in (1, 2, 5, 10) if k * power >= largest * (1 - 1e-9))


def title_of(curve: Curve) -> str:
    """The title with the smoothed value at the end."""
    if not len(curve.values):
        return curve.title
    last = smoothed(np.asarray(curve.values, float))[-1]
    return f"{curve.title} {last:.3f}"
