"""Small buttons for the palette, drawn so that they fit every theme and scale."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPalette, QPen
from qtpy.QtWidgets import QStyle, QStyleOptionToolButton, QStylePainter, QToolButton

Draw = Callable[[QPainter, QRectF, QColor], None]
"""Draws a picture into the square, in this colour; the painter's pen has it already."""


class PictureButton(QToolButton):
    """A flat button whose picture is drawn in the text's colour; pale while ``is_pale``."""

    def __init__(self, draw: Draw, tooltip: str, *, checkable: bool = True) -> None:
        super().__init__()
        self._draw = draw
        self.setToolTip(tooltip)
        self.setCheckable(checkable)
        self.setAutoRaise(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def sizeHint(self) -> QSize:
        """A square as high as a line of text with room around it."""
        side = self.fontMetrics().height() + 8
        return QSize(side, side)

    def minimumSizeHint(self) -> QSize:
        """The same: a picture cannot be cut."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the button's frame as the style does, and the picture in its middle."""
        del event
        painter = QStylePainter(self)
        option = QStyleOptionToolButton()
        self.initStyleOption(option)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = min(self.width(), self.height()) - 8
        square = QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)
        color = QColor(option.palette.color(QPalette.ColorRole.ButtonText))
        if self.is_pale or not self.isEnabled():
            color.setAlphaF(0.35)
        painter.setPen(QPen(color, max(1.3, side / 11)))
        self._draw(painter, square, color)

    @property
    def is_pale(self) -> bool:
        """Whether the picture stands back: it is, while the button is not checked."""
        return self.isCheckable() and not self.isChecked()


class EyeButton(PictureButton):
    """Checked: shown. Else the eye is crossed out."""

    def __init__(self, tooltip: str) -> None:
        super().__init__(self._eye, tooltip)

    def _eye(self, painter: QPainter, square: QRectF, color: QColor) -> None:
        """An almond with a pupil."""
        left, right = square.left(), square.right()
        middle = square.center()
        outline = QPainterPath(QPointF(left, middle.y()))
        outline.quadTo(QPointF(middle.x(), square.top() - 1), QPointF(right, middle.y()))
        outline.quadTo(QPointF(middle.x(), square.bottom() + 1), QPointF(left, middle.y()))
        painter.drawPath(outline)
        painter.setBrush(color)
        painter.drawEllipse(middle, square.width() / 7, square.width() / 7)
        if not self.isChecked():
            painter.drawLine(square.bottomLeft(), square.topRight())


class LockButton(PictureButton):
    """Checked: locked, the shackle closed and the body filled."""

    def __init__(self, tooltip: str) -> None:
        super().__init__(self._lock, tooltip)

    def _lock(self, painter: QPainter, square: QRectF, color: QColor) -> None:
        """A body below an arch."""
        body = square.adjusted(square.width() * 0.12, square.height() * 0.45, 0, 0)
        body.setRight(square.right() - square.width() * 0.12)
        arch = QRectF(0, 0, square.width() * 0.46, square.height() * 0.8)
        lift = 0.0 if self.isChecked() else square.height() * 0.1
        arch.moveCenter(QPointF(square.center().x(), body.top() - lift))
        painter.drawArc(arch, 0, 180 * 16)
        if self.isChecked():
            painter.setBrush(color)
        painter.drawRoundedRect(body, 1.5, 1.5)


class ColorButton(PictureButton):
    """A patch of the colour it stands for."""

    def __init__(self, tooltip: str) -> None:
        super().__init__(self._patch, tooltip, checkable=False)
        self._color = QColor()

    @property
    def color(self) -> QColor:
        """The colour shown."""
        return QColor(self._color)

    def show_color(self, color: QColor) -> None:
        """Show this colour."""
        self._color = QColor(color)
        self.update()

    def _patch(self, painter: QPainter, square: QRectF, color: QColor) -> None:
        """A filled square."""
        del color
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._color)
        painter.drawRoundedRect(square, 2, 2)
