"""The panel "Train": cases, start, run folder, curve. Knows no viewer, no engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_brats import INTENDED_USE
from napari_brats.core.progress import Progress
from napari_brats.training.fine_tuning import RunState
from napari_brats.widgets.choice_box import Choice, ChoiceBox
from napari_brats.widgets.curve_plot import Curve, CurvePlot
from napari_brats.widgets.folder_edit import FolderEdit
from napari_brats.widgets.message import MessageLabel
from napari_brats.widgets.run_progress import RunProgress

SCRATCH = Choice("", "From scratch", "Random weights; takes many more cases and epochs")
LOSS_COLOR, DICE_COLOR = "#D55E00", "#3D9BD9"
"""Vermillion and a blue that both themes' grounds let be seen."""


@dataclass(frozen=True)
class TrainRequest:
    """What the user asked for.

    Attributes
    ----------
    data
        The folder of cases.
    run
        The folder of the run.
    start_from
        Name of the bundle whose weights it starts from; empty for none.
    epochs, left_out
        How long, and how many patients are kept out to score the network on.
    device
        The engine's word for it.
    """

    data: Path
    run: Path
    start_from: str
    epochs: int
    left_out: int
    device: str


class TrainPanel(QWidget):
    """Emits what the user chose and asked for; shows what it is told."""

    data_changed = Signal(object)  # Path
    run_changed = Signal(object)  # Path
    train_requested = Signal(object)  # TrainRequest
    cancel_requested = Signal()
    bundle_requested = Signal(object, str)  # the run's folder, the bundle's name

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.data = FolderEdit("Folder of cases")
        self.survey = MessageLabel()
        self.start_box = ChoiceBox()
        self.run = FolderEdit("Folder of the run")
        self.run_note = MessageLabel()
        self.epochs = _spin_box(1, 1000, 10, "One epoch is 50 steps of two patches")
        self.epochs.setSuffix(" x 50 steps")
        self.left_out = _spin_box(1, 1, 1, "Patients kept out of training, to score the network on")
        self.left_out.setSuffix(" to score on")
        self.device_box = ChoiceBox()
        self.train_button = QPushButton("Train")
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setToolTip(
            "End the training after this step; what was trained so far is kept"
        )
        self.progress = RunProgress()
        self.plot = CurvePlot()
        self.name = QLineEdit()
        self.name.setPlaceholderText("my-clinic")
        self.name.setToolTip("The new bundle's name: letters, digits, '-', '_' and '.'")
        self.bundle_button = QPushButton("Make bundle")
        self.message = MessageLabel()
        self._running = False
        self._labelled = 0
        self._state: RunState | None = None
        self._is_damaged = False
        self._lay_out()
        self._connect()
        self.show_survey("", 0)
        self.show_run("", None)
        self.show_history((), (), (), 1)

    def set_bundles(self, bundles: Sequence[Choice]) -> None:
        """Offer to start from these or from scratch."""
        self.start_box.set_choices([*bundles, SCRATCH])
        self._refresh()

    def set_devices(self, devices: Sequence[Choice]) -> None:
        """Offer these devices."""
        self.device_box.set_choices(devices)
        self._refresh()

    def show_survey(self, text: str, labelled: int, *, is_error: bool = False) -> None:
        """Say what the folder holds; ``labelled`` patients can be trained on or left out."""
        (self.survey.show_error if is_error else self.survey.show_note)(text)
        self._labelled = labelled
        self.left_out.setRange(1, max(1, labelled - 1))
        self.left_out.setValue(max(1, round(labelled / 5)))
        self._refresh()

    def show_run(self, text: str, state: RunState | None) -> None:
        """Say what the run's folder holds: how far the run in it is, None for no run."""
        self.run_note.show_note(text)
        self._state, self._is_damaged = state, False
        self._refresh()

    def show_damaged_run(self, text: str) -> None:
        """Say why the run's folder cannot be used."""
        self.run_note.show_error(text)
        self._state, self._is_damaged = None, True
        self._refresh()

    def show_history(
        self,
        steps: Sequence[int],
        loss: Sequence[float],
        soft_dice: Sequence[float],
        last_step: int,
    ) -> None:
        """Draw the curves of the steps done so far, of ``last_step`` in all."""
        curves = [
            Curve("loss", LOSS_COLOR, steps, loss),
            Curve("soft Dice", DICE_COLOR, steps, soft_dice, top=1.0),
        ]
        self.plot.show_curves(curves, last_step)

    def set_running(self, running: bool) -> None:
        """Show that training (or the making of a bundle) began or ended."""
        self._running = running
        if running:
            self.message.clear_message()
        self.progress.set_running(running)
        self._refresh()

    def show_progress(self, progress: Progress, seconds_left: float | None) -> None:
        """Show how far it is; ``seconds_left`` is None while nothing can be said."""
        counted = f"{progress.done}/{progress.total}: {progress.message}"
        self.progress.show_progress(replace(progress, message=counted), seconds_left)

    def show_stopping(self) -> None:
        """Say that it stops after the step under way."""
        self.cancel_button.setEnabled(False)
        self.progress.words.setText("Stopping after this step")

    def show_result(self, text: str) -> None:
        """Say how it ended."""
        self.message.show_note(text)

    def show_error(self, text: str) -> None:
        """Say what went wrong and what to do."""
        self.message.show_error(text)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Cases", self.data)
        form.addRow(self.survey)
        form.addRow("Start from", self.start_box)
        form.addRow("Epochs", self.epochs)
        form.addRow("Leave out", self.left_out)
        form.addRow("Device", self.device_box)
        form.addRow("Run folder", self.run)
        form.addRow(self.run_note)
        buttons = QHBoxLayout()
        buttons.addWidget(self.train_button, 2)
        buttons.addWidget(self.cancel_button, 1)
        made = QHBoxLayout()
        made.addWidget(self.name, 2)
        made.addWidget(self.bundle_button, 1)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addLayout(buttons)
        layout.addWidget(self.progress)
        layout.addWidget(self.message)
        layout.addWidget(self.plot, 1)
        layout.addLayout(made)
        use = QLabel(INTENDED_USE)
        use.setWordWrap(True)
        layout.addWidget(use)

    def _connect(self) -> None:
        self.data.path_changed.connect(self.data_changed)
        self.run.path_changed.connect(self.run_changed)
        self.train_button.clicked.connect(self._on_train_clicked)
        self.cancel_button.clicked.connect(self.cancel_requested)
        self.bundle_button.clicked.connect(self._on_bundle_clicked)
        self.name.textChanged.connect(self._refresh)

    def _refresh(self) -> None:
        reason = self._blocker()
        goes_on = self._state is not None and not self._state.is_finished
        has_network = self._state is not None and self._state.has_checkpoint
        self.train_button.setText("Go on" if goes_on else "Train")
        self.train_button.setEnabled(not self._running and not reason)
        self.train_button.setToolTip(reason or "Train a network on the labelled cases")
        self.cancel_button.setEnabled(self._running)
        for widget in (self.data, self.start_box, self.epochs, self.left_out):
            widget.setEnabled(not self._running and not goes_on)
        for widget in (self.run, self.device_box):
            widget.setEnabled(not self._running)
        can_bundle = has_network and not self._running
        self.name.setEnabled(can_bundle)
        self.bundle_button.setEnabled(can_bundle and bool(self.name.text().strip()))
        self.bundle_button.setToolTip(
            "Score the network on the cases left out, and put it among your bundles"
            if has_network
            else "The run has no checkpoint yet."
        )

    def _blocker(self) -> str:
        """Why training cannot begin; empty where it can."""
        if not self.run.path() or self._is_damaged:
            return "Choose a folder for the run."
        if self._state is not None and self._state.is_finished:
            return "This run is finished. Make a bundle of it, or choose another run folder."
        if self._state is None and self._labelled < 2:
            return "Choose a folder with at least two labelled cases."
        if not (self.start_box.count() and self.device_box.count()):
            return "Looking for bundles and devices."
        return ""

    def _on_train_clicked(self) -> None:
        self.train_requested.emit(
            TrainRequest(
                self.data.path(),
                self.run.path(),
                self.start_box.chosen,
                self.epochs.value(),
                self.left_out.value(),
                self.device_box.chosen,
            )
        )

    def _on_bundle_clicked(self) -> None:
        self.bundle_requested.emit(self.run.path(), self.name.text().strip())


def _spin_box(low: int, high: int, value: int, tip: str) -> QSpinBox:
    box = QSpinBox()
    box.setRange(low, high)
    box.setValue(value)
    box.setToolTip(tip)
    return box
