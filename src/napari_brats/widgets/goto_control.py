"""Takes the views to lesions, largest cross-sections and bookmarks of the active case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
from qtpy.QtCore import QObject, QTimer

from napari_brats.core.case import Volume
from napari_brats.core.errors import BratsError
from napari_brats.core.labels import Region
from napari_brats.core.progress import Job, Progress
from napari_brats.metrics.sights import LesionSight, Voxel, largest_cross_section, list_lesions
from napari_brats.widgets._worker import RunningJob, run_job
from napari_brats.widgets.case_group import OpenCase, tag_of
from napari_brats.widgets.goto_panel import NO_LABELS, GoToPanel
from napari_brats.widgets.keys import READING_KEYS
from napari_brats.widgets.open_label_maps import LabelMapViewer, OpenLabelMap
from napari_brats.widgets.reading_views import ReadingViews
from napari_brats.workspace.bookmarks import Bookmark, read_bookmarks, write_bookmarks

SETTLE_MS = 300
"""Edits that follow each other that fast are looked through once."""


class CaseViewer(LabelMapViewer, Protocol):
    """The bridge to the viewer, as far as places are concerned."""

    def open_case(self, key: str) -> OpenCase:
        """The layers of a case."""


class GoToController(QObject):
    """Lists lesions while someone looks, keeps bookmarks, and goes to them."""

    def __init__(
        self, panel: GoToPanel, viewer: CaseViewer, reading: ReadingViews, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._panel, self._viewer, self._reading = panel, viewer, reading
        self._map: OpenLabelMap | None = None
        self._bookmarks: list[Bookmark] = []
        self._bookmarks_of: str | None = None
        self._at: LesionSight | None = None
        self._steps = 0  # asked for before the lesions were known
        self._is_due = False
        self._job: RunningJob | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLE_MS)
        self._timer.timeout.connect(self._list)
        panel.largest_requested.connect(self.go_to_largest)
        panel.lesion_requested.connect(self.go_to_lesion)
        panel.step_requested.connect(self.step_lesion)
        panel.regions_changed.connect(self._ask)
        panel.shown_changed.connect(self._on_shown_changed)
        panel.bookmark_added.connect(self._on_bookmark_added)
        panel.bookmark_requested.connect(self._on_bookmark_requested)
        panel.bookmark_deleted.connect(self._on_bookmark_deleted)

    @property
    def actions(self) -> Mapping[str, Callable[[], object]]:
        """Key -> what it does."""
        actions = {
            "previous_lesion": lambda: self.step_lesion(-1),
            "next_lesion": lambda: self.step_lesion(1),
            "largest_wt": lambda: self.go_to_largest(Region.WT),
            "largest_tc": lambda: self.go_to_largest(Region.TC),
            "largest_et": lambda: self.go_to_largest(Region.ET),
            "bookmark": self.add_bookmark,
        }
        return {READING_KEYS[name][0]: action for name, action in actions.items()}

    def show_active_case(self) -> None:
        """Be about the label map in hand; call it when that may have changed."""
        key = self._viewer.active_case_key
        self._show_bookmarks_of(key)
        maps = self._viewer.label_maps(key) if key else ()
        found = next((each for each in maps if each.is_in_hand), None)
        if _id_of(found) == _id_of(self._map):
            return
        self._map, self._at, self._steps = found, None, 0
        self._panel.show_no_lesions("" if found else NO_LABELS)
        if found is not None:
            self._ask()

    def follow_edit(self, layer: object) -> None:
        """List anew if this is the layer; called with every move of the mouse."""
        if self._map is not None and layer is self._map.layer:
            self._ask()

    def cancel(self) -> None:
        """List no more."""
        self._timer.stop()
        if self._job is not None:
            self._job.cancel()

    def go_to_largest(self, region: Region) -> None:
        """To the largest cross-section of a region in the plane that is looked at."""
        if self._map is None:
            return
        layer = self._map.layer
        shown = np.asarray(layer.data)
        voxel = largest_cross_section(shown, region, self._reading.slice_axis)
        if voxel is None:
            self._panel.show_error(f"The label map holds no {region.title}.")
            return
        tag = tag_of(layer)
        self._go_to(tag.order.index_to_disk(voxel, tag.reference.grid.shape))

    def go_to_lesion(self, lesion: LesionSight) -> None:
        """To the largest cross-section of a lesion of the list."""
        self._at = lesion
        self._panel.mark_lesion(self._panel.lesions.index(lesion))
        self._go_to(lesion.voxel)

    def step_lesion(self, lesions: int) -> None:
        """So many lesions on in the list, from the last one round to the first."""
        if self._map is None:
            return
        if self._is_due or self._job is not None:  # they are not known, or not as they are now
            self._steps = lesions
            self._start()
            return
        listed = self._panel.lesions
        if listed:
            here = _nearest(listed, self._at)
            first = 0 if lesions > 0 else len(listed) - 1
            self.go_to_lesion(listed[first if here is None else (here + lesions) % len(listed)])

    def add_bookmark(self) -> None:
        """Mark the place that is looked at, with the note that was typed."""
        self._on_bookmark_added(self._panel.take_note())

    # -- lesions

    def _ask(self) -> None:
        self._is_due = True
        if self._panel.isVisible():
            self._timer.start()

    def _list(self) -> None:
        if self._panel.isVisible() and self._is_due and not self._viewer.is_painting():
            self._start()

    def _start(self) -> None:
        """Look for lesions, unless that is done already: its end starts anew if it is due."""
        if self._job is not None or self._map is None:
            return
        chosen, tag = self._map, tag_of(self._map.layer)
        self._is_due = False
        try:
            volume = chosen.volume()
        except BratsError as error:
            self._on_failed(error)
            return
        self._job = run_job(
            lesions_job(volume, tag.order.axes[0], self._panel.regions),
            on_returned=lambda lesions: self._take(lesions, chosen),
            on_failed=self._on_failed,
            on_finished=self._on_finished,
            owner=self._panel,
        )

    def _take(self, lesions: tuple[LesionSight, ...], chosen: OpenLabelMap) -> None:
        if not self._is_due and _id_of(chosen) == _id_of(self._map):
            self._panel.show_lesions(lesions)
            here = _nearest(lesions, self._at)
            self._at = None if here is None else lesions[here]
            if here is not None:
                self._panel.mark_lesion(here)

    def _on_failed(self, error: BratsError) -> None:
        self._steps = 0
        self._panel.show_no_lesions(str(error), is_error=True)

    def _on_finished(self) -> None:
        self._job = None
        steps = self._steps
        if self._is_due and steps:
            self._start()
        elif self._is_due:
            self._timer.start()
        elif steps:
            self._steps = 0
            self.step_lesion(steps)

    def _on_shown_changed(self, shown: bool) -> None:
        if shown and self._is_due:
            self._timer.start()

    # -- bookmarks

    def _show_bookmarks_of(self, key: str | None) -> None:
        case_key = tag_of(self._viewer.open_case(key).reference).case_key if key else None
        if case_key != self._bookmarks_of:
            self._bookmarks_of = case_key
            self._bookmarks = list(read_bookmarks(case_key)) if case_key else []
            self._panel.show_bookmarks(self._bookmarks)

    def _on_bookmark_added(self, note: str) -> None:
        voxel = self._reading.voxel
        if self._bookmarks_of is not None and voxel is not None:
            self._keep([*self._bookmarks, Bookmark(voxel, note)])

    def _on_bookmark_requested(self, number: int) -> None:
        key = self._viewer.active_case_key
        reference = self._viewer.open_case(key).reference
        self._viewer.go_to(key, self._bookmarks[number].voxel, reference)

    def _on_bookmark_deleted(self, number: int) -> None:
        self._keep([*self._bookmarks[:number], *self._bookmarks[number + 1 :]])

    def _keep(self, bookmarks: list[Bookmark]) -> None:
        """Show them, and write them; where that fails they live as long as the window."""
        self._bookmarks = bookmarks
        self._panel.show_bookmarks(bookmarks)
        try:
            write_bookmarks(self._bookmarks_of, bookmarks)
        except BratsError as error:
            self._panel.show_error(str(error))

    def _go_to(self, voxel: Voxel) -> None:
        self._viewer.go_to(self._viewer.active_case_key, voxel, self._map.layer)


def lesions_job(
    volume: Volume, axis: int, regions: tuple[Region, ...]
) -> Job[tuple[LesionSight, ...]]:
    """The lesions of a label map, see `list_lesions`."""
    yield Progress(0, 1, "Looking for lesions")
    return list_lesions(volume.data, volume.grid.voxel_mm3, axis, regions)


def _nearest(lesions: tuple[LesionSight, ...], one: LesionSight | None) -> int | None:
    """Number of the lesion of that region that is nearest to ``one``; None without any."""
    same = [n for n, lesion in enumerate(lesions) if one and lesion.region is one.region]
    if one is None or not same:
        return None
    gaps = [
        sum((a - b) ** 2 for a, b in zip(lesions[n].voxel, one.voxel, strict=True)) for n in same
    ]
    return same[int(np.argmin(gaps))]


def _id_of(label_map: Any) -> str:
    return "" if label_map is None else label_map.map_id
