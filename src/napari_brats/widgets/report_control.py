"""Makes the report of the active case in the worker, and writes it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from qtpy.QtCore import QObject

from napari_brats.core.case import Case
from napari_brats.core.errors import BratsError, CaseError, GeometryError
from napari_brats.core.progress import Job
from napari_brats.io.sidecar import read_record
from napari_brats.report.compose import Subject, compose
from napari_brats.report.documents import write_report
from napari_brats.widgets import provenance
from napari_brats.widgets._worker import RunningJob, run_job
from napari_brats.widgets.case_group import tag_of
from napari_brats.widgets.measure_control import ByHand
from napari_brats.widgets.open_label_maps import OpenLabelMap
from napari_brats.widgets.report_panel import ReportPanel

NO_LABELS = "There is no label map to report on. Run a segmentation or make one first."


class ReportViewer(Protocol):
    """What the bridge to the viewer must offer here."""

    @property
    def active_case_key(self) -> str | None:
        """Key of the case that the report is about; None if none is open."""

    def case(self, key: str) -> Case:
        """An open case as a value; CaseError if it cannot be made one."""

    def case_id(self, key: str) -> str:
        """The name of an open case."""

    def label_maps(self, key: str) -> Sequence[OpenLabelMap]:
        """The label maps of an open case."""


class ReportController(QObject):
    """One report at a time."""

    def __init__(
        self,
        panel: ReportPanel,
        viewer: ReportViewer,
        diameters_of: Callable[[Any], ByHand],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._panel, self._viewer = panel, viewer
        self._diameters_of = diameters_of
        self._job: RunningJob | None = None
        panel.report_requested.connect(self._on_report_requested)
        panel.cancel_requested.connect(self.cancel)

    def show_active_case(self) -> None:
        """Propose a file for the active case; call it when that may have changed."""
        key = self._viewer.active_case_key
        chosen = self._in_hand(key)
        if key is None or chosen is None:
            self._panel.set_target(Path("report"), NO_LABELS)
            return
        path = tag_of(chosen.layer).reference.path
        is_open = path is not None and os.access(path.parent, os.W_OK)
        folder = path.parent if is_open else Path.home()
        self._panel.set_target(folder / f"{self._viewer.case_id(key)}-report", "")

    def cancel(self) -> None:
        """Stop the report that is being made, if there is one."""
        if self._job is not None:
            self._panel.show_message("Cancelled. Nothing was written.")
            self._job.cancel()

    def _on_report_requested(self, path: Path) -> None:
        if self._job is not None:
            return
        try:
            subject = self._subject()
        except BratsError as error:
            self._panel.show_message(str(error), is_error=True)
            return
        self._panel.set_running(True)
        self._job = run_job(
            report_job(subject, path),
            on_progress=self._panel.show_progress,
            on_returned=lambda written: self._panel.show_message(
                f"Saved {written.name} in {written.parent}."
            ),
            on_failed=lambda error: self._panel.show_message(str(error), is_error=True),
            on_finished=self._on_finished,
            owner=self._panel,
        )

    def _on_finished(self) -> None:
        self._job = None
        self._panel.set_running(False)

    def _in_hand(self, key: str | None) -> OpenLabelMap | None:
        maps = self._viewer.label_maps(key) if key else ()
        return next((each for each in maps if each.is_in_hand), None)

    def _subject(self) -> Subject:
        key = self._viewer.active_case_key
        chosen = self._in_hand(key)
        if key is None or chosen is None:
            raise CaseError(NO_LABELS)
        case, volume = self._viewer.case(key), chosen.volume()
        if difference := case.require_one_grid().difference(volume.grid):
            raise GeometryError(
                f"The label map does not lie on the grid of the images: {difference}. Expected one "
                f"grid. Use 'Resample onto one grid' in the section 'Case' first."
            )
        path = volume.path if chosen.is_from_file else None
        record = provenance.provenance_of(chosen.layer, volume.data)
        if path is not None and provenance.PROVENANCE not in chosen.layer.metadata:
            record = dict(read_record(path)) or record
        return Subject(
            case,
            volume.data,
            label_map=None if path is None else path.name,
            record=record,
            diameters=self._diameters_of(chosen.layer),
            warnings=case.notes,
        )


def report_job(subject: Subject, path: Path) -> Job[Path]:
    """Compose the report and write it; a file that is there is replaced, as the dialog asked."""
    report = yield from compose(subject, date.today())  # noqa: DTZ011  the day on the wall
    return (yield from write_report(report, path, overwrite=True))
