"""Keeps the section "Measures" about the active label map, and its lines about its lesions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from qtpy.QtCore import QObject, QTimer

from napari_brats.core.case import Volume
from napari_brats.core.errors import BratsError
from napari_brats.core.labels import Mask, Region
from napari_brats.core.progress import Job, Progress
from napari_brats.io.atomic import write_atomically
from napari_brats.metrics.measures import TumourMeasures, measure_tumour, with_diameters
from napari_brats.metrics.measures_lines import Diameters
from napari_brats.report.tables import measures_csv
from napari_brats.widgets._worker import RunningJob, run_job
from napari_brats.widgets.measure_panel import NO_LABELS, MeasurePanel
from napari_brats.widgets.open_label_maps import LabelMapViewer, OpenLabelMap

SETTLE_MS = 250
"""Edits that follow each other that fast are measured once."""

MOST_LINES = 10
"""Lesions of a region that get lines, the largest ones."""

ByHand = Mapping[tuple[Region, int], Diameters]


class LinesView(Protocol):
    """What shows the lines over the images."""

    def show(self, lines: Mapping[int, Diameters], like: Any, region: Region) -> None:
        """Show lesion number -> lines, where the label map ``like`` lies."""

    def hide(self) -> None:
        """Remove them. Harmless when there are none."""


class MeasureController(QObject):
    """Measures while someone looks: in the worker, one job at a time; the latest edit wins."""

    def __init__(
        self, panel: MeasurePanel, viewer: LabelMapViewer, lines: LinesView, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._panel, self._viewer, self._lines = panel, viewer, lines
        self._map: OpenLabelMap | None = None
        self._measures: TumourMeasures | None = None
        self._by_hand: dict[str, dict[Region, list[Diameters]]] = {}
        self._brains: dict[str, Mask | None] = {}
        self._is_due = False
        self._job: RunningJob | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLE_MS)
        self._timer.timeout.connect(self._measure)
        panel.shown_changed.connect(self._on_shown_changed)
        panel.lines_changed.connect(self._on_lines_changed)
        panel.automatic_requested.connect(self._on_automatic_requested)
        panel.lesion_requested.connect(self._on_lesion_requested)
        panel.save_requested.connect(self._on_save_requested)

    def show_active_case(self) -> None:
        """Measure the label map in hand; call it when that, or the images, may have changed."""
        key = self._viewer.active_case_key
        maps = self._viewer.label_maps(key) if key else ()
        found = next((each for each in maps if each.is_in_hand), None)
        if _id_of(found) == _id_of(self._map):
            return
        self._map = found
        self._measures = None
        self._lines.hide()
        self._brains.clear()
        self._panel.show_no_measures("" if found else NO_LABELS)
        if found is None:
            self._panel.show_lines_removed()
        else:
            self._ask()

    def follow_edit(self, layer: object) -> None:
        """Measure again if this is the layer; called with every move of the mouse."""
        if self._map is not None and layer is self._map.layer:
            self._ask()

    def take_edited(self, moved: Mapping[int, Diameters]) -> None:
        """Lines of the region that is shown were dragged."""
        region = self._panel.lines_of
        if self._map is None or self._measures is None or region is None:
            return
        kept = self._by_hand.setdefault(self._map.map_id, {}).setdefault(region, [])
        for number, diameters in moved.items():
            before = self._shown_measures.lesions[region][number].diameters
            kept[:] = [each for each in kept if each != before] + [diameters]
        self._show()

    def diameters_by_hand(self, layer: object) -> ByHand:
        """The lines that were edited, of the label map in that layer, for the report."""
        if self._map is None or self._measures is None or layer is not self._map.layer:
            return {}
        return assign(self._by_hand.get(self._map.map_id, {}), self._measures)

    def cancel(self) -> None:
        """Measure no more."""
        self._timer.stop()
        if self._job is not None:
            self._job.cancel()

    @property
    def _shown_measures(self) -> TumourMeasures:
        return with_diameters(self._measures, self.diameters_by_hand(self._map.layer))

    def _ask(self) -> None:
        self._is_due = True
        if self._is_looked_at():
            self._timer.start()

    def _is_looked_at(self) -> bool:
        return self._panel.isVisible() or self._panel.lines_of is not None

    def _measure(self) -> None:
        """Start the job, unless one runs, a stroke is under way or nobody looks."""
        if self._job is not None or not self._is_due or not self._is_looked_at():
            return
        if self._viewer.is_painting() or self._map is None:
            return  # the end of the stroke is an edit, too
        key, chosen = self._viewer.active_case_key, self._map
        self._is_due = False
        try:
            volume = chosen.volume()
            images = self._viewer.images_of(key)
        except BratsError as error:
            self._on_failed(error)
            return
        self._job = run_job(
            measure_job(volume, images, self._brains),
            on_returned=lambda measures: self._take(measures, chosen),
            on_failed=self._on_failed,
            on_finished=self._on_finished,
            owner=self._panel,
        )

    def _take(self, measures: TumourMeasures, chosen: OpenLabelMap) -> None:
        if self._is_due or _id_of(chosen) != _id_of(self._map):
            return  # stale
        self._measures = measures
        self._show()

    def _show(self) -> None:
        measures = self._shown_measures
        self._panel.show_measures(measures)
        region = self._panel.lines_of
        if region is None:
            self._lines.hide()
            return
        lesions = measures.lesions[region][:MOST_LINES]
        shown = {number: lesion.diameters for number, lesion in enumerate(lesions)}
        self._lines.show(shown, self._map.layer, region)

    def _on_failed(self, error: BratsError) -> None:
        self._measures = None
        self._lines.hide()
        self._panel.show_no_measures(str(error), is_error=True)

    def _on_finished(self) -> None:
        self._job = None
        if self._is_due:
            self._timer.start()

    def _on_shown_changed(self, shown: bool) -> None:
        if shown and self._is_due:
            self._timer.start()

    def _on_lines_changed(self) -> None:
        if self._measures is not None:
            self._show()
        elif self._is_due:
            self._timer.start()

    def _on_automatic_requested(self) -> None:
        if self._map is not None and self._measures is not None:
            self._by_hand.pop(self._map.map_id, None)
            self._show()

    def _on_lesion_requested(self, region: Region, number: int) -> None:
        line = self._shown_measures.lesions[region][number].diameters.longest
        middle = (np.add(line.start, line.end) / 2).round().astype(int).tolist()
        key = self._viewer.active_case_key
        self._viewer.go_to(key, (middle[0], middle[1], middle[2]), self._map.layer)

    def _on_save_requested(self, path: Path) -> None:
        if self._measures is None:
            return
        case_id = self._viewer.case_id(self._viewer.active_case_key)
        try:
            text = measures_csv(case_id, self._shown_measures)
            write_atomically(path, text.encode(), overwrite=True)  # the dialog asked
        except BratsError as error:
            self._panel.show_message(str(error), is_error=True)
            return
        self._panel.show_message(f"Saved {path.name} in {path.parent}.")


def measure_job(
    labels: Volume, images: Sequence[Volume], brains: dict[str, Mask | None]
) -> Job[TumourMeasures]:
    """The measures of a label map; ``brains`` keeps the brain for the next time."""
    from napari_brats.inference.preprocess import brain_on

    yield Progress(0, 2, "Looking for the brain")
    if "brain" not in brains:
        brains["brain"] = brain_on(labels.grid, images)
    yield Progress(1, 2, "Measuring")
    return measure_tumour(labels.data, labels.grid.affine, brains["brain"])


def assign(kept: Mapping[Region, Sequence[Diameters]], measures: TumourMeasures) -> ByHand:
    """Which lesion each edited pair of lines belongs to, after the mask may have changed.

    The one whose own longest line has the nearest middle, within half the edited length; lines
    whose lesion is gone are left out.
    """
    found: dict[tuple[Region, int], Diameters] = {}
    for region, lines in kept.items():
        middles = [_middle(lesion.diameters) for lesion in measures.lesions[region]]
        for diameters in lines if middles else ():
            gaps = [np.linalg.norm(_middle(diameters) - middle) for middle in middles]
            nearest = int(np.argmin(gaps))
            reach = np.subtract(diameters.longest.end, diameters.longest.start)
            if gaps[nearest] <= np.linalg.norm(reach) / 2:
                found[region, nearest] = diameters
    return found


def _middle(diameters: Diameters) -> np.ndarray:
    return np.add(diameters.longest.start, diameters.longest.end) / 2


def _id_of(label_map: OpenLabelMap | None) -> str:
    return "" if label_map is None else label_map.map_id
