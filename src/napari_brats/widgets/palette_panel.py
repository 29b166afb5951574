"""The palette: per label its colour, name, volume, whether it is shown, whether it is locked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_brats.core.edits.edit import PaintOver, PaintRules
from napari_brats.core.labels import Label
from napari_brats.widgets.keys import KEYS, label_key
from napari_brats.widgets.palette_icons import ColorButton, EyeButton, LockButton
from napari_brats.widgets.toggle_button import toggle_button

PAINTED_LABELS = tuple(label for label in Label if label)
OVER_TEXTS: Mapping[PaintOver, str] = {
    PaintOver.UNLOCKED: "unlocked labels only",
    PaintOver.BACKGROUND: "background only",
    PaintOver.EVERYTHING: "everything, locked too",
}


@dataclass(frozen=True, eq=False)
class PaletteRow:
    """The widgets of one label."""

    color: ColorButton
    name: QPushButton
    volume: QLabel
    eye: EyeButton
    lock: LockButton

    def set_visible(self, visible: bool) -> None:
        """Offer the label or not."""
        for widget in (self.color, self.name, self.volume, self.eye, self.lock):
            widget.setVisible(visible)


class PalettePanel(QWidget):
    """Emits which label is painted, shown, locked or coloured anew; shows what is set."""

    label_chosen = Signal(int)
    color_requested = Signal(object)  # Label
    shown_changed = Signal(object, bool)  # Label
    locked_changed = Signal(object, bool)  # Label
    paint_over_changed = Signal(object)  # PaintOver

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout()
        self._grid.setSpacing(2)
        self._grid.setColumnStretch(1, 1)
        self._names = QButtonGroup(self)
        self.rows = {label: self._add_row(label) for label in PAINTED_LABELS}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(self._grid)
        column.addLayout(self._over_row())

    def show_labels(self, labels: Collection[Label], selected: int) -> None:
        """Offer ``labels`` (those of the case's convention) and mark the selected one."""
        self._names.setExclusive(False)
        for label, row in self.rows.items():
            row.set_visible(label in labels or int(label) == selected)
            with QSignalBlocker(row.name):
                row.name.setChecked(int(label) == selected)
        self._names.setExclusive(True)

    def show_rules(self, rules: PaintRules) -> None:
        """Show the locks, and what is painted over."""
        for label, row in self.rows.items():
            with QSignalBlocker(row.lock):
                row.lock.setChecked(label in rules.locked)
        self.over.setCurrentIndex(list(OVER_TEXTS).index(rules.over))

    def show_look(self, colors: Mapping[Label, Sequence[float]], hidden: Collection[int]) -> None:
        """Show the colours (RGBA in 0..1) and which labels are shown."""
        for label, row in self.rows.items():
            row.color.show_color(QColor.fromRgbF(*(float(part) for part in colors[label][:3])))
            with QSignalBlocker(row.eye):
                row.eye.setChecked(label not in hidden)

    def show_volumes(self, volumes_ml: Mapping[Label, float]) -> None:
        """Show the volume of each label; nothing without a label map."""
        for label, row in self.rows.items():
            row.volume.setText(f"{volumes_ml[label]:.1f}" if label in volumes_ml else "")

    def _add_row(self, label: Label) -> PaletteRow:
        row = PaletteRow(
            ColorButton(f"Choose the colour of {label.name}"),
            toggle_button(label.title, f"Paint {label.title} ({label_key(label)})"),
            QLabel(),
            EyeButton(f"Show {label.name} or hide it ({KEYS['show_label']}: the chosen label)"),
            LockButton(
                f"Lock {label.name}: no tool adds or removes a voxel of it "
                f"({KEYS['lock_label']}: the chosen label)"
            ),
        )
        row.name.setStyleSheet("text-align: left; padding: 3px;")
        row.volume.setToolTip(f"Volume of {label.name} in ml")
        row.volume.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.volume.setMinimumWidth(row.volume.fontMetrics().horizontalAdvance("000.0") + 4)
        row.name.clicked.connect(lambda: self.label_chosen.emit(int(label)))
        row.color.clicked.connect(lambda: self.color_requested.emit(label))
        row.eye.toggled.connect(lambda on: self.shown_changed.emit(label, on))
        row.lock.toggled.connect(lambda on: self.locked_changed.emit(label, on))
        self._names.addButton(row.name)
        at = self._grid.rowCount()
        widgets = (row.color, row.name, row.volume, row.eye, row.lock)
        for column, widget in enumerate(widgets):
            self._grid.addWidget(widget, at, column)
        return row

    def _over_row(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.addWidget(QLabel("Paint over"))
        self.over = QComboBox()
        self.over.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        for over, text in OVER_TEXTS.items():
            self.over.addItem(text, over)
        self.over.setToolTip(f"What every tool may change ({KEYS['paint_over']}: the next)")
        self.over.activated.connect(
            lambda index: self.paint_over_changed.emit(list(OVER_TEXTS)[index])
        )
        line.addWidget(self.over, 1)
        return line
