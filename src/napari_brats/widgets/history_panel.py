"""The steps that were made on the label map; a click on one goes back, or forth, to it."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QAbstractListModel, QModelIndex, QSignalBlocker, QSize, Qt, Signal
from qtpy.QtGui import QFont, QShowEvent
from qtpy.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListView,
    QPushButton,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_brats.core.edits.history import History, Record
from napari_brats.core.labels import Label

LIST_LINES = 8
LIMITS_MB = (1, 16384)


class StepModel(QAbstractListModel):
    """The rows: how the label map began, then one per step, oldest first."""

    def __init__(self) -> None:
        super().__init__()
        self._history: History | None = None

    def show_history(self, history: History | None) -> None:
        """Show these steps as they are now; none without a label map."""
        self.beginResetModel()
        self._history = history
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """One more than there are steps."""
        return 0 if self._history is None else len(self._history) + 1

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The text of a row; what was undone is in italics."""
        if self._history is None or not index.isValid():
            return None
        row = index.row()
        if role == Qt.ItemDataRole.DisplayRole:
            return step_text(self._history[row - 1]) if row else beginning_text(self._history)
        if role == Qt.ItemDataRole.FontRole and row > self._history.done:
            font = QFont()
            font.setItalic(True)
            return font
        if role == Qt.ItemDataRole.ToolTipRole:
            return (
                "Undone: click to redo it and all before it"
                if (row > self._history.done)
                else "Click to go back to right after this"
            )
        return None


class HistoryPanel(QWidget):
    """Undo, redo, and the list that unfolds below them. Emits what the user wants."""

    undo_requested = Signal()
    redo_requested = Signal()
    step_requested = Signal(int)  # how many steps shall be done
    limit_changed = Signal(int)  # MB that the steps of a label map may take

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._history: History | None = None
        self.undo = _button("Undo", "Undo the last step, of whatever tool (Ctrl+Z)")
        self.redo = _button("Redo", "Redo what was undone (Ctrl+Shift+Z)")
        self.undo.clicked.connect(self.undo_requested)
        self.redo.clicked.connect(self.redo_requested)
        self.unfold = QToolButton()
        self.unfold.setText("Steps")
        self.unfold.setToolTip("All steps: a click on one goes back or forth to it")
        self.unfold.setCheckable(True)
        self.unfold.setAutoRaise(True)
        self.unfold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.unfold.setArrowType(Qt.ArrowType.RightArrow)
        self.unfold.toggled.connect(self._on_unfold)
        self._model = StepModel()
        self.list = _StepList()
        self.list.setModel(self._model)
        self.list.setVisible(False)
        self.list.clicked.connect(lambda index: self.step_requested.emit(index.row()))
        self._limit_box, self.limit_mb = self._limit_row()
        row = QHBoxLayout()
        row.setSpacing(2)
        for widget in (self.undo, self.redo, self.unfold):
            row.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self.list)
        column.addWidget(self._limit_box)

    def show_history(self, history: History | None) -> None:
        """Show the steps as they are now; call it after each."""
        self._history = history
        done, count = (0, 0) if history is None else (history.done, len(history))
        self.undo.setEnabled(done > 0)
        self.redo.setEnabled(done < count)
        self.unfold.setText(f"Steps: {done}" if done == count else f"Steps: {done} of {count}")
        if self.list.isVisible():
            self._fill()

    def show_limit(self, limit_mb: int) -> None:
        """Show how much memory the steps may take, in MB."""
        with QSignalBlocker(self.limit_mb):
            self.limit_mb.setValue(limit_mb)

    def _limit_row(self) -> tuple[QWidget, QSpinBox]:
        box = QWidget()
        row = QHBoxLayout(box)
        row.setContentsMargins(0, 0, 0, 0)
        spin = QSpinBox()
        spin.setRange(*LIMITS_MB)
        spin.setSingleStep(64)
        spin.setSuffix(" MB")
        spin.setKeyboardTracking(False)
        spin.setToolTip("When the steps of a label map take more, the oldest are forgotten")
        spin.valueChanged.connect(self.limit_changed)
        row.addWidget(QLabel("Memory for steps"))
        row.addWidget(spin, 1)
        box.setVisible(False)
        return box, spin

    def _on_unfold(self, on: bool) -> None:
        self.unfold.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow)
        self.list.setVisible(on)
        self._limit_box.setVisible(on)
        if on:
            self._fill()

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what happened while nobody saw it."""
        super().showEvent(event)
        if self.unfold.isChecked():
            self._fill()

    def _fill(self) -> None:
        self._model.show_history(self._history)
        if self._history is not None:
            now = self._model.index(self._history.done)
            self.list.setCurrentIndex(now)
            self.list.scrollTo(now)


class _StepList(QListView):
    """Some lines high, however many there are."""

    def __init__(self) -> None:
        super().__init__()
        self.setUniformItemSizes(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedHeight(LIST_LINES * (self.fontMetrics().height() + 4))

    def sizeHint(self) -> QSize:
        """As wide as the panel wants."""
        return QSize(0, self.height())


def step_text(record: Record) -> str:
    """Tool, label, voxels and time of a step."""
    known = record.label in list(Label)
    label = "" if record.label is None else Label(record.label).name if known else record.label
    label = "background" if record.label == 0 else label
    voxels = record.change.voxels
    count = "1 voxel" if voxels == 1 else f"{voxels:,} voxels".replace(",", " ")
    parts = [record.tool, str(label), count]
    return f"{record.finished:%H:%M:%S}  " + ", ".join(part for part in parts if part)


def beginning_text(history: History) -> str:
    """What the first row says."""
    if not history.dropped:
        return "As it was opened"
    limit = f"{history.limit_bytes / 2**20:.0f} MB"
    return f"{history.dropped} older steps are gone: together they took more than {limit}"


def _button(text: str, tooltip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tooltip)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return button
