"""Table and contact sheet of a worklist: two views of one model with one selection."""

from __future__ import annotations

from qtpy.QtCore import QModelIndex, QSize, Qt, Signal
from qtpy.QtGui import QIcon
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QListView,
    QSizePolicy,
    QStackedWidget,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from napari_brats.widgets.worklist_model import (
    CASE,
    DICE,
    IMAGES,
    KEY_ROLE,
    MASK,
    NOTE,
    PICTURE_ROLE,
    REVIEWER,
    STATUS,
    WorklistFilter,
)

PICTURE_PX = 96
LINE_SEPARATOR = "\u2028"
"""Where Qt breaks the text of an item."""

_WIDTHS = {CASE: 132, STATUS: 96, DICE: 44, IMAGES: 64, MASK: 44, REVIEWER: 72, NOTE: 160}
"""The first three fit into the narrowest dock; the others are scrolled to."""


class SheetDelegate(QStyledItemDelegate):
    """Draws a case as its picture above its id and status."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Picture and two lines of text."""
        super().initStyleOption(option, index)
        option.features |= QStyleOptionViewItem.ViewItemFeature.HasDecoration
        option.decorationSize = QSize(PICTURE_PX, PICTURE_PX)
        if picture := index.data(PICTURE_ROLE):
            option.icon = QIcon(picture)
        status = index.sibling(index.row(), STATUS).data()
        dice = index.sibling(index.row(), DICE).data()
        room = PICTURE_PX + 8
        name = option.fontMetrics.elidedText(option.text, Qt.TextElideMode.ElideMiddle, room)
        option.text = f"{name}{LINE_SEPARATOR}{status}{f', {dice}' if dice else ''}"


class WorklistViews(QStackedWidget):
    """Shows the filtered worklist as a table or as a contact sheet."""

    chosen = Signal(str)  # key of the case that was selected; empty for none
    open_requested = Signal(str)

    def __init__(self, model: WorklistFilter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.table = _table(model)
        self.sheet = _sheet(model)
        self.sheet.setSelectionModel(self.table.selectionModel())
        for view in (self.table, self.sheet):
            self.addWidget(view)
            view.activated.connect(lambda index: self.open_requested.emit(index.data(KEY_ROLE)))
        self.table.selectionModel().currentRowChanged.connect(self._on_current)

    def sizeHint(self) -> QSize:
        """Some ten lines; more where there is room."""
        return QSize(300, 260)

    def show_sheet(self, is_sheet: bool) -> None:
        """Show pictures instead of lines."""
        self.setCurrentWidget(self.sheet if is_sheet else self.table)
        self.scroll_to(self.current_key())

    def current_key(self) -> str:
        """Key of the selected case; empty if none is."""
        index = self.table.selectionModel().currentIndex()
        return index.data(KEY_ROLE) if index.isValid() else ""

    def select(self, key: str) -> None:
        """Select a case if it is shown, and scroll to it."""
        keys = self._model.shown_keys()
        if key in keys:
            self.table.setCurrentIndex(self._model.index(keys.index(key), CASE))
            self.scroll_to(key)

    def scroll_to(self, key: str) -> None:
        """Bring a case into view."""
        keys = self._model.shown_keys()
        if key in keys:
            view = self.currentWidget()
            view.scrollTo(self._model.index(keys.index(key), CASE))

    def visible_keys(self) -> list[str]:
        """The keys of the cases whose pictures can be seen in the sheet now."""
        if self.currentWidget() is not self.sheet:
            return []
        area = self.sheet.viewport().rect()
        indices = [self._model.index(row, CASE) for row in range(self._model.rowCount())]
        return [i.data(KEY_ROLE) for i in indices if self.sheet.visualRect(i).intersects(area)]

    def _on_current(self, index: QModelIndex) -> None:
        self.chosen.emit(index.data(KEY_ROLE) if index.isValid() else "")


def _table(model: WorklistFilter) -> QTableView:
    table = QTableView()
    table.setModel(model)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
    table.setWordWrap(False)
    table.setShowGrid(False)
    table.setAlternatingRowColors(False)
    table.setSortingEnabled(True)
    table.sortByColumn(CASE, Qt.SortOrder.AscendingOrder)
    table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    rows = table.verticalHeader()
    rows.setVisible(False)
    rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    rows.setDefaultSectionSize(table.fontMetrics().height() + 8)
    for column, width in _WIDTHS.items():
        table.setColumnWidth(column, width)
    return table


def _sheet(model: WorklistFilter) -> QListView:
    sheet = QListView()
    sheet.setModel(model)
    sheet.setModelColumn(CASE)
    sheet.setViewMode(QListView.ViewMode.IconMode)
    sheet.setResizeMode(QListView.ResizeMode.Adjust)
    sheet.setMovement(QListView.Movement.Static)
    sheet.setUniformItemSizes(True)
    sheet.setWordWrap(True)
    sheet.setIconSize(QSize(PICTURE_PX, PICTURE_PX))
    sheet.setGridSize(QSize(PICTURE_PX + 12, PICTURE_PX + 2 * sheet.fontMetrics().height() + 12))
    sheet.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    sheet.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    sheet.setItemDelegate(SheetDelegate(sheet))
    return sheet
