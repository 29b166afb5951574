"""The section "Correct": label palette, tools, brush and undo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QDoubleSpinBox,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_brats.core.labels import Label
from napari_brats.widgets.keys import help_text, label_key
from napari_brats.widgets.toggle_button import button_row, toggle_button

TOOLS: Mapping[str, tuple[str, str]] = {
    "paint": ("Paint", "Paint the chosen label (napari: 2 or P)"),
    "erase": ("Erase", "Erase to background (napari: 1 or E)"),
    "fill": ("Fill", "Fill what is connected with the chosen label (napari: 4 or F)"),
    "pick": ("Pick", "Take the label under the cursor (napari: 5 or L)"),
    "pan_zoom": ("Move", "Move and zoom the view (napari: 6 or Z; hold Space)"),
}
"""napari's mode of a Labels layer -> button text, tooltip."""


class CorrectPanel(QWidget):
    """Emits what the user wants to paint with; shows what is set."""

    label_chosen = Signal(int)
    mode_chosen = Signal(str)
    brush_mm_changed = Signal(float)
    brush_3d_changed = Signal(bool)
    undo_requested = Signal()
    redo_requested = Signal()
    new_label_map_requested = Signal()

    def __init__(
        self,
        colors: Mapping[Label, tuple[float, float, float, float]],
        parent: QWidget | None = None,
    ) -> None:
        """``colors``: RGBA in 0..1 of every label that may be painted."""
        super().__init__(parent)
        self._colors = colors
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(6, 6, 6, 6)
        self._add_palette()
        self._add_tools()
        self._add_brush_row()
        self._add_history_row()
        self._add_help()

    def show_labels(self, labels: Sequence[Label], selected: int) -> None:
        """Offer ``labels`` (those of the case's convention) and mark the selected one."""
        for label, button in self.palette_buttons.items():
            button.setVisible(label in labels or int(label) == selected)
            with QSignalBlocker(button):
                button.setChecked(int(label) == selected)

    def show_mode(self, mode: str) -> None:
        """Mark the tool in use; a tool of napari's that has no button here marks none."""
        self._tools.setExclusive(False)
        for name, button in self._tool_buttons.items():
            button.setChecked(name == mode)
        self._tools.setExclusive(True)

    def show_brush(self, diameter_mm: float, is_3d: bool) -> None:
        """Show the brush in use, however it was set."""
        with QSignalBlocker(self._brush_mm), QSignalBlocker(self._brush_3d):
            self._brush_mm.setValue(diameter_mm)
            self._brush_3d.setChecked(is_3d)

    def show_editable(self, has_case: bool, has_label_map: bool) -> None:
        """Offer the tools where there is a label map, and a new one where there is a case."""
        self._new.setEnabled(has_case)
        for widget in (self._tool_box, self._palette_box, self._brush_box, self._history_box):
            widget.setEnabled(has_label_map)

    def _add_palette(self) -> None:
        self._new = QPushButton("New empty label map")
        self._new.clicked.connect(self.new_label_map_requested)
        self._layout.addWidget(self._new)
        self._palette_box = QWidget()
        column = QVBoxLayout(self._palette_box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        group = QButtonGroup(self)
        self.palette_buttons: dict[Label, QPushButton] = {}
        for label in (la for la in Label if la):
            button = toggle_button(f"{label.title}   {label_key(label)}", f"Paint {label.title}")
            button.setIcon(_swatch(self._colors[label]))
            button.setStyleSheet("text-align: left; padding: 3px;")
            button.clicked.connect(lambda _=False, la=label: self.label_chosen.emit(int(la)))
            group.addButton(button)
            self.palette_buttons[label] = button
            column.addWidget(button)
        self._layout.addWidget(self._palette_box)

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
        self._brush_mm = QDoubleSpinBox()
        self._brush_mm.setRange(0.1, 200.0)
        self._brush_mm.setDecimals(1)
        self._brush_mm.setSuffix(" mm")
        self._brush_mm.setToolTip(
            "Diameter in mm, round in mm on every voxel grid (napari: [ and ])"
        )
        self._brush_mm.setKeyboardTracking(False)
        self._brush_mm.setMinimumWidth(
            self._brush_mm.fontMetrics().horizontalAdvance("200.0 mm") + 60
        )
        self._brush_mm.valueChanged.connect(self.brush_mm_changed)
        row.addWidget(self._brush_mm, 1)
        self._brush_3d = QCheckBox("3-D")
        self._brush_3d.setToolTip("Paint a ball through the slices instead of a disc on this one")
        self._brush_3d.toggled.connect(self.brush_3d_changed)
        row.addWidget(self._brush_3d)
        self._layout.addWidget(self._brush_box)

    def _add_history_row(self) -> None:
        self._history_box, row = button_row()
        for text, tip, signal in (
            ("Undo", "Undo the last edit (Ctrl+Z)", self.undo_requested),
            ("Redo", "Redo what was undone (Ctrl+Shift+Z)", self.redo_requested),
        ):
            button = QPushButton(text)
            button.setToolTip(tip)
            button.clicked.connect(signal)
            row.addWidget(button)
        self._layout.addWidget(self._history_box)

    def _add_help(self) -> None:
        toggle = QToolButton()
        toggle.setText("Keys")
        toggle.setCheckable(True)
        toggle.setAutoRaise(True)
        toggle.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        toggle.setArrowType(Qt.ArrowType.RightArrow)
        self._help = QLabel(help_text())
        self._help.setTextFormat(Qt.TextFormat.RichText)
        self._help.setWordWrap(True)
        self._help.setVisible(False)
        toggle.toggled.connect(self._help.setVisible)
        toggle.toggled.connect(
            lambda on: toggle.setArrowType(
                Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow
            )
        )
        self._layout.addWidget(toggle)
        self._layout.addWidget(self._help)


def _swatch(rgba: tuple[float, float, float, float]) -> QIcon:
    pixmap = QPixmap(14, 14)
    pixmap.fill(QColor.fromRgbF(*(float(v) for v in rgba[:3])))
    return QIcon(pixmap)
