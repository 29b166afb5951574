"""The section "Segment": bundle, device, Run, Cancel, progress. Knows no viewer, no engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_brats.core.progress import Progress
from napari_brats.widgets.choice_box import Choice, ChoiceBox
from napari_brats.widgets.message import MessageLabel
from napari_brats.widgets.run_progress import RunProgress


@dataclass(frozen=True)
class SegmentRequest:
    """What the user asked for: names of bundle, device and mirroring, and which layers."""

    bundle: str
    device: str
    keep_probabilities: bool = False
    mirroring: str = "off"
    keep_uncertainty: bool = False


MIRRORINGS = (
    Choice("off", "off", "The network looks at the image alone"),
    Choice("fast", "fast: 2 passes", "And at its left-right mirror image: twice the time"),
    Choice("full", "full: 8 passes", "And at all mirror images: eight times the time"),
)
"""What `inference.mirroring.Mirroring` is called in the panel."""


class SegmentPanel(QWidget):
    """Emits `run_requested` with a SegmentRequest, and `cancel_requested`."""

    run_requested = Signal(object)
    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bundle_box = ChoiceBox()
        self.device_box = ChoiceBox()
        self.mirroring_box = ChoiceBox()
        self.mirroring_box.set_choices(MIRRORINGS)
        self.expectation = MessageLabel()
        self.probabilities_box = QCheckBox("Add probability layers")
        self.probabilities_box.setToolTip("One image layer per region (WT, TC, ET), from 0 to 1")
        self.uncertainty_box = QCheckBox("Add uncertainty layer")
        self.uncertainty_box.setToolTip(
            "Image layer, 0 where the network is sure to 1 where it may as well toss a coin"
        )
        self.run_button = QPushButton("Run")
        self.run_button.setToolTip("Segment the active case; the mask becomes a new layer")
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setToolTip("End the run; label maps stay as they are")
        self.progress = RunProgress()
        self.message = MessageLabel()
        self._running = False
        self._blocker = "Open a case first."
        self._lay_out()
        self.run_button.clicked.connect(self._on_run_clicked)
        self.cancel_button.clicked.connect(self.cancel_requested)
        self._refresh()

    def set_bundles(self, bundles: Sequence[Choice]) -> None:
        """Offer these bundles, keeping the chosen one where it is still there."""
        self.bundle_box.set_choices(bundles)
        self._refresh()

    def set_devices(self, devices: Sequence[Choice]) -> None:
        """Offer these devices, keeping the chosen one where it is still there."""
        self.device_box.set_choices(devices)
        self._refresh()

    def set_blocker(self, reason: str) -> None:
        """Say why Run cannot be pressed (shown as its tool tip); empty where it can."""
        self._blocker = reason
        self._refresh()

    def show_expectation(self, text: str) -> None:
        """Say before a run how well it may be expected to do; nothing if ``text`` is empty."""
        self.expectation.show_note(text)

    def set_running(self, running: bool) -> None:
        """Show that a run began or ended; the former run's words go when one begins."""
        self._running = running
        if running:
            self.message.clear_message()
        self.progress.set_running(running)
        self._refresh()

    def show_progress(self, progress: Progress, seconds_left: float | None) -> None:
        """Show how far the run is; ``seconds_left`` is None while nothing can be said."""
        self.progress.show_progress(progress, seconds_left)

    def show_result(self, text: str) -> None:
        """Say that a run succeeded, and what is worth knowing of it."""
        self.message.show_note(text)

    def show_error(self, text: str) -> None:
        """Say what went wrong and what to do."""
        self.message.show_error(text)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow("Bundle", self.bundle_box)
        form.addRow("Device", self.device_box)
        form.addRow("Mirroring", self.mirroring_box)
        form.addRow(self.probabilities_box)
        form.addRow(self.uncertainty_box)
        buttons = QHBoxLayout()
        buttons.addWidget(self.run_button, 2)
        buttons.addWidget(self.cancel_button, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(form)
        layout.addWidget(self.expectation)
        layout.addLayout(buttons)
        layout.addWidget(self.progress)
        layout.addWidget(self.message)

    def _refresh(self) -> None:
        ready = bool(self.bundle_box.count() and self.device_box.count())
        reason = self._blocker or ("" if ready else "Looking for bundles and devices.")
        self.run_button.setEnabled(not self._running and not reason)
        self.run_button.setToolTip(
            reason or "Segment the active case; the mask becomes a new layer"
        )
        self.cancel_button.setEnabled(self._running)
        for choice in (
            self.bundle_box,
            self.device_box,
            self.mirroring_box,
            self.probabilities_box,
            self.uncertainty_box,
        ):
            choice.setEnabled(not self._running)

    def _on_run_clicked(self) -> None:
        self.run_requested.emit(
            SegmentRequest(
                self.bundle_box.chosen,
                self.device_box.chosen,
                self.probabilities_box.isChecked(),
                self.mirroring_box.chosen,
                self.uncertainty_box.isChecked(),
            )
        )
