"""What is written over images, as small pictures: text in a box, a ruler, a scale bar."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QLineF, QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPen

from napari_brats.widgets.reading_ruler import LONG_TICK_PX, ruler_lines

Pixels = npt.NDArray[np.uint8]
"""(height, width, 4) RGBA, not premultiplied."""

LETTER_COLOR, BOX_COLOR = "#ffd24a", "#000000c8"
"""Legible on black, on bright brain and on the white canvas of the light theme."""

SHADOW = "#000000b3"
"""Behind lines without a box."""

PX_PER_PT = 96 / 72
PAD_PX = 4.0
RULER_PT, BAR_PT = 9.0, 10.0


@dataclass(frozen=True)
class Pen:
    """What pieces are drawn with.

    Attributes
    ----------
    face
        The font; empty for that of the window.
    scale
        Pixels of the screen per pixel of the canvas.
    """

    face: str = ""
    scale: float = 1.0

    def font(self, size_pt: float) -> QFont:
        """The font in this size."""
        font = QFont(self.face) if self.face else QFont()
        font.setPixelSize(max(1, round(size_pt * PX_PER_PT)))
        return font


@lru_cache(maxsize=256)
def text_piece(text: str, size_pt: float, pen: Pen) -> Pixels:
    """Text on a dark box."""
    font = pen.font(size_pt)
    metrics = QFontMetricsF(font)
    width = metrics.horizontalAdvance(text) + 2 * PAD_PX
    image = _canvas(width, metrics.height() + PAD_PX, pen)
    with _painting(image) as painter:
        _fill_box(painter, width, metrics.height() + PAD_PX)
        painter.setFont(font)
        painter.setPen(_color(LETTER_COLOR))
        painter.drawText(QPointF(PAD_PX, PAD_PX / 2 + metrics.ascent()), text)
    return _pixels(image)


@lru_cache(maxsize=32)
def ruler_piece(length_mm: int, px_per_mm: float, pen: Pen) -> Pixels:
    """A vertical ruler, its lines at the right edge, with its length below."""
    font = pen.font(RULER_PT)
    metrics = QFontMetricsF(font)
    text = f"{length_mm} mm"
    width = max(metrics.horizontalAdvance(text), LONG_TICK_PX) + 4
    height = length_mm * px_per_mm
    image = _canvas(width, height + 4 + metrics.height(), pen)
    ends = ruler_lines(length_mm, px_per_mm) + np.array((width - LONG_TICK_PX - 2, 2))
    lines = [QLineF(*map(float, line)) for line in ends.reshape(-1, 4)]
    with _painting(image) as painter:
        for color, thickness in ((SHADOW, 3.5), (LETTER_COLOR, 1.5)):
            painter.setPen(QPen(_color(color), thickness))
            painter.drawLines(lines)
        painter.setFont(font)
        left = width - 2 - metrics.horizontalAdvance(text)
        for color, shift in ((SHADOW, 1), (LETTER_COLOR, 0)):
            painter.setPen(_color(color))
            painter.drawText(QPointF(left + shift, height + 4 + metrics.ascent() + shift), text)
    return _pixels(image)


@lru_cache(maxsize=32)
def scale_bar_piece(length_mm: int, px_per_mm: float, pen: Pen) -> Pixels:
    """A horizontal bar of a length, with the length above, on a dark box."""
    font = pen.font(BAR_PT)
    metrics = QFontMetricsF(font)
    text, length = f"{length_mm} mm", length_mm * px_per_mm
    width = max(length, metrics.horizontalAdvance(text)) + 4 * PAD_PX
    height = metrics.height() + 14
    image = _canvas(width, height, pen)
    with _painting(image) as painter:
        _fill_box(painter, width, height)
        painter.setFont(font)
        painter.setPen(QPen(_color(LETTER_COLOR), 2))  # two whole rows of pixels
        top = QRectF(0, PAD_PX / 2, width, metrics.height())
        painter.drawText(top, Qt.AlignmentFlag.AlignCenter, text)
        left, right, y = (width - length) / 2, (width + length) / 2, float(int(height) - 8)
        ends = ((left, y, right, y), (left, y - 4, left, y + 4), (right, y - 4, right, y + 4))
        painter.drawLines([QLineF(*end) for end in ends])
    return _pixels(image)


def _canvas(width: float, height: float, pen: Pen) -> QImage:
    sides = (int(np.ceil(side * pen.scale)) for side in (width, height))
    image = QImage(*sides, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(pen.scale)
    image.fill(Qt.GlobalColor.transparent)
    return image


@contextmanager
def _painting(image: QImage) -> Iterator[QPainter]:
    """End painting before the image goes: Qt ends the process otherwise."""
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    try:
        yield painter
    finally:
        painter.end()


def _fill_box(painter: QPainter, width: float, height: float) -> None:
    painter.fillRect(QRectF(0, 0, width, height), _color(BOX_COLOR))


def _color(code: str) -> QColor:
    """Of #rrggbb or #rrggbbaa; Qt takes the opacity for the first two digits."""
    color = QColor(code[:7])
    color.setAlpha(int(code[7:] or "ff", 16))
    return color


def _pixels(image: QImage) -> Pixels:
    image = image.convertToFormat(QImage.Format.Format_RGBA8888)
    bits = image.constBits()
    if hasattr(bits, "setsize"):  # PyQt; PySide gives the memory itself
        bits.setsize(image.sizeInBytes())
    rows = np.frombuffer(bits, np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width() * 4].reshape(image.height(), image.width(), 4).copy()
