"""A note or an error inside a panel, in words the user can select and copy."""

from __future__ import annotations

import math

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QResizeEvent, QTextOption
from qtpy.QtWidgets import QFrame, QSizePolicy, QTextEdit, QWidget

_EDGE = {"note": "#56B4E9", "error": "#D55E00"}
"""Only the edge is coloured: the text keeps the theme's own contrast, dark or light."""


class MessageLabel(QTextEdit):
    """As high as its text, which wraps inside long paths too; hidden while it says nothing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setAcceptRichText(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.hide()

    def show_note(self, text: str) -> None:
        """Show something worth knowing; nothing if ``text`` is empty."""
        self._show(text, "note")

    def show_error(self, text: str) -> None:
        """Show what went wrong and what to do; nothing if ``text`` is empty."""
        self._show(text, "error")

    def clear_message(self) -> None:
        """Say nothing."""
        self._show("", "note")

    def text(self) -> str:
        """What it says."""
        return self.toPlainText()

    def sizeHint(self) -> QSize:
        """As high as the text at the present width."""
        margins = self.contentsMargins()
        height = math.ceil(self.document().size().height())
        return QSize(0, height + margins.top() + margins.bottom())

    def minimumSizeHint(self) -> QSize:
        """No width of its own: the panel decides."""
        return QSize(0, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wrap anew, and ask for the height that takes."""
        super().resizeEvent(event)
        self.updateGeometry()

    def _show(self, text: str, kind: str) -> None:
        if not text and self.isHidden() and not self.text():  # a style sheet takes milliseconds
            return
        self.setStyleSheet(f"QTextEdit {{ border: none; border-left: 4px solid {_EDGE[kind]}; }}")
        self.setPlainText(text)
        self.setVisible(bool(text))
        self.updateGeometry()
