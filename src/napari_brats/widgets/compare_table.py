"""The list of differences in the section "Compare": thousands of lines cost nothing until seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from qtpy.QtCore import QAbstractTableModel, QItemSelectionModel, QModelIndex, QSize, Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from napari_brats.core.edits.differences import Part
from napari_brats.core.labels import Label
from napari_brats.widgets.compare_decisions import Verdict
from napari_brats.widgets.metrics_tables import COMPACT

COLUMNS = ("Taken", "mm\u00b3", "Kind", "A \u2192 B", "Place")
MAX_LINES = 7
"""That are seen at once; the others are scrolled to."""

_CENTRED = Qt.AlignmentFlag.AlignCenter
_TICKS = {Verdict.A: "\u2713 A", Verdict.B: "\u2713 B", Verdict.PAINTED: "\u2713 own"}


class DifferenceModel(QAbstractTableModel):
    """Parts of a disagreement, and what was decided of each."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.items: Sequence[Part] = ()
        self._verdicts: Mapping[int, Verdict] = {}
        self._place_of: Callable[[Part], str] = lambda _part: ""

    def show(self, items: Sequence[Part], place_of: Callable[[Part], str]) -> None:
        """List these; ``place_of`` says in a few letters where one lies."""
        self.beginResetModel()
        self.items, self._place_of, self._verdicts = items, place_of, {}
        self.endResetModel()

    def show_verdicts(self, verdicts: Mapping[int, Verdict]) -> None:
        """Tick what is decided (by the numbers of the parts), and nothing else."""
        self._verdicts = verdicts
        if self.items:
            last = self.index(len(self.items) - 1, 0)
            self.dataChanged.emit(self.index(0, 0), last)

    def is_decided(self, row: int) -> bool:
        """Whether a line is ticked."""
        return self.items[row].number in self._verdicts

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """One line per part."""
        return 0 if parent is not None and parent.isValid() else len(self.items)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """Always the same."""
        return len(COLUMNS)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The text of a cell."""
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _CENTRED
        if role != Qt.ItemDataRole.DisplayRole or not index.isValid():
            return None
        part = self.items[index.row()]
        verdict = self._verdicts.get(part.number)
        return (
            "" if verdict is None else _TICKS[verdict],
            f"{part.volume_mm3:.0f}" if part.volume_mm3 >= 10 else f"{part.volume_mm3:.1f}",
            part.kind.title,
            " \u2192 ".join(_label(value) for value in part.labels),
            self._place_of(part),
        )[index.column()]

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        """The names of the columns."""
        is_name = role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal
        return COLUMNS[section] if is_name else None


class DifferenceTable(QTableView):
    """Emits `part_chosen` on a click, the arrow keys or Enter."""

    part_chosen = Signal(object)  # Part

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model_ = DifferenceModel(self)
        self.setModel(self.model_)
        self.setStyleSheet(COMPACT)
        self.setWordWrap(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.horizontalHeader()
        header.setMinimumSectionSize(30)
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setStretchLastSection(True)
        for column, text in enumerate(("\u2713 own ", "000000", "other label", "NCR \u2192 CYST")):
            header.resizeSection(column, self.fontMetrics().horizontalAdvance(text))
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 4)
        self.setToolTip(
            "Where A and B differ, part by part, from large to small: volume, kind, the most "
            "frequent labels, and the place in scanner mm (Right/Left, Anterior/Posterior, "
            "Superior/Inferior). A click moves the views there."
        )
        self.selectionModel().currentRowChanged.connect(lambda now, _former: self._tell(now.row()))
        self.activated.connect(lambda index: self._tell(index.row()))
        self.clicked.connect(lambda index: self._tell(index.row()))  # the same one once more
        self.setVisible(False)

    def show_parts(self, items: Sequence[Part], place_of: Callable[[Part], str]) -> None:
        """List these, with none chosen."""
        self.model_.show(items, place_of)
        self.setVisible(bool(items))
        self.updateGeometry()

    @property
    def chosen(self) -> Part | None:
        """The part of the chosen line."""
        row = self.currentIndex().row()
        return self.model_.items[row] if 0 <= row < len(self.model_.items) else None

    def step(self, by: int) -> bool:
        """Choose the next (1) or former (-1) line that is not decided; False without one."""
        count = self.model_.rowCount()
        start = self.currentIndex().row()
        if start < 0 and by < 0:
            start = 0
        for offset in range(1, count + 1):
            row = (start + by * offset) % count
            if not self.model_.is_decided(row):
                self._choose(row)
                return True
        return False

    def sizeHint(self) -> QSize:
        """As high as its first lines."""
        lines = min(self.model_.rowCount(), MAX_LINES)
        height = self.horizontalHeader().sizeHint().height()
        height += lines * self.verticalHeader().defaultSectionSize() + 2 * self.frameWidth()
        return QSize(0, height)

    def minimumSizeHint(self) -> QSize:
        """No width of its own: the panel decides."""
        return self.sizeHint()

    def _choose(self, row: int) -> None:
        index = self.model_.index(row, 0)
        flags = QItemSelectionModel.SelectionFlag
        if index.row() == self.currentIndex().row():
            self._tell(row)
        self.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
        self.scrollTo(index)

    def _tell(self, row: int) -> None:
        if 0 <= row < len(self.model_.items):
            self.part_chosen.emit(self.model_.items[row])


def _label(value: int) -> str:
    known = value in {int(label) for label in Label}
    return (Label(value).name if value else "\u2013") if known else str(value)
