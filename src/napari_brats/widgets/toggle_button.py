"""A button that is on or off, and a row to put such buttons in."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget


def toggle_button(text: str, tooltip: str) -> QPushButton:
    """A checkable button that leaves the keyboard to the canvas and may become narrow."""
    button = QPushButton(text)
    button.setToolTip(tooltip)
    button.setCheckable(True)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    button.setMinimumWidth(button.fontMetrics().horizontalAdvance(text) + 12)
    button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return button


def button_row() -> tuple[QWidget, QHBoxLayout]:
    """A widget without margins, and the layout that its buttons go into."""
    box = QWidget()
    layout = QHBoxLayout(box)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(2)
    return box, layout
