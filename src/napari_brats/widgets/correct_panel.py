"""The section "Correct": palette, napari's own tools, brush, and the steps that were made."""

from __future__ import annotations

from collections.abc import Mapping

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QDoubleSpinBox,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_brats.widgets.history_panel import HistoryPanel
from napari_brats.widgets.keys import KEYS
from napari_brats.widgets.message import MessageLabel
from napari_brats.widgets.palette_panel import PalettePanel
from napari_brats.widgets.toggle_button import button_row, toggle_button

TOOLS: Mapping[str, tuple[str, str]] = {
    "paint": ("Paint", "Paint the chosen label (napari: 2 or P)"),
    "erase": ("Erase", f"Erase to background (napari: 1 or E; {KEYS['erase']})"),
    "fill": ("Fill", "Fill what is connected with the chosen label (napari: 4 or F)"),
    "pick": ("Pick", "Take the label under the cursor (napari: 5 or L)"),
    "pan_zoom": ("Move", "Move and zoom the view (napari: 6 or Z; hold Space)"),
}
"""napari's mode of a Labels layer -> button text, tooltip."""


class CorrectPanel(QWidget):
    """Emits what the user wants to paint with; shows what is set.

    `palette` has the labels, `history` the steps.
    """

    mode_chosen = Signal(str)
    brush_mm_changed = Signal(float)
    brush_3d_changed = Signal(bool)
    new_label_map_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.palette_panel = PalettePanel()
        self.history_panel = HistoryPanel()
        self.message = MessageLabel()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(6, 6, 6, 6)
        self.new_button = QPushButton("New empty label map")
        self.new_button.setToolTip("Begin one by hand, on the grid of the case's reference image")
        self.new_button.clicked.connect(self.new_label_map_requested)
        self._layout.addWidget(self.new_button)
        self._layout.addWidget(self.palette_panel)
        self._layout.addWidget(self.message)
        self._add_tools()
        self._add_brush_row()
        self._layout.addWidget(self.history_panel)

    def show_mode(self, mode: str) -> None:
        """Mark the tool in use; a tool of napari's that has no button here marks none."""
        self._tools.setExclusive(False)
        for name, button in self._tool_buttons.items():
            button.setChecked(name == mode)
        self._tools.setExclusive(True)

    def show_brush(self, diameter_mm: float, is_3d: bool) -> None:
        """Show the brush in use, however it was set."""
        with QSignalBlocker(self.brush_mm), QSignalBlocker(self._brush_3d):
            self.brush_mm.setValue(diameter_mm)
            self._brush_3d.setChecked(is_3d)

    def show_editable(self, has_case: bool, has_label_map: bool) -> None:
        """Offer the tools where there is a label map, and a new one where there is a case."""
        self.new_button.setEnabled(has_case)
        for widget in (self.palette_panel, self._tool_box, self._brush_box, self.history_panel):
            widget.setEnabled(has_label_map)

    def _add_tools(self) -> None:
        self._tool_box, row = button_row()
        self._tools = QButtonGroup(self)
        self._tool_buttons: dict[str, QPushButton] = {}
        for mode, (text, tip) in TOOLS.items():
            button = toggle_button(text, tip)
            button.clicked.connect(lambda _=False, m=mode: self.mode_chosen.emit(m))
            self._tools.addButton(button)
            self._tool_buttons[mode] = button
            row.addWidget(button)
        self._layout.addWidget(self._tool_box)

    def _add_brush_row(self) -> None:
        self._brush_box, row = button_row()
        row.addWidget(QLabel("Brush \u2300"))
        self.brush_mm = QDoubleSpinBox()
        self.brush_mm.setRange(0.1, 200.0)
        self.brush_mm.setDecimals(1)
        self.brush_mm.setSuffix(" mm")
        self.brush_mm.setToolTip(
            "Diameter in mm, round in mm on every voxel grid and in every plane "
            f"({KEYS['smaller_brush']} and {KEYS['larger_brush']}; napari: [ and ])"
        )
        self.brush_mm.setKeyboardTracking(False)
        self.brush_mm.setMinimumWidth(
            self.brush_mm.fontMetrics().horizontalAdvance("200.0 mm") + 60
        )
        self.brush_mm.valueChanged.connect(self.brush_mm_changed)
        row.addWidget(self.brush_mm, 1)
        self._brush_3d = QCheckBox("3-D")
        self._brush_3d.setToolTip(
            f"Paint a ball through the slices instead of a disc on this one ({KEYS['brush_3d']})"
        )
        self._brush_3d.toggled.connect(self.brush_3d_changed)
        row.addWidget(self._brush_3d)
        self._layout.addWidget(self._brush_box)
