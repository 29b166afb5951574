"""The section "Anomaly and denoising": two methods to choose, two buttons. Knows no engine."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QGridLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_brats.core.progress import Progress
from napari_brats.widgets.choice_box import Choice, ChoiceBox
from napari_brats.widgets.message import MessageLabel
from napari_brats.widgets.run_progress import RunProgress

ANOMALY_TIP = "Where the brain looks unlike a healthy one, from 0 to 1, as a new layer"
DENOISE_TIP = "The modalities without their noise, as new layers; the images stay as they are"


class AnomalyPanel(QWidget):
    """Emits `anomaly_requested` or `denoise_requested` with a method, and `cancel_requested`."""

    anomaly_requested = Signal(str)
    denoise_requested = Signal(str)
    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.anomaly_box = ChoiceBox()
        self.anomaly_button = QPushButton("Map anomalies")
        self.denoise_box = ChoiceBox()
        self.denoise_button = QPushButton("Denoise")
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setToolTip("End what is being computed; nothing is added")
        self.progress = RunProgress()
        self.message = MessageLabel()
        self._running = False
        self._blocker = "Open a case first."
        self._lay_out()
        self.anomaly_button.clicked.connect(
            lambda: self.anomaly_requested.emit(self.anomaly_box.chosen)
        )
        self.denoise_button.clicked.connect(
            lambda: self.denoise_requested.emit(self.denoise_box.chosen)
        )
        self.cancel_button.clicked.connect(self.cancel_requested)
        self._refresh()

    def set_methods(self, anomaly: Sequence[Choice], denoising: Sequence[Choice]) -> None:
        """Offer these methods, the default one first."""
        self.anomaly_box.set_choices(anomaly)
        self.denoise_box.set_choices(denoising)

    def set_blocker(self, reason: str) -> None:
        """Say why nothing can be run (shown as tool tips); empty where it can."""
        self._blocker = reason
        self._refresh()

    def set_running(self, running: bool) -> None:
        """Show that a run began or ended; the former run's words go when one begins."""
        self._running = running
        if running:
            self.message.clear_message()
        self.progress.set_running(running)
        self._refresh()

    def show_progress(self, progress: Progress) -> None:
        """Show how far the run is."""
        self.progress.show_progress(progress)

    def show_result(self, text: str) -> None:
        """Say that a run succeeded, and what is worth knowing of it."""
        self.message.show_note(text)

    def show_error(self, text: str) -> None:
        """Say what went wrong and what to do."""
        self.message.show_error(text)

    def _lay_out(self) -> None:
        grid = QGridLayout()
        rows = (self.anomaly_box, self.anomaly_button, self.denoise_box, self.denoise_button)
        for row, widget in enumerate(rows):  # beside a button, methods would be cut off
            grid.addWidget(widget, row, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(grid)
        for widget in (self.progress, self.cancel_button, self.message):
            layout.addWidget(widget)

    def _refresh(self) -> None:
        for button, tip in (
            (self.anomaly_button, ANOMALY_TIP),
            (self.denoise_button, DENOISE_TIP),
        ):
            button.setEnabled(not self._running and not self._blocker)
            button.setToolTip(self._blocker or tip)
        for box in (self.anomaly_box, self.denoise_box):
            box.setEnabled(not self._running)
        self.cancel_button.setVisible(self._running)
