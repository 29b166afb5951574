"""A one-line label that ends in an ellipsis where the panel is too narrow for it."""

from __future__ import annotations

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QPainter, QPaintEvent
from qtpy.QtWidgets import QLabel, QSizePolicy, QWidget

DIM = 0.75
"""Opacity of dim text: a contrast of more than 4.5 in napari's dark and light themes."""


class ElidedLabel(QLabel):
    """Shows as much of its text as fits; the whole text is its tooltip."""

    def __init__(
        self, text: str = "", parent: QWidget | None = None, *, is_dim: bool = False
    ) -> None:
        """``is_dim``: for what explains and is not the answer; still easy to read."""
        super().__init__(parent)
        self._is_dim = is_dim
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)

    def setText(self, text: str) -> None:
        """Show ``text`` and make it the tooltip."""
        super().setText(text)
        self.setToolTip(text)

    def minimumSizeHint(self) -> QSize:
        """No width of its own: the panel decides."""
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the shortened text."""
        painter = QPainter(self)
        text = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideMiddle, self.width()
        )
        painter.setOpacity(DIM if self._is_dim else 1.0)
        painter.drawText(self.rect(), int(self.alignment()), text)
        painter.end()
