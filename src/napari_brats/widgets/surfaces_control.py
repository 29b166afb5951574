"""Shows the active label map as surfaces, made in the worker, and made again after edits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from qtpy.QtCore import QObject, QTimer

from napari_brats.core.case import Volume
from napari_brats.core.errors import BratsError
from napari_brats.core.labels import Mask
from napari_brats.core.progress import Job, Progress
from napari_brats.inference.preprocess import brain_on
from napari_brats.widgets._worker import RunningJob, run_job
from napari_brats.widgets.case_group import tag_of
from napari_brats.widgets.keys import READING_KEYS
from napari_brats.widgets.modality_view import ModalityView
from napari_brats.widgets.open_label_maps import LabelMapViewer, OpenLabelMap
from napari_brats.widgets.surfaces_mesh import Surfaces, surfaces_job
from napari_brats.widgets.surfaces_view import SurfacesView
from napari_brats.widgets.view_panel import ViewPanel

SETTLE_MS = 600
"""Edits that follow each other that fast are drawn once."""


class SurfacesController(QObject):
    """One job at a time; the latest edit wins. Nothing is made while nobody looks."""

    def __init__(
        self, panel: ViewPanel, viewer: LabelMapViewer, view: SurfacesView, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._panel, self._viewer, self._view = panel, viewer, view
        self._map: OpenLabelMap | None = None
        self._brains: dict[str, Mask | None] = {}
        self._is_on = False
        self._is_due = False
        self._surfaces: Surfaces | None = None
        self._job: RunningJob | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLE_MS)
        self._timer.timeout.connect(self._make)
        self._layout_timer = QTimer(self)
        self._layout_timer.setSingleShot(True)
        self._layout_timer.setInterval(0)  # once the layout has its canvases
        self._layout_timer.timeout.connect(self.follow_layout)
        panel.surfaces_changed.connect(self.set_on)
        view.left.connect(lambda: self.set_on(False))

    @property
    def actions(self) -> Mapping[str, Callable[[], object]]:
        """Key -> what it does."""
        return {READING_KEYS["surfaces"][0]: lambda: self.set_on(not self._is_on)}

    def show_active_case(self) -> None:
        """Be about the label map in hand; call it when that, or the images, may have changed."""
        key = self._viewer.active_case_key
        maps = self._viewer.label_maps(key) if key else ()
        found = next((each for each in maps if each.is_in_hand), None)
        if (found and found.map_id) != (self._map and self._map.map_id):
            self._map = found
            self._brains.clear()
            self.set_on(False)
        self._show_state()

    def follow_edit(self, layer: object) -> None:
        """Make them again if this is the layer; called with every move of the mouse."""
        if self._is_on and self._map is not None and layer is self._map.layer:
            self._is_due = True
            self._timer.start()

    def follow(self, layouts: ModalityView) -> None:
        """Go where each layout has a place for surfaces; before it changes they are taken away."""
        layouts.layout_changing.connect(self._view.hide)
        layouts.changed.connect(self._layout_timer.start)

    def follow_layout(self) -> None:
        """Show the surfaces in the 3-D canvas of the layout in use; give them up where none is."""
        if self._is_on and not self._view.has_place:
            self.set_on(False)
        elif self._is_on and self._surfaces is not None and not self._view.is_in_place:
            self._view.show(self._surfaces, self._map.layer)
        self._show_state()

    def set_on(self, on: bool) -> None:
        """Show the surfaces, or what was shown before."""
        self._is_on = on and self._map is not None and self._view.has_place
        if self._is_on:
            self._is_due = True
            self._make()
        else:
            self._is_due, self._surfaces = False, None
            self._view.hide()
        self._show_state()

    def cancel(self) -> None:
        """Make no more."""
        self._timer.stop()
        self._layout_timer.stop()
        self._is_on = False
        if self._job is not None:
            self._job.cancel()

    def _make(self) -> None:
        if self._job is not None or not self._is_due or self._map is None:
            return
        if self._viewer.is_painting():
            return  # the end of the stroke is an edit, too
        chosen = self._map
        self._is_due = False
        try:
            volume = chosen.volume()
            images = self._viewer.images_of(self._viewer.active_case_key)
        except BratsError as error:
            self._on_failed(error)
            return
        self._job = run_job(
            make_surfaces(volume, images, chosen, self._brains),
            on_progress=lambda progress: self._panel.show_note(progress.message),
            on_returned=lambda surfaces: self._take(surfaces, chosen),
            on_failed=self._on_failed,
            on_finished=self._on_finished,
            owner=self._panel,
        )

    def _take(self, surfaces: Surfaces, chosen: OpenLabelMap) -> None:
        if not self._is_on or self._map is None or chosen.map_id != self._map.map_id:
            return
        self._surfaces = surfaces
        self._view.show(surfaces, chosen.layer)
        self._show_state()

    def _on_failed(self, error: BratsError) -> None:
        self.set_on(False)
        self._panel.show_error(str(error))

    def _on_finished(self) -> None:
        self._job = None
        self._panel.show_note("")
        if self._is_due and self._is_on:
            self._timer.start()

    def _show_state(self) -> None:
        is_there = self._map is not None and self._view.has_place
        self._panel.show_surfaces(self._is_on, is_there=is_there)


def make_surfaces(
    labels: Volume, images: Sequence[Volume], chosen: OpenLabelMap, brains: dict[str, Mask | None]
) -> Job[Surfaces]:
    """The surfaces of a label map in display order; ``brains`` keeps the brain for next time."""
    yield Progress(0, 1, "Looking for the brain")
    order = tag_of(chosen.layer).order
    if "brain" not in brains:
        found = brain_on(labels.grid, images)
        brains["brain"] = None if found is None else np.ascontiguousarray(order.from_disk(found))
    spacing_mm = order.spacing_from_disk(labels.grid.spacing_mm)
    return (yield from surfaces_job(order.from_disk(labels.data), brains["brain"], spacing_mm))
