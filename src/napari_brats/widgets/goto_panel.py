"""The section "Go to": largest cross-sections, the list of lesions, bookmarks. Knows no viewer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_brats.core.labels import REGIONS, Region
from napari_brats.metrics.sights import LesionSight
from napari_brats.widgets.keys import READING_KEYS
from napari_brats.widgets.message import MessageLabel
from napari_brats.widgets.metrics_tables import CompactTable
from napari_brats.widgets.toggle_button import button_row
from napari_brats.widgets.watched_panel import WatchedPanel
from napari_brats.workspace.bookmarks import Bookmark

MAX_ROWS = 6
"""Lesions and bookmarks that are seen at once; the others are scrolled to."""

NO_LABELS = "There is no label map to look for lesions in."
NO_LESIONS = "The label map holds no lesion of this kind."

_LARGEST_KEYS = {Region.WT: "largest_wt", Region.TC: "largest_tc", Region.ET: "largest_et"}


class GoToPanel(WatchedPanel):
    """Emits where the user wants to go; shows where one can go."""

    largest_requested = Signal(object)  # Region
    lesion_requested = Signal(object)  # LesionSight
    step_requested = Signal(int)  # so many lesions on
    regions_changed = Signal()
    bookmark_added = Signal(str)  # its note
    bookmark_requested = Signal(int)  # its number
    bookmark_deleted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(6, 6, 6, 6)
        self._layout.setSpacing(4)
        self._lesions: tuple[LesionSight, ...] = ()
        self._add_largest_row()
        self._add_lesions()
        self._add_bookmarks()
        self.show_no_lesions(NO_LABELS)
        self.show_bookmarks(())

    @property
    def regions(self) -> tuple[Region, ...]:
        """The regions whose lesions are wanted."""
        chosen = self._region.currentData()
        return REGIONS if chosen is None else (chosen,)

    @property
    def lesions(self) -> tuple[LesionSight, ...]:
        """Those that are listed."""
        return self._lesions

    def show_lesions(self, lesions: Sequence[LesionSight]) -> None:
        """List these, in this order; nothing is chosen until the user goes to one."""
        self._lesions = tuple(lesions)
        with QSignalBlocker(self.table):
            self.table.setRowCount(len(self._lesions))
            for row, lesion in enumerate(self._lesions):
                cells = (lesion.region.value, f"{lesion.volume_ml:.3g}", _place(lesion.voxel))
                for column, text in enumerate(cells):
                    item = QTableWidgetItem(text)
                    item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                    self.table.setItem(row, column, item)
            self.table.clearSelection()
            self.table.setCurrentCell(-1, -1)
        self.table.setVisible(bool(self._lesions))
        self.table.updateGeometry()
        self._message.show_note("" if self._lesions else NO_LESIONS)

    def show_no_lesions(self, reason: str, *, is_error: bool = False) -> None:
        """List nothing and say why."""
        self.show_lesions(())
        if is_error:
            self._message.show_error(reason)
        else:
            self._message.show_note(reason)

    def mark_lesion(self, number: int) -> None:
        """Show which lesion was gone to."""
        with QSignalBlocker(self.table):
            self.table.selectRow(number)

    def show_bookmarks(self, bookmarks: Sequence[Bookmark]) -> None:
        """List these bookmarks."""
        self.bookmarks.clear()
        for bookmark in bookmarks:
            item = QListWidgetItem(bookmark.note or f"voxel {_place(bookmark.voxel)}")
            item.setToolTip(f"voxel {_place(bookmark.voxel)}")
            self.bookmarks.addItem(item)
        rows = min(len(bookmarks), MAX_ROWS)
        self.bookmarks.setFixedHeight(rows * self.bookmarks.sizeHintForRow(0) + 6 if rows else 0)
        self.bookmarks.setVisible(bool(bookmarks))
        self._delete.setEnabled(False)

    def show_error(self, text: str) -> None:
        """Say what was refused."""
        self._message.show_error(text)

    def take_note(self) -> str:
        """The note that was typed for the next bookmark; the field is empty then."""
        note = self.note.text().strip()
        self.note.clear()
        return note

    def _add_largest_row(self) -> None:
        box, row = button_row()
        row.addWidget(QLabel("Largest"))
        for region in REGIONS:
            key = READING_KEYS[_LARGEST_KEYS[region]][0]
            tip = f"Largest cross-section of {region.title} in the plane looked at ({key})"
            row.addWidget(_button(region.value, tip, lambda r=region: self._ask_largest(r)))
        self._layout.addWidget(box)

    def _add_lesions(self) -> None:
        box, row = button_row()
        self._region = QComboBox()
        self._region.setToolTip("The regions whose lesions are listed")
        self._region.addItem("All lesions", None)
        for region in REGIONS:
            self._region.addItem(f"Lesions of {region.value}", region)
        self._region.currentIndexChanged.connect(lambda _: self.regions_changed.emit())
        row.addWidget(self._region, 1)
        before, after = (READING_KEYS[name][0] for name in ("previous_lesion", "next_lesion"))
        back = _button("Previous", f"Previous lesion ({before})", lambda: self._ask_step(-1))
        on = _button("Next", f"Next lesion ({after})", lambda: self._ask_step(1))
        row.addWidget(back)
        row.addWidget(on)
        self._layout.addWidget(box)
        self.table = CompactTable(["Region", "ml", "Voxel"], MAX_ROWS)
        self.table.verticalHeader().hide()
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setTabKeyNavigation(False)
        self.table.setToolTip(
            "Connected parts of each region, the largest first, at most 200 of each. A click moves "
            "the views to its largest cross-section."
        )
        self.table.cellClicked.connect(lambda row, _: self._ask_lesion(row))
        self.table.currentCellChanged.connect(lambda row, *_: self._ask_lesion(row))
        self._layout.addWidget(self.table)
        self._message = MessageLabel()
        self._layout.addWidget(self._message)

    def _add_bookmarks(self) -> None:
        box, row = button_row()
        self.note = QLineEdit()
        self.note.setPlaceholderText("Note of the next bookmark")
        self.note.setToolTip("Press Enter to mark this place")
        self.note.returnPressed.connect(self._ask_bookmark)
        row.addWidget(self.note, 1)
        key = READING_KEYS["bookmark"][0]
        row.addWidget(_button("Mark", f"Bookmark of this place ({key})", self._ask_bookmark))
        self._delete = _button("Delete", "Delete the chosen bookmark", self._ask_delete)
        row.addWidget(self._delete)
        self._layout.addWidget(box)
        self.bookmarks = QListWidget()
        self.bookmarks.setToolTip("A click moves the views there")
        self.bookmarks.itemClicked.connect(lambda item: self._ask_place(self.bookmarks.row(item)))
        self.bookmarks.currentRowChanged.connect(lambda row: self._delete.setEnabled(row >= 0))
        self._layout.addWidget(self.bookmarks)

    def _ask_largest(self, region: Region) -> None:
        self.largest_requested.emit(region)

    def _ask_step(self, lesions: int) -> None:
        self.step_requested.emit(lesions)

    def _ask_lesion(self, row: int) -> None:
        if 0 <= row < len(self._lesions):
            self.lesion_requested.emit(self._lesions[row])

    def _ask_bookmark(self) -> None:
        self.bookmark_added.emit(self.take_note())

    def _ask_place(self, row: int) -> None:
        self.bookmark_requested.emit(row)

    def _ask_delete(self) -> None:
        if self.bookmarks.currentRow() >= 0:
            self.bookmark_deleted.emit(self.bookmarks.currentRow())


def _button(text: str, tooltip: str, action: Callable[[], object]) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tooltip)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    button.clicked.connect(lambda _=False: action())
    return button


def _place(voxel: tuple[int, int, int]) -> str:
    return " ".join(str(at) for at in voxel)
