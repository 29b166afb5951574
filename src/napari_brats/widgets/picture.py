"""A picture that is as wide as its panel lets it be."""

from __future__ import annotations

from qtpy.QtCore import QRect, QSize, Qt
from qtpy.QtGui import QPainter, QPaintEvent, QPixmap
from qtpy.QtWidgets import QSizePolicy, QWidget


class Picture(QWidget):
    """Shows a PNG, never larger than it is; hidden without one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture = QPixmap()
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.show_png(b"")

    def show_png(self, png: bytes) -> None:
        """Show this picture; empty bytes show none."""
        self._picture = QPixmap()
        if png:
            self._picture.loadFromData(png)
        self.setVisible(not self._picture.isNull())
        self.updateGeometry()
        self.update()

    def heightForWidth(self, width: int) -> int:
        """The height it needs at this width."""
        return self._scaled(QSize(width, 10_000)).height()

    def sizeHint(self) -> QSize:
        """Its own size."""
        return self._picture.size()

    def minimumSizeHint(self) -> QSize:
        """No width of its own: the panel decides."""
        return QSize(0, self.heightForWidth(self.width()))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it in the middle."""
        del event
        size = self._scaled(self.size())
        left = (self.width() - size.width()) // 2
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawPixmap(QRect(left, 0, size.width(), size.height()), self._picture)
        painter.end()

    def _scaled(self, room: QSize) -> QSize:
        own = self._picture.size()
        if own.width() <= room.width() and own.height() <= room.height():
            return own
        return own.scaled(room, Qt.AspectRatioMode.KeepAspectRatio)
