"""Trains, goes on and makes bundles when the panel asks; one job at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from qtpy.QtCore import QObject, QTimer, Signal

from napari_brats.core.errors import BratsError
from napari_brats.core.progress import Job, Progress
from napari_brats.models.bundle import Bundle, BundleList, find_bundles, user_folder
from napari_brats.models.subset_scores import expectation_text
from napari_brats.training.crossval import patient_of
from napari_brats.training.curves import read_curves
from napari_brats.training.fine_tuning import RunState, Survey, run_state
from napari_brats.widgets import train_engine
from napari_brats.widgets._worker import RunningJob, run_job
from napari_brats.widgets.bundle_control import bundle_choice
from napari_brats.widgets.train_engine import ShouldStop
from napari_brats.widgets.train_panel import TrainPanel, TrainRequest

HISTORY_MS = 1000
"""How often the curve is read from the run's folder."""

Train = Callable[[TrainRequest, ShouldStop], Job[bool]]


@dataclass
class _Stop:
    """Whether the job was asked to stop; read in its thread."""

    asked: bool = False


class Pace:
    """How long the rest takes, from the steps seen since a phase of the job began."""

    def __init__(self) -> None:
        self._total = -1
        self._first = 0
        self._began_s = 0.0

    def seconds_left(self, progress: Progress, now_s: float) -> float | None:
        """None until two steps of a phase were seen; a phase is known by its total."""
        if progress.total != self._total or progress.done < self._first:
            self._total, self._first, self._began_s = progress.total, progress.done, now_s
        done = progress.done - self._first
        if done < 1:
            return None
        return (now_s - self._began_s) / done * (progress.total - progress.done)


class TrainController(QObject):
    """Wires the panel to the jobs in `train_engine`; `bundle_made` carries the new Bundle."""

    bundle_made = Signal(object)

    def __init__(
        self,
        panel: TrainPanel,
        parent: QObject,
        train: Train = train_engine.train,
        find: Callable[[], BundleList] = find_bundles,
    ) -> None:
        super().__init__(parent)
        self._panel = panel
        self._train = train
        self._find = find
        self._job: RunningJob | None = None
        self._stop = _Stop()
        self._survey_job: RunningJob | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(HISTORY_MS)
        self._timer.timeout.connect(self._show_history)
        panel.data_changed.connect(self._on_data_changed)
        panel.run_changed.connect(self._on_run_changed)
        panel.train_requested.connect(self._on_train_requested)
        panel.bundle_requested.connect(self._on_bundle_requested)
        panel.cancel_requested.connect(self.cancel)
        panel.start_box.about_to_open.connect(self.offer_bundles)

    def offer_bundles(self) -> None:
        """Offer the bundles there are to start from."""
        self._panel.set_bundles([bundle_choice(bundle) for bundle in self._find().bundles])

    def cancel(self) -> None:
        """Stop after the step under way; what the run has is kept."""
        if self._job is not None:
            self._stop.asked = True
            self._panel.show_stopping()

    def shut_down(self) -> None:
        """Stop, and say nothing more: the window closes."""
        for job in (self._job, self._survey_job):
            if job is not None:
                job.cancel()
        self._timer.stop()

    def _on_data_changed(self, data: Path | None) -> None:
        if self._survey_job is not None:
            self._survey_job.cancel()
        self._panel.show_survey("", 0)
        if data is None:
            return
        if self._panel.run.path() is None:
            self._panel.run.set_path(data.parent / f"{data.name}-training")
        self._survey_job = run_job(
            train_engine.look_at_cases(data),
            on_progress=lambda progress: self._panel.show_survey(progress.message, 0),
            on_returned=self._show_survey,
            on_failed=lambda error: self._panel.show_survey(str(error), 0, is_error=True),
            owner=self._panel,
        )

    def _show_survey(self, found: Survey) -> None:
        patients = {patient_of(case_id) for case_id in found.labelled}
        text = survey_text(found)
        self._panel.show_survey(text, len(patients), is_error=len(patients) < 2)

    def _on_run_changed(self, run: Path | None) -> None:
        """Say what the folder holds; its curve appears at once."""
        try:
            state = None if run is None else run_state(run)
        except BratsError as error:
            self._panel.show_damaged_run(str(error))
            return
        if state is None:
            self._panel.show_run("", None)
            self._panel.show_history((), (), (), 1)
            return
        self._panel.show_run(run_text(state), state)
        self._show_history()

    def _show_history(self) -> None:
        run = self._panel.run.path()
        history = read_curves(run).history
        try:
            state = run_state(run)
        except BratsError:  # being written
            return
        if state is not None:
            self._panel.show_history(
                history["step"].tolist(),
                history["loss"].tolist(),
                history["soft_dice"].tolist(),
                state.steps,
            )

    def _on_train_requested(self, request: TrainRequest) -> None:
        self._run(self._train(request, self._should_stop()), self._on_trained)

    def _on_trained(self, is_complete: bool) -> None:
        if is_complete:
            self._panel.show_result("Trained. Give the network a name and make it a bundle.")
        else:
            self._panel.show_result(
                "Stopped. The last checkpoint is kept: 'Go on' continues from it."
            )

    def _on_bundle_requested(self, run: Path, name: str) -> None:
        self._run(train_engine.make_bundle(run, name, self._should_stop()), self._on_bundle_made)

    def _on_bundle_made(self, bundle: Bundle | None) -> None:
        if bundle is None:
            self._panel.show_result("Stopped. No bundle was made.")
            return
        card = bundle.card
        self.offer_bundles()
        self._panel.show_result(
            f"Bundle '{card.name}' is in {user_folder()} and in every list of bundles. "
            f"{expectation_text(card, card.modalities)}"
        )
        self.bundle_made.emit(bundle)

    def _should_stop(self) -> ShouldStop:
        stop = self._stop = _Stop()
        return lambda: stop.asked

    def _run(self, job: Job, on_returned: Callable[..., None]) -> None:
        if self._job is not None:
            return
        pace = Pace()
        self._panel.set_running(True)
        self._timer.start()
        self._job = run_job(
            job,
            on_progress=lambda p: self._show_progress(p, pace),
            on_returned=on_returned,
            on_failed=lambda error: self._panel.show_error(str(error)),
            on_finished=self._on_finished,
            owner=self._panel,
        )

    def _show_progress(self, progress: Progress, pace: Pace) -> None:
        if not self._stop.asked:
            self._panel.show_progress(progress, pace.seconds_left(progress, time.monotonic()))

    def _on_finished(self) -> None:
        self._job = None
        self._timer.stop()
        self._panel.set_running(False)
        self._on_run_changed(self._panel.run.path())


def survey_text(found: Survey) -> str:
    """What a folder holds, and what the user should know before training on it."""
    lines = [_count(len(found.labelled), "labelled case")]
    if len({patient_of(case_id) for case_id in found.labelled}) < 2:
        lines[0] += ": expected those of at least two patients, one to train on and one to score on"
    if found.unlabelled:
        lines.append(
            f"{_count(len(found.unlabelled), 'case')} without a label map, passed over. Segment, "
            f"correct and save in the panel BraTS to add one."
        )
    if found.automatic:
        lines.append(
            f"{_count(len(found.automatic), 'label map')} made by a network and not corrected: "
            f"{_some(found.automatic)}. A network learns nothing from another's mistakes."
        )
    if found.unused:
        lines.append(
            f"{_count(len(found.unused), 'case')} with a label map of its own beside the one "
            f"saved here, which is not used: {_some(found.unused)}."
        )
    return "\n".join([*lines, *found.problems])


def run_text(state: RunState) -> str:
    """A run in words."""
    start = f"from '{state.start_from}'" if state.start_from else "from scratch"
    text = f"Holds a run: {state.done} of {state.steps} steps, {start}, "
    text += f"on {_count(state.cases, 'case')} in {state.data}."
    if state.passed_over:
        text += f" {_count(len(state.passed_over), 'case')} passed over; run.json says why."
    return text if state.is_finished else f"{text} 'Go on' keeps its settings."


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
