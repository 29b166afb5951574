"""A note or an error inside a panel, in words the user can select and copy."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QSizePolicy, QWidget

_EDGE = {"note": "#56B4E9", "error": "#D55E00"}
"""Only the edge is coloured: the text keeps the theme's own contrast, dark or light."""


class MessageLabel(QLabel):
    """Hidden while it has nothing to say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)  # a file name may look like markup
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.clear_message()

    def show_note(self, text: str) -> None:
        """Show something worth knowing."""
        self._show(text, "note")

    def show_error(self, text: str) -> None:
        """Show what went wrong and what to do."""
        self._show(text, "error")

    def clear_message(self) -> None:
        """Say nothing."""
        self.clear()
        self.hide()

    def _show(self, text: str, kind: str) -> None:
        self.setStyleSheet(f"border-left: 4px solid {_EDGE[kind]}; padding: 2px 2px 2px 6px;")
        self.setText(_breakable(text))
        self.setVisible(bool(text))


def _breakable(text: str) -> str:
    """``text`` that can wrap inside long paths (zero-width spaces after the separators)."""
    for separator in ("/", "\\", "_"):
        text = text.replace(separator, separator + "\u200b")
    return text
