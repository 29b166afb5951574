"""The panel "Worklist": list, search, the selected case, runs. Knows no viewer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QShortcut,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_brats.core.progress import Progress
from napari_brats.widgets.choice_box import Choice, ChoiceBox
from napari_brats.widgets.elided_label import ElidedLabel
from napari_brats.widgets.keys import WORKLIST_KEYS
from napari_brats.widgets.message import MessageLabel
from napari_brats.widgets.toggle_button import toggle_button
from napari_brats.widgets.worklist_details import WorklistDetails
from napari_brats.widgets.worklist_model import (
    CASE,
    DICE,
    FILTERS,
    STATUS,
    OtherHolder,
    WorklistFilter,
    WorklistModel,
    details_of,
)
from napari_brats.widgets.worklist_progress import JobBar
from napari_brats.widgets.worklist_views import WorklistViews
from napari_brats.workspace.worklist import WorkCase

_SORTS = (
    Choice(str(CASE), "by id"),
    Choice(str(DICE), "lowest Dice first", "The lowest expected Dice first, the unknown last"),
    Choice(str(STATUS), "by status"),
)


class WorklistPanel(QWidget):
    """Shows cases and says what the user wants done with them."""

    folder_requested = Signal(object)  # Path
    refresh_requested = Signal()
    open_requested = Signal(str)  # key
    step_requested = Signal(int)  # 1: the next case, -1: the previous one
    said = Signal(str, object)  # key, entry name -> value
    segment_requested = Signal()
    export_requested = Signal(object)  # Path
    sheet_shown = Signal(bool)

    def __init__(self, other_holder: OtherHolder, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._other_holder = other_holder
        self.model = WorklistModel(other_holder)
        self.rows = WorklistFilter(self.model, other_holder)
        self.views = WorklistViews(self.rows)
        self.details = WorklistDetails()
        self.scan_bar = JobBar()
        self.run_bar = JobBar()
        self.message = MessageLabel()
        self._last_row = 0
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self._make_controls()
        self._lay_out()
        self._connect()
        self.show_cases((), None)

    def show_cases(self, cases: Sequence[WorkCase], folder: Path | None) -> None:
        """Show the worklist of a folder; without one, how to begin."""
        selected = self.views.current_key()
        self.model.show_cases(cases)
        self.views.select(selected)
        self.place.setText("Open a folder that holds cases." if folder is None else str(folder))
        for widget in (self.views, self.search, self.filter, self.sort, self.sheet_button):
            widget.setVisible(folder is not None)
        acting = (self.segment_button, self.export_button, self.refresh_button)
        for button in (*acting, self.previous_button, self.next_button):
            button.setEnabled(bool(cases))
        self._show_count()
        self._show_details()

    def show_case(self, case: WorkCase) -> None:
        """Show what is known of one case now."""
        self.model.show_case(case)
        self._show_count()
        if case.key == self.views.current_key():
            self._show_details()

    def show_open(self, key: str) -> None:
        """Say which case is open in this window, and select it."""
        self.model.show_open(key)
        self.views.select(key)
        self._remember_row(key)

    def neighbour(self, key: str, step: int) -> str:
        """Key of the case ``step`` rows after the one with ``key``; empty if there is none.

        The order is that of the view. A case that the filter hides by now counts as standing
        before the one that took its place.
        """
        keys = self.rows.shown_keys()
        if key in keys:
            row = keys.index(key) + step
        elif key:
            row = self._last_row if step > 0 else self._last_row - 1
        else:
            row = 0 if step > 0 else len(keys) - 1
        return keys[row] if 0 <= row < len(keys) else ""

    def show_error(self, text: str) -> None:
        """Say what went wrong and what to do; an empty text takes the message away."""
        self.message.show_error(text)

    def show_note(self, text: str) -> None:
        """Say what is worth knowing."""
        self.message.show_note(text)

    def show_running(self, running: bool) -> None:
        """Show that the run over all cases without a mask began or ended."""
        self.segment_button.setEnabled(not running and self.model.rowCount() > 0)
        self.run_bar.show_running(running)

    def show_run(self, progress: Progress, text: str) -> None:
        """Show how far that run is."""
        self.run_bar.show_progress(progress, text)

    def _make_controls(self) -> None:
        self.folder_button = _button("Open folder\u2026", "Choose a folder that holds cases")
        self.refresh_button = _button("Refresh", "Look for new cases and for what others did")
        self.place = ElidedLabel(is_dim=True)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search by id")
        self.search.setClearButtonEnabled(True)
        self.search.setToolTip("Shows the cases whose id holds this")
        self.filter = ChoiceBox()
        self.filter.setMinimumContentsLength(6)
        self.filter.set_choices([Choice(name, title) for name, title in FILTERS.items()])
        self.sort = ChoiceBox()
        self.sort.setMinimumContentsLength(6)
        self.sort.set_choices(_SORTS)
        self.sheet_button = toggle_button("Sheet", "Pictures of the cases instead of lines")
        keys = WORKLIST_KEYS
        self.open_button = _button("Open", "Open the selected case (Enter, or a double click)")
        self.previous_button = _button("Previous", f"The case before ({keys['previous_case']})")
        self.next_button = _button("Next", f"The case after it ({keys['next_case']})")
        self.segment_button = _button(
            "Segment all that lack a mask",
            "In the background, one after the other, with the network, device and mirroring chosen "
            "in the section 'Segment'; each mask is saved beside its images",
        )
        self.export_button = _button("Export CSV\u2026", "The cases as listed, as a table")

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addLayout(_row(self.folder_button, self.refresh_button, self.export_button))
        layout.addWidget(self.place)
        layout.addWidget(self.scan_bar)
        layout.addWidget(self.search)
        layout.addLayout(_row(self.filter, self.sort, self.sheet_button))
        layout.addWidget(self.views, 1)
        layout.addLayout(_row(self.previous_button, self.open_button, self.next_button))
        layout.addWidget(self.details)
        layout.addWidget(self.segment_button)
        layout.addWidget(self.run_bar)
        layout.addWidget(self.message)
        layout.addStretch()  # takes the room of the list while there is none

    def _connect(self) -> None:
        self.folder_button.clicked.connect(self._ask_folder)
        self.refresh_button.clicked.connect(self.refresh_requested)
        self.export_button.clicked.connect(self._ask_export)
        self.segment_button.clicked.connect(self.segment_requested)
        self.open_button.clicked.connect(lambda: self._open(self.views.current_key()))
        self.views.open_requested.connect(self._open)
        self.views.chosen.connect(lambda _key: self._show_details())
        self.next_button.clicked.connect(lambda: self.step_requested.emit(1))
        self.previous_button.clicked.connect(lambda: self.step_requested.emit(-1))
        self.details.said.connect(self.said)
        self.search.textChanged.connect(self._on_search)
        self.filter.choice_changed.connect(self._on_filter)
        self.sort.choice_changed.connect(self._on_sort)
        self.views.table.horizontalHeader().sortIndicatorChanged.connect(self._on_sorted)
        self.sheet_button.toggled.connect(self._on_sheet)
        for name, step in (("next_case", 1), ("previous_case", -1)):  # the viewer has them, too
            key = WORKLIST_KEYS[name].replace("Page", "Pg")  # as Qt calls what napari calls Page
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(lambda step=step: self.step_requested.emit(step))

    def _open(self, key: str) -> None:
        if key:
            self.open_requested.emit(key)

    def _on_search(self, text: str) -> None:
        self.rows.search(text)
        self._show_count()

    def _on_filter(self) -> None:
        self.rows.choose(self.filter.chosen)
        self._show_count()

    def _on_sort(self) -> None:
        if self.sort.chosen:
            self.views.table.sortByColumn(int(self.sort.chosen), Qt.SortOrder.AscendingOrder)

    def _on_sorted(self, column: int, order: Qt.SortOrder) -> None:
        """Let the drop-down say what a click on the table's header chose, if it has words."""
        is_known = order == Qt.SortOrder.AscendingOrder and column in (CASE, DICE, STATUS)
        if is_known:
            self.sort.show_choices(_SORTS, str(column))
        self.views.scroll_to(self.views.current_key())

    def _on_sheet(self, is_sheet: bool) -> None:
        self.views.show_sheet(is_sheet)
        self.sheet_shown.emit(is_sheet)

    def _remember_row(self, key: str) -> None:
        keys = self.rows.shown_keys()
        if key in keys:
            self._last_row = keys.index(key)

    def _show_count(self) -> None:
        shown, all_cases = self.rows.rowCount(), self.model.rowCount()
        count = f"{all_cases} cases" if shown == all_cases else f"{shown} of {all_cases} cases"
        self.search.setPlaceholderText(f"Search by id ({count})" if all_cases else "Search by id")

    def _show_details(self) -> None:
        case = self.model.case(self.views.current_key())
        holder = None if case is None else self._other_holder(case)
        facts = "" if case is None else details_of(case, holder).partition("\n")[2]
        self.details.show_case(case, facts)
        self.open_button.setEnabled(case is not None)

    def _ask_folder(self) -> None:
        if folder := QFileDialog.getExistingDirectory(self, "A folder of cases"):
            self.folder_requested.emit(Path(folder))

    def _ask_export(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Export", "worklist.csv", "CSV (*.csv)")
        if path:
            self.export_requested.emit(Path(path))


def _button(text: str, tooltip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tooltip)
    return button


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    for widget in widgets:
        row.addWidget(widget, 1)
    return row
