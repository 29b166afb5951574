"""Runs over all cases of a worklist that lack a label map, beside the work on others."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from qtpy.QtCore import QObject, Signal

from napari_brats.core.errors import BratsError
from napari_brats.core.progress import Progress
from napari_brats.widgets._worker import RunningJob, run_job
from napari_brats.widgets.run_progress import seconds_left, time_left_text
from napari_brats.widgets.worklist_engine import Engine, Network
from napari_brats.widgets.worklist_panel import WorklistPanel
from napari_brats.workspace.worklist import WorkCase
from napari_brats.workspace.worklist_claims import Session
from napari_brats.workspace.worklist_scan import refresh
from napari_brats.workspace.worklist_segment import (
    STEPS_PER_CASE,
    Outcome,
    closed_folders,
    lacking_mask,
    segment_missing,
)


class WorklistRuns(QObject):
    """One run at a time.

    Parameters
    ----------
    network
        Gives the network chosen in the panel "BraTS".
    ask_folder
        Asks where label maps go whose own folders cannot be written to; None if the user does not
        want to choose.
    """

    cases_changed = Signal(object)  # the WorkCase values of which something new is known

    def __init__(
        self,
        panel: WorklistPanel,
        network: Callable[[], Network],
        engine: Engine,
        ask_folder: Callable[[Sequence[Path]], Path | None],
        me: Session,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._panel, self._network, self._engine = panel, network, engine
        self._ask_folder, self._me = ask_folder, me
        self._job: RunningJob | None = None
        self._cases: tuple[WorkCase, ...] = ()
        self._told = 0
        self._begun_s = 0.0
        panel.segment_requested.connect(self._on_requested)
        panel.run_bar.cancel_requested.connect(self.cancel)

    def cancel(self) -> None:
        """Stop the run, if there is one; what is finished stays."""
        if self._job is not None:
            self._panel.show_note("Cancelled. The masks that were finished are saved.")
            self._job.cancel()
            self._refresh(self._cases[self._told :])

    def _on_requested(self) -> None:
        cases = lacking_mask(self._panel.model.cases())
        if self._job is not None:
            return
        if not cases:
            self._panel.show_note("Every case has a mask already.")
            return
        network = self._network()
        if not network.bundle:
            self._panel.show_error("Choose a bundle in the section 'Segment' of 'BraTS' first.")
            return
        elsewhere = None
        if closed := closed_folders(cases):
            elsewhere = self._ask_folder(closed)
            if elsewhere is None:
                return
        self._cases, self._told, self._begun_s = cases, 0, time.monotonic()
        self._panel.show_note("")
        self._panel.show_running(True)
        self._job = run_job(
            segment_missing(cases, self._engine(network), self._me, elsewhere),
            on_progress=self._on_progress,
            on_returned=self._on_returned,
            on_failed=lambda error: self._panel.show_error(str(error)),
            on_finished=self._on_finished,
            owner=self._panel,
        )

    def _on_progress(self, progress: Progress) -> None:
        finished = progress.done // STEPS_PER_CASE
        left = seconds_left(progress, time.monotonic() - self._begun_s)
        ending = "" if left is None else f", {time_left_text(left)} left"
        count = f"{min(finished + 1, len(self._cases))} of {len(self._cases)}"
        self._panel.show_run(progress, f"{count}{ending}: {progress.message}")
        if finished > self._told:
            self._refresh(self._cases[self._told : finished])
            self._told = finished

    def _on_returned(self, outcomes: Sequence[Outcome]) -> None:
        self._refresh(self._cases[self._told :])
        text = summary_of(outcomes)
        if any(outcome.status == "failed" for outcome in outcomes):
            self._panel.show_error(text)
        else:
            self._panel.show_note(text)

    def _on_finished(self) -> None:
        self._job = None
        self._panel.show_running(False)

    def _refresh(self, cases: Sequence[WorkCase]) -> None:
        run_job(refresh(cases), on_returned=self.cases_changed.emit, on_failed=_ignore, owner=self)


def summary_of(outcomes: Sequence[Outcome]) -> str:
    """How a run went, in words."""
    counts = Counter(outcome.status for outcome in outcomes)
    parts = [f"{counts['done']} of {len(outcomes)} cases segmented; masks saved beside the images."]
    for status in ("failed", "skipped"):
        some = [outcome for outcome in outcomes if outcome.status == status]
        if some:
            names = ", ".join(outcome.case_id for outcome in some[:3])
            more = ", \u2026" if len(some) > 3 else ""
            first = some[0].why.splitlines()[0] if some[0].why else ""
            parts.append(f"{len(some)} {status}: {names}{more}. {first}")
    return "\n".join(parts)


def _ignore(error: BratsError) -> None:
    """What a refresh could not read is read again with the next one."""
    del error
