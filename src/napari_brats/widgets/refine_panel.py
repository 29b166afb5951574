"""The tool "Refine" in the section "Tools": take it in hand, accept or reject what it shows."""

from __future__ import annotations

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from napari_brats.widgets.keys import SHAPE_KEYS
from napari_brats.widgets.message import MessageLabel
from napari_brats.widgets.toggle_button import button_row, toggle_button

HINT = (
    "Drag along the middle of what is missing from {target}; with Shift, of what does not belong."
)


class RefinePanel(QWidget):
    """Emits what the user wants; shows whether there is a new border to take."""

    chosen = Signal(bool)
    accept_requested = Signal()
    reject_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.button = toggle_button(
            "Refine",
            "Solve the border again near strokes that you draw, from all modalities and the "
            f"network's probabilities ({SHAPE_KEYS['refine']})",
        )
        self.button.toggled.connect(self.chosen)
        self.accept_button = _button("Accept", "Take the border that is shown (Enter)")
        self.accept_button.clicked.connect(self.accept_requested)
        self.reject_button = _button("Reject", "Forget the strokes and their border (Escape)")
        self.reject_button.clicked.connect(self.reject_requested)
        self.hint = QLabel()
        self.hint.setWordWrap(True)
        self.message = MessageLabel()
        box, row = button_row()
        for button in (self.button, self.accept_button, self.reject_button):
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (box, self.hint, self.message):
            layout.addWidget(widget)
        self.show_chosen("")
        self.show_preview(False)

    def show_chosen(self, target: str) -> None:
        """Whether the tool is in hand, and for which label or region; "" if it is not."""
        with QSignalBlocker(self.button):
            self.button.setChecked(bool(target))
        self.hint.setText(HINT.format(target=target))
        self.hint.setVisible(bool(target))

    def show_preview(self, on: bool) -> None:
        """Whether there is a border to accept or to reject."""
        self.accept_button.setEnabled(on)
        self.reject_button.setEnabled(on)

    def show_editable(self, has_label_map: bool) -> None:
        """Offer the tool where there is a label map."""
        self.button.setEnabled(has_label_map)


def _button(text: str, tooltip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tooltip)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return button
