"""The tables of the panel "Follow-up": the time points, and the figures of one region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

MAX_ROWS = 8
"""More are scrolled."""


@dataclass(frozen=True)
class PointRow:
    """A time point as the table lists it.

    Attributes
    ----------
    name
        The time point's.
    when
        The time its name told; empty where it told none.
    labels
        Whether it has a label map, in words.
    details
        For the tool tip.
    """

    name: str
    when: str
    labels: str
    details: str = ""


class _Table(QTableWidget):
    """As high as its rows, up to `MAX_ROWS`; never wider than the panel."""

    def __init__(self, titles: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(0, len(titles), parent)
        self.setHorizontalHeaderLabels(list(titles))
        self.verticalHeader().setVisible(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)

    def sizeHint(self) -> QSize:
        """All rows, up to `MAX_ROWS`."""
        shown = max(2, min(MAX_ROWS, self.rowCount()))
        row = self.verticalHeader().defaultSectionSize()
        bar = self.horizontalScrollBar().sizeHint().height()
        height = self.horizontalHeader().sizeHint().height() + shown * row + bar + 2
        return QSize(200, height)

    def minimumSizeHint(self) -> QSize:
        """The same height; the panel decides the width."""
        return QSize(120, self.sizeHint().height())


class TimePointTable(_Table):
    """Time points with a tick each; when they were can be edited."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(("Time point", "When", "Label map"), parent)
        self.horizontalHeader().setStretchLastSection(True)
        self.setToolTip(
            "Tick two or more. When: a date (2024-01-31), 'week 12', or a running number."
        )
        self.itemChanged.connect(lambda _item: self.edited.emit())

    def set_rows(self, rows: Sequence[PointRow]) -> None:
        """Show these, all ticked."""
        self.blockSignals(True)
        self.setRowCount(len(rows))
        for number, row in enumerate(rows):
            name = QTableWidgetItem(row.name)
            name.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
            name.setCheckState(Qt.CheckState.Checked)
            labels = QTableWidgetItem(row.labels)
            labels.setFlags(Qt.ItemFlag.ItemIsEnabled)
            for column, item in enumerate((name, QTableWidgetItem(row.when), labels)):
                item.setToolTip(row.details)
                self.setItem(number, column, item)
        self.blockSignals(False)
        self.updateGeometry()
        self.edited.emit()

    def ticked(self) -> list[tuple[str, str]]:
        """Name and time of each ticked time point, as they stand now."""
        return [
            (self.item(row, 0).text(), self.item(row, 1).text().strip())
            for row in range(self.rowCount())
            if self.item(row, 0).checkState() == Qt.CheckState.Checked
        ]


class FiguresTable(_Table):
    """The figures of a region over time; what crosses a threshold is bold."""

    def __init__(self, parent: QWidget | None = None) -> None:
        titles = ("", "ml", "base", "nadir", "mm\u00b2", "base", "nadir")
        super().__init__(titles, parent)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setToolTip(
            "Volume, and the products of the diameters of the two largest measurable lesions; "
            "change against the first time point and against the smallest value before."
        )

    def set_rows(self, rows: Sequence[tuple[Sequence[str], str]]) -> None:
        """Show these cells; the text beside them names the thresholds a row crosses, if any."""
        self.setRowCount(len(rows))
        for number, (cells, crossed) in enumerate(rows):
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                if column:
                    item.setTextAlignment(
                        int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                    )
                font = item.font()
                font.setBold(bool(crossed))
                item.setFont(font)
                item.setToolTip(crossed)
                self.setItem(number, column, item)
        self.updateGeometry()
