"""The two tables of the section "Metrics": metrics by region, and lesions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qtpy.QtCore import QSignalBlocker, QSize, Qt, Signal
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from napari_brats.core.labels import REGIONS, Region
from napari_brats.metrics.score import RegionScore
from napari_brats.widgets.metrics_values import DASH, LesionRow, MetricRow

COMPACT = """
QTableView { font-size: 11px; }
QTableView::item { padding: 0px; }
QHeaderView::section { font-size: 11px; padding: 1px 3px; }
"""
"""Four digits fit three columns beside the names, in the narrow dock of a small window."""

MAX_LESIONS = 7
"""Lines of the list of lesions that are seen at once; the others are scrolled to."""


class CompactTable(QTableWidget):
    """Read-only, as high as its rows, no wider than its dock."""

    def __init__(self, columns: Sequence[str], max_rows: int | None = None) -> None:
        super().__init__(0, len(columns))
        self._max_rows = max_rows
        self.setHorizontalHeaderLabels(list(columns))
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setMinimumSectionSize(30)
        self.horizontalHeader().setHighlightSections(False)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        if max_rows is None:
            self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrap(False)
        self.setStyleSheet(COMPACT)

    def sizeHint(self) -> QSize:
        """As high as its rows, or as the first of them."""
        shown = [row for row in range(self.rowCount()) if not self.isRowHidden(row)]
        heights = sum(self.rowHeight(row) for row in shown[: self._max_rows])
        header = self.horizontalHeader().sizeHint().height()
        return QSize(0, header + heights + 2 * self.frameWidth())

    def minimumSizeHint(self) -> QSize:
        """No width of its own: the panel decides."""
        return self.sizeHint()


class MetricsTable(CompactTable):
    """Metrics downwards, regions across: so it fits a narrow dock."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__([region.value for region in REGIONS])
        self._rows: tuple[MetricRow, ...] = ()
        for column, region in enumerate(REGIONS):
            self.horizontalHeaderItem(column).setToolTip(region.title)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.verticalHeader().setDefaultAlignment(
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        )

    def set_rows(self, rows: Sequence[MetricRow]) -> None:
        """Show these metrics, with dashes until scores come."""
        self._rows = tuple(rows)
        self.setRowCount(len(rows))
        for index, row in enumerate(rows):
            header = QTableWidgetItem(row.title)
            header.setToolTip(row.tip)
            self.setVerticalHeaderItem(index, header)
            for column in range(len(REGIONS)):
                item = QTableWidgetItem(DASH)
                item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                self.setItem(index, column, item)
        self.updateGeometry()

    def show_scores(self, regions: Mapping[Region, RegionScore]) -> None:
        """Fill the cells; an empty mapping fills them with dashes."""
        for column, region in enumerate(REGIONS):
            score = regions.get(region)
            for index, row in enumerate(self._rows):
                item = self.item(index, column)
                item.setText(DASH if score is None else row.cell(score))
                _set_italic(item, score is not None and row.is_by_policy(score))


class LesionTable(CompactTable):
    """One line per lesion; emits `lesion_chosen` on a click, the arrow keys or Enter."""

    lesion_chosen = Signal(object)  # LesionRow

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(["Region", "ml", "Dice", "HD95 mm", "Lesion"], MAX_LESIONS)
        self._shown: tuple[LesionRow, ...] = ()
        self.verticalHeader().hide()
        for column in (0, 3, 4):
            how = QHeaderView.ResizeMode.ResizeToContents
            self.horizontalHeader().setSectionResizeMode(column, how)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setToolTip(
            "Lesions as BraTS scores them, the largest of each region first; in brackets: too "
            "small to count. A click moves the views there."
        )
        self.setVisible(False)
        self.currentCellChanged.connect(self._on_row_changed)
        self.cellClicked.connect(lambda row, _column: self._choose(row))  # the same one once more

    def show_lesions(self, rows: Sequence[LesionRow]) -> None:
        """List these; the one that was chosen stays so where it is still there."""
        rows = tuple(rows)
        if rows == self._shown:
            return
        current = self.currentRow()
        chosen = self._shown[current] if 0 <= current < len(self._shown) else None
        self._shown = rows
        with QSignalBlocker(self):
            self.setRowCount(len(rows))
            for index, row in enumerate(rows):
                for column, text in enumerate(row.cells):
                    self._set_cell(index, column, text)
            again = next((i for i, r in enumerate(rows) if chosen and _same(r, chosen)), -1)
            self.setCurrentCell(again, 0)
            if again < 0:
                self.clearSelection()
        self.setVisible(bool(rows))
        self.updateGeometry()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter goes to the chosen lesion once more."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentRow() >= 0:
            self._choose(self.currentRow())
            return
        super().keyPressEvent(event)

    def _set_cell(self, index: int, column: int, text: str) -> None:
        item = self.item(index, column)
        if item is None:
            item = QTableWidgetItem()
            item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
            self.setItem(index, column, item)
        item.setText(text)

    def _on_row_changed(self, row: int, _column: int, former: int, _former_column: int) -> None:
        if row != former:
            self._choose(row)

    def _choose(self, row: int) -> None:
        if 0 <= row < len(self._shown):
            self.lesion_chosen.emit(self._shown[row])


def _set_italic(item: QTableWidgetItem, italic: bool) -> None:
    font = item.font()
    if font.italic() != italic:
        font.setItalic(italic)
        item.setFont(font)


def _same(one: LesionRow, other: LesionRow) -> bool:
    """Whether it is the same lesion after an edit: of one region, with its centre close by."""
    gap = sum(abs(a - b) for a, b in zip(one.lesion.centre, other.lesion.centre, strict=True))
    return one.region is other.region and gap < 3
