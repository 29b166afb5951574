"""The buttons that write a report or its tables, below those that save the mask."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_brats.core.progress import Progress
from napari_brats.widgets.message import MessageLabel
from napari_brats.widgets.run_progress import RunProgress

PAGES = "PDF, one A4 page (*.pdf);;HTML, one file (*.html);;JSON (*.json)"
TABLES = "Tables as CSV (*.csv)"
TIP = (
    "One page on the active case and its label map as it is now, unsaved edits included. It shows "
    "the case id and file names; no patient name."
)
TABLES_TIP = "Volumes, diameters and shape of every lesion, with units in the column names"


class ReportPanel(QWidget):
    """Asks for a file and emits `report_requested`; shows how far it is."""

    report_requested = Signal(object)  # Path, which may be replaced
    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.stem = Path("report")
        self._blocker, self._running = "", False
        self.report_button = QPushButton("Report\u2026")
        self.tables_button = QPushButton("Tables as CSV\u2026")
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setToolTip("End the report; no file is written")
        self.progress = RunProgress()
        self.message = MessageLabel()
        self._lay_out()
        self.report_button.clicked.connect(lambda: self._ask_path(".pdf", PAGES))
        self.tables_button.clicked.connect(lambda: self._ask_path(".csv", TABLES))
        self.cancel_button.clicked.connect(self.cancel_requested)
        self._refresh()

    def set_target(self, stem: Path, blocker: str) -> None:
        """Offer files of this path and stem; say why none can be made, if so."""
        self.stem, self._blocker = stem, blocker
        self._refresh()

    def set_running(self, running: bool) -> None:
        """Show that a report is being made, or is done."""
        self._running = running
        if running:
            self.message.clear_message()
        self.progress.set_running(running)
        self._refresh()

    def show_progress(self, progress: Progress) -> None:
        """Show how far it is."""
        self.progress.show_progress(progress)

    def show_message(self, text: str, *, is_error: bool = False) -> None:
        """Say how it went."""
        (self.message.show_error if is_error else self.message.show_note)(text)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        for button in (self.report_button, self.tables_button):
            row.addWidget(button, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 0, 6, 6)
        layout.addLayout(row)
        for widget in (self.progress, self.cancel_button, self.message):
            layout.addWidget(widget)

    def _refresh(self) -> None:
        for button, tip in ((self.report_button, TIP), (self.tables_button, TABLES_TIP)):
            button.setEnabled(not self._running and not self._blocker)
            button.setToolTip(self._blocker or tip)
        self.cancel_button.setVisible(self._running)

    def _ask_path(self, suffix: str, filters: str) -> None:
        proposed = self.stem.with_name(self.stem.name + suffix)
        path, chosen = QFileDialog.getSaveFileName(self, "Save the report", str(proposed), filters)
        if path:
            self.report_requested.emit(with_suffix(Path(path), chosen or filters))


def with_suffix(path: Path, chosen_filter: str) -> Path:
    """The path as typed if it has a known suffix, else with that of the chosen filter."""
    from napari_brats.report.documents import SUFFIXES

    if path.suffix.lower() in SUFFIXES:
        return path
    suffix = chosen_filter.split(";;", maxsplit=1)[0].rsplit("*", 1)[1].rstrip(")")
    return path.with_name(path.name + suffix)
