"""The section "View": which modality is looked at, and how. Knows no viewer."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QPushButton, QVBoxLayout, QWidget

from napari_brats.core.modalities import MODALITIES, Modality
from napari_brats.widgets.keys import KEYS, MODALITY_KEYS
from napari_brats.widgets.toggle_button import button_row, toggle_button


class ViewPanel(QWidget):
    """Emits what the user wants to look at; shows what is looked at."""

    modality_shown = Signal(object)  # Modality
    side_by_side_changed = Signal(bool)
    flicker_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(6, 6, 6, 6)
        self._layout.setSpacing(4)
        self._add_modality_row()
        self._add_layout_row()

    def show_modalities(self, present: Sequence[Modality], shown: Modality | None) -> None:
        """Enable a button for each modality of the case and mark the one on top."""
        for modality, button in self.modality_buttons.items():
            button.setEnabled(modality in present)
            button.setChecked(modality is shown)
        self._side_by_side.setEnabled(len(present) > 1)
        self._flicker.setEnabled(len(present) > 1)

    def show_view(self, side_by_side: bool, flicker: bool) -> None:
        """Show whether the modalities stand side by side, and whether they flicker."""
        with QSignalBlocker(self._side_by_side), QSignalBlocker(self._flicker):
            self._side_by_side.setChecked(side_by_side)
            self._flicker.setChecked(flicker)

    def _add_modality_row(self) -> None:
        box, row = button_row()
        self.modality_buttons: dict[Modality, QPushButton] = {}
        for modality in MODALITIES:
            tip = f"Show {modality.title} ({MODALITY_KEYS[modality]})"
            button = toggle_button(modality.value, tip)
            button.clicked.connect(lambda _=False, m=modality: self.modality_shown.emit(m))
            self.modality_buttons[modality] = button
            row.addWidget(button)
        self._layout.addWidget(box)

    def _add_layout_row(self) -> None:
        """The buttons of the layouts, and the one that alternates between two modalities."""
        box, row = button_row()
        self._side_by_side = toggle_button(
            "Side by side", f"Each modality in its own cell ({KEYS['side_by_side']})"
        )
        self._side_by_side.toggled.connect(self.side_by_side_changed)
        self._flicker = toggle_button(
            "Flicker", f"Alternate between this modality and the next ({KEYS['flicker']})"
        )
        self._flicker.toggled.connect(self.flicker_changed)
        row.addWidget(self._side_by_side)
        row.addWidget(self._flicker)
        self._layout.addWidget(box)
