"""Connects the panel "Worklist" with the folder, the opener and the pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from qtpy.QtCore import QObject, QTimer

from napari_brats.core.errors import BratsError
from napari_brats.core.progress import Job
from napari_brats.widgets._worker import RunningJob, run_job
from napari_brats.widgets.worklist_opener import WorklistOpener
from napari_brats.widgets.worklist_panel import WorklistPanel
from napari_brats.widgets.worklist_pictures import WorklistPictures
from napari_brats.workspace.status_files import CaseState
from napari_brats.workspace.worklist import WorkCase
from napari_brats.workspace.worklist_claims import Session
from napari_brats.workspace.worklist_jobs import (
    export,
    known_of,
    refresh_and_store,
    scan_and_store,
)

REFRESH_S = 60
"""So often it is looked at what others did."""


class WorklistController(QObject):
    """Holds the worklist of one folder."""

    def __init__(
        self, panel: WorklistPanel, opener: WorklistOpener, me: Session, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._panel, self._opener, self._me = panel, opener, me
        self._folder: Path | None = None
        self._job: RunningJob | None = None
        self._step = 1
        self.pictures = WorklistPictures(panel, self)
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_S * 1000)
        self._timer.timeout.connect(self._refresh_quietly)
        panel.folder_requested.connect(self.open_folder)
        panel.refresh_requested.connect(self.scan)
        panel.scan_bar.cancel_requested.connect(self.cancel)
        panel.open_requested.connect(self._on_open)
        panel.step_requested.connect(self.step)
        panel.said.connect(self._on_said)
        panel.export_requested.connect(self._on_export)
        opener.shown.connect(self._on_shown)
        opener.changed.connect(self.show_case)
        opener.told.connect(panel.show_note)
        opener.failed.connect(panel.show_error)
        opener.busy.connect(self._on_busy)

    def open_folder(self, folder: Path) -> None:
        """Show the worklist of a folder: as it was seen last at once, then as it is."""
        self.cancel()
        self._folder = folder
        self._panel.show_cases((), folder)
        self._start(known_of(folder), self._on_known)

    def scan(self) -> None:
        """Look for the folder's cases again."""
        if self._folder is not None:
            self.cancel()
            self._start(scan_and_store(self._folder), self._on_scanned)

    def step(self, step: int) -> None:
        """Open the next case of the list (1), or the previous one (-1)."""
        self._step = step
        key = self._panel.neighbour(self._opener.key, step)
        case = self._panel.model.case(key)
        if case is None:
            where = "last" if step > 0 else "first"
            self._panel.show_note(f"This is the {where} case of the list.")
        else:
            self._opener.open(case)

    def show_case(self, case: WorkCase) -> None:
        """Show what is known of a case now."""
        self._panel.show_case(case)

    def show_all(self, cases: Sequence[WorkCase]) -> None:
        """Show what is known of some cases now."""
        for case in cases:
            self._panel.show_case(case)
        self.pictures.look_again([case.key for case in cases])

    def cancel(self) -> None:
        """Stop looking through the folder; the list stays as it is."""
        if self._job is not None:
            self._job.cancel()

    def close(self) -> None:
        """Stop all that runs and free the case that is open."""
        self._timer.stop()
        self.cancel()
        self.pictures.close()
        self._opener.close()

    def _start(self, job: Job, on_returned: Callable) -> None:
        self._panel.show_error("")
        self._panel.scan_bar.show_running(True)
        self._job = run_job(
            job,
            on_progress=self._panel.scan_bar.show_progress,
            on_returned=on_returned,
            on_failed=self._on_failed,
            on_finished=self._on_finished,
            owner=self._panel,
        )

    def _on_finished(self) -> None:
        self._job = None
        self._panel.scan_bar.show_running(False)

    def _on_known(self, cases: Sequence[WorkCase]) -> None:
        self._panel.show_cases(cases, self._folder)
        QTimer.singleShot(0, self.scan)  # once this job has ended

    def _on_scanned(self, cases: Sequence[WorkCase]) -> None:
        self._panel.show_cases(cases, self._folder)
        self.pictures.look_again([case.key for case in cases])
        self._timer.start()
        self._look_ahead()

    def _refresh_quietly(self) -> None:
        cases = self._panel.model.cases()
        if self._folder is None or self._job is not None or not cases:
            return
        run_job(
            refresh_and_store(self._folder, cases),
            on_returned=self._on_refreshed,
            on_failed=self._on_failed,
            owner=self._panel,
        )

    def _on_refreshed(self, cases: Sequence[WorkCase]) -> None:
        now = {case.key for case in self._panel.model.cases()}
        if now == {case.key for case in cases}:
            self._panel.show_cases(cases, self._folder)

    def _on_open(self, key: str) -> None:
        case = self._panel.model.case(key)
        if case is not None:
            self._opener.open(case)

    def _on_shown(self, key: str) -> None:
        self._panel.show_open(key)
        if key:
            self._look_ahead()

    def _look_ahead(self) -> None:
        """Have the case read that the same step would open next; once one is open."""
        if self._opener.key:
            key = self._panel.neighbour(self._opener.key, self._step)
            self._opener.look_ahead(self._panel.model.case(key))

    def _on_said(self, key: str, values: dict[str, str]) -> None:
        case = self._panel.model.case(key)
        if case is None:
            return
        is_reviewed = values.get("state") == CaseState.REVIEWED
        if is_reviewed and not case.status.reviewer and self._me.editor:
            values = {**values, "reviewer": self._me.editor}
        self._opener.say(case, dict(values))

    def _on_export(self, path: Path) -> None:
        cases = [self._panel.model.case(key) for key in self._panel.rows.shown_keys()]
        run_job(
            export(path, [case for case in cases if case is not None]),
            on_returned=lambda done: self._panel.show_note(f"{len(cases)} cases written to {done}"),
            on_failed=self._on_failed,
            owner=self._panel,
        )

    def _on_busy(self, is_busy: bool) -> None:
        if self._job is None:
            self._panel.scan_bar.show_running(is_busy)

    def _on_failed(self, error: BratsError) -> None:
        self._panel.show_error(str(error))
