"""Finds time points, compares them and shows the result when the panel asks; one job at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from qtpy.QtCore import QObject

from napari_brats.core.errors import BratsError
from napari_brats.core.labels import REGIONS, Region
from napari_brats.core.progress import Job
from napari_brats.followup.comparison import FollowUp
from napari_brats.followup.response import Quantity, Value
from napari_brats.followup.tables import to_csv
from napari_brats.followup.time_points import TimePoint
from napari_brats.io.atomic import write_atomically
from napari_brats.models.bundle import BundleList, find_bundles
from napari_brats.widgets import followup_engine
from napari_brats.widgets._worker import RunningJob, run_job
from napari_brats.widgets.bundle_control import bundle_choice
from napari_brats.widgets.choice_box import Choice
from napari_brats.widgets.followup_engine import FollowUpRequest, Shown
from napari_brats.widgets.followup_panel import Figures, FollowUpPanel
from napari_brats.widgets.followup_table import PointRow

Compare = Callable[[Sequence[TimePoint], FollowUpRequest], Job[Shown]]


class PairViewer(Protocol):
    """What shows a pair of time points."""

    def show_pair(
        self, follow_up: FollowUp, before: int, after: int, region: Region, view: str
    ) -> None:
        """Show two time points and the change map between them."""

    def clear(self) -> None:
        """Take away what was shown."""


class FollowUpController(QObject):
    """Wires the panel to the jobs in `followup_engine` and to the view."""

    def __init__(
        self,
        panel: FollowUpPanel,
        viewer: PairViewer,
        parent: QObject,
        compare: Compare = followup_engine.compare,
        find: Callable[[], BundleList] = find_bundles,
    ) -> None:
        super().__init__(parent)
        self._panel = panel
        self._viewer = viewer
        self._compare = compare
        self._find = find
        self._job: RunningJob | None = None
        self._search: RunningJob | None = None
        self._found: list[TimePoint] = []
        self._shown: Shown | None = None
        panel.folder_changed.connect(self._on_folder_changed)
        panel.compare_requested.connect(self._on_compare_requested)
        panel.cancel_requested.connect(self.cancel)
        panel.view_changed.connect(self._on_view_changed)
        panel.save_requested.connect(self._on_save_requested)
        panel.bundle_box.about_to_open.connect(self.offer_bundles)

    def offer_bundles(self) -> None:
        """Offer the bundles there are for time points without a label map."""
        bundles = [b for b in self._find().bundles if b.card.task == "segment"]
        self._panel.set_bundles([bundle_choice(bundle) for bundle in bundles])

    def cancel(self) -> None:
        """Stop the comparison, if there is one; the panel can be used again at once."""
        if self._job is not None:
            self._panel.show_note("Cancelled. Nothing was changed.")
            self._job.cancel()

    def shut_down(self) -> None:
        """Stop, and say nothing more: the window closes."""
        for job in (self._job, self._search):
            if job is not None:
                job.cancel()

    def _on_folder_changed(self, folder: Path | None) -> None:
        if self._search is not None:
            self._search.cancel()
        self._found, self._shown = [], None
        self._viewer.clear()
        self._panel.show_time_points(())
        if folder is None:
            self._panel.show_note("")
            return
        self._search = run_job(
            followup_engine.look_for_time_points(folder),
            on_progress=lambda progress: self._panel.show_note(progress.message),
            on_returned=self._on_found,
            on_failed=lambda error: self._panel.show_error(str(error)),
            owner=self._panel,
        )

    def _on_found(self, found: list[TimePoint]) -> None:
        self._found = found
        self._panel.show_time_points([_row(point) for point in found])
        if len(found) < 2:
            self._panel.show_error(
                f"{len(found)} time point in this folder; a comparison needs two. Choose the "
                f"folder that holds all time points of the patient."
            )
            return
        self._panel.show_note(found_text(found))

    def _on_compare_requested(self, request: FollowUpRequest) -> None:
        if self._job is not None:
            return
        self._panel.set_running(True)
        self._job = run_job(
            self._compare(self._found, request),
            on_progress=self._panel.show_progress,
            on_returned=self._on_compared,
            on_failed=lambda error: self._panel.show_error(str(error)),
            on_finished=self._on_finished,
            owner=self._panel,
        )

    def _on_compared(self, shown: Shown) -> None:
        self._shown = shown
        follow_up = shown.follow_up
        names = [one.point.name for one in follow_up.examined]
        pairs = [
            Choice(f"{before},{after}", f"{names[before]} \u2192 {names[after]}")
            for before, after in follow_up.pairs
        ]
        figures = {
            region: Figures(figure_rows(follow_up, region), shown.plots.get(region, b""))
            for region in REGIONS
        }
        notes = [*(n for one in follow_up.examined for n in one.notes), *follow_up.notes]
        notes += [shown.problem] if shown.problem else []
        self._viewer.clear()
        self._panel.show_comparison(pairs, figures, "\n".join(notes))

    def _on_view_changed(self, pair: str, region: Region, view: str) -> None:
        if self._shown is not None:
            before, after = (int(number) for number in pair.split(","))
            self._viewer.show_pair(self._shown.follow_up, before, after, region, view)

    def _on_save_requested(self, path: Path) -> None:
        if self._shown is None:
            return
        try:
            write_atomically(path, to_csv(self._shown.follow_up).encode(), overwrite=True)
        except BratsError as error:
            self._panel.show_error(str(error))
            return
        self._panel.show_note(f"Saved: {path}")

    def _on_finished(self) -> None:
        self._job = None
        self._panel.set_running(False)


def found_text(found: Sequence[TimePoint]) -> str:
    """What the user has to do before time points can be compared; empty if nothing."""
    lines = []
    untold = [point.name for point in found if not point.moment.text]
    if untold:
        lines.append(f"When {', '.join(untold)} was is not known: write it into 'When'.")
    bare = [point.name for point in found if not point.has_label_map]
    if bare:
        lines.append(f"No label map: {', '.join(bare)}. Say above what is to be done with them.")
    patients = {point.patient for point in found if point.patient}
    if len(patients) > 1:
        lines.append(f"{len(patients)} patients are in this folder: tick those of one.")
    return "\n".join(lines)


def figure_rows(follow_up: FollowUp, region: Region) -> list[tuple[list[str], str]]:
    """A region's table: cells per time point, and the thresholds that it crosses."""
    volumes = follow_up.series_of(region, Quantity.VOLUME).values
    products = follow_up.series_of(region, Quantity.PRODUCTS).values
    rows = []
    for one, volume, product in zip(follow_up.examined, volumes, products, strict=True):
        cells = [one.point.name, *_cells(volume, 1), *_cells(product, 0)]
        crossed = [
            f"{value.quantity.title} {text}"
            for value in (volume, product)
            if value is not None
            for text in value.crossed
        ]
        rows.append((cells, "; ".join(crossed)))
    return rows


def _cells(value: Value | None, digits: int) -> list[str]:
    if value is None:
        return ["\u2013"] * 3
    changes = (value.from_baseline_percent, value.from_nadir_percent)
    texts = ["" if change is None else f"{round(change) + 0:+d} %" for change in changes]
    return [f"{value.value:.{digits}f}", *texts]


def _row(point: TimePoint) -> PointRow:
    labels = "yes" if point.has_label_map else "no"
    modalities = ", ".join(point.files.modalities) or "no modality known"
    return PointRow(point.name, point.moment.title, labels, f"{point.files.case_id}: {modalities}")
