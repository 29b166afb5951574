"""The canvases that a case is read in, and which of them is looked at.

The window's own is there from the beginning; a layout that has more gives each to `add` and takes
it back with `remove`. Each then has letters, slice number, ruler and scale bar, takes drags of the
window, writes the status bar, and is what keys and buttons act on while the mouse was in it last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject

from napari_brats.widgets.case_group import tag_of
from napari_brats.widgets.reading_aids import ReadingAids, slice_of
from napari_brats.widgets.status_line import StatusLine
from napari_brats.widgets.window_level import WindowLevel

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels, Layer

    from napari_brats.widgets.case_group import OpenCase


MODE_NOTE = "W/L"
"""Stands in every view while the left button sets the window, and paints nothing."""


class ReadingViews(QObject):
    """What all views of a window have in common: `windows`, `status`, aids, the one looked at."""

    def __init__(self, viewer: ViewerModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._main = viewer
        self._current = viewer
        self._reference: Layer | None = None
        self._views: list[tuple[ViewerModel, ReadingAids, Any]] = []
        self.windows = WindowLevel(self)
        self.windows.mode_changed.connect(self._on_window_mode)
        self.status = StatusLine(viewer, self)
        self.add(viewer)

    def close(self) -> None:
        """Let go of all viewers. Harmless when called twice."""
        for viewer, _, _ in tuple(self._views):
            self.remove(viewer)
        self.status.close()

    def add(self, viewer: ViewerModel) -> None:
        """Serve one more viewer model until `remove`."""

        def on_move(event: object = None) -> None:
            del event
            self._current = viewer

        aids = ReadingAids(viewer)
        aids.show_for(self._reference)
        aids.show_note(MODE_NOTE if self.windows.is_on else "")
        self.windows.watch(viewer)
        self.status.watch(viewer)
        viewer.cursor.events.position.connect(on_move)
        self._views.append((viewer, aids, on_move))

    def remove(self, viewer: ViewerModel) -> None:
        """Leave a viewer model alone. Harmless when it is not served."""
        for view in [view for view in self._views if view[0] is viewer]:
            self._views.remove(view)
            _, aids, on_move = view
            viewer.cursor.events.position.disconnect(on_move)
            aids.close()
            self.windows.unwatch(viewer)
            self.status.unwatch(viewer)
        if self._current is viewer:
            self._current = self._main

    @property
    def current(self) -> ViewerModel:
        """The viewer that the mouse was in last; the window's own until it was in one."""
        return self._current

    @property
    def slice_axis(self) -> int:
        """The array axis across the plane that is looked at; 0 (axial) in a 3-D view."""
        found = slice_of(self._current, self._reference) if self._reference is not None else None
        return 0 if found is None else found[0]

    @property
    def voxel(self) -> tuple[int, int, int] | None:
        """The voxel (x, y, z) of the reference's file that is looked at; None without a case."""
        layer = self._reference
        if layer is None:
            return None
        place = layer.world_to_data(self._main.dims.point[-3:])
        index = [
            min(max(round(float(at)), 0), count - 1)
            for at, count in zip(place, layer.data.shape, strict=True)
        ]
        tag = tag_of(layer)
        return tag.order.index_to_disk((index[0], index[1], index[2]), tag.reference.grid.shape)

    def show_for(self, case: OpenCase | None, labels: Labels | None) -> None:
        """Read this case from now on."""
        self._reference = None if case is None else case.reference
        images = {} if case is None else case.by_modality
        self.status.show_for(self._reference, images, labels)
        for _, aids, _ in self._views:
            aids.show_for(self._reference)

    def step(self, slices: int) -> None:
        """Go so many slices of the case's reference on, at most to the last one.

        Down the body, backwards and to the patient's left; negative numbers the other way. Nothing
        happens in a 3-D view.
        """
        layer = self._reference
        found = None if layer is None else slice_of(self._current, layer)
        if layer is None or found is None:
            return
        axis, index = found
        dims = self._current.dims
        place = list(layer.world_to_data(dims.point[-3:]))
        place[axis] = min(max(index + slices, 0), layer.data.shape[axis] - 1)
        first = dims.ndim - 3
        dims.set_point(first + axis, float(layer.data_to_world(place)[axis]))

    def _on_window_mode(self, on: bool) -> None:
        for _, aids, _ in self._views:
            aids.show_note(MODE_NOTE if on else "")
