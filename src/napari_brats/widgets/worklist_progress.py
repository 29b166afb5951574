"""A bar for one job of the worklist, with its words and a button to cancel it."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QGridLayout, QProgressBar, QPushButton, QWidget

from napari_brats.core.progress import Progress
from napari_brats.widgets.elided_label import ElidedLabel


class JobBar(QWidget):
    """Hidden while nothing runs; emits `cancel_requested`."""

    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.words = ElidedLabel()
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setToolTip("Stop; what is finished stays")
        self.cancel_button.clicked.connect(self.cancel_requested)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.bar, 0, 0)
        layout.addWidget(self.cancel_button, 0, 1)
        layout.addWidget(self.words, 1, 0, 1, 2)
        layout.setColumnStretch(0, 1)
        self.show_running(False)

    def show_running(self, running: bool) -> None:
        """Show that the job began or ended."""
        if running:
            self.bar.setRange(0, 0)  # busy until the first progress comes
            self.words.setText("")
        self.setVisible(running)

    def show_progress(self, progress: Progress, text: str = "") -> None:
        """Show how far it is; by default in the job's own words."""
        self.bar.setRange(0, progress.total)
        self.bar.setValue(progress.done)
        self.words.setText(text or progress.message)
