"""Planes: axial, coronal, sagittal and 3-D together in the window, linked."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from napari.layers import Labels, Layer
from qtpy.compat import isalive
from qtpy.QtCore import QObject, Qt, Signal
from qtpy.QtWidgets import QSplitter, QWidget

from napari_brats.widgets.field_of_view import FieldOfView
from napari_brats.widgets.plane_cell import PlaneCell
from napari_brats.widgets.plane_links import PlaneLinks, plane_order
from napari_brats.widgets.scene_graph import make_current, window_view
from napari_brats.widgets.twins import LabelTwins

if TYPE_CHECKING:
    from napari import Viewer
    from napari.components import ViewerModel
    from napari.qt import QtViewer

    from napari_brats.widgets.label_tools import LabelTools


CELLS = 3

NARROWEST_PX = 80
"""Of a canvas: napari's sliders would have the window's own one take most of a narrow window."""


class Planes(QObject):
    """Three canvases beside the window's own, which keeps its place in the window.

    They are made when they are first wanted and rest while they are hidden. Moving the window's own
    canvas into another widget would make Qt start its OpenGL context anew.
    """

    cell_made = Signal(object)  # ViewerModel
    cell_going = Signal(object)

    def __init__(self, viewer: Viewer, tools: LabelTools, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer, self._tools = viewer, tools
        self._cells: list[PlaneCell] = []
        self._column: QSplitter | None = None
        self._links: PlaneLinks | None = None
        self._twins: dict[Labels, LabelTwins] = {}
        self._view: QtViewer | None = None
        self._order_before: tuple[int, ...] | None = None
        self._was_shown = False
        self._told = 0  # of how many cells others know

    @property
    def is_on(self) -> bool:
        """Whether all planes are shown."""
        return self._order_before is not None

    @property
    def models(self) -> tuple[ViewerModel, ...]:
        """The viewer models of the further canvases, shown or not; the last one is 3-D."""
        return tuple(cell.model for cell in self._cells)

    @property
    def is_built(self) -> bool:
        """Whether the further canvases are there."""
        return self._links is not None

    def close(self) -> None:
        """Take the further canvases away, and leave the window as it was if it is still there."""
        is_built = self.is_built
        if is_built and isalive(self._view):
            self.leave()
            self._view.splitterMoved.disconnect(self._on_left_moved)
        for emitter in self._removals() if is_built else ():
            emitter.disconnect(self._draw_here)
        self._order_before = None
        if self._links is not None:
            self._links.close()
        for cell in self._cells[: self._told]:
            self.cell_going.emit(cell.model)
        for cell in self._cells:
            cell.close_for_good()
        if self._column is not None:
            self._column.hide()
            self._column.deleteLater()
        self._cells, self._column, self._links, self._view = [], None, None, None
        self._told = 0

    def prepare(self) -> Iterator[None]:
        """Make what is not there yet, a part with each step, while the window shows what it did.

        What was made so far stays if there is no further step.
        """
        self._view = window_view(self._viewer)
        while len(self._cells) < CELLS:
            in_volume = len(self._cells) == CELLS - 1
            cell = PlaneCell(self._viewer, self._view, self.twins_of, in_volume=in_volume)
            self._cells.append(cell)
            yield
        for number, cell in enumerate(self._cells, start=1):
            yield from cell.copies.prepare()
            cell.set_axes(plane_order(self._viewer.dims.order, number))
            yield
        if not self.is_built:
            self._build()
            yield
        for cell in self._cells[self._told :]:
            self._told += 1
            self.cell_made.emit(cell.model)
            yield

    def enter(self, images: list[Layer]) -> None:
        """Show all planes, each with the part of ``images`` that the window showed."""
        viewer = self._viewer
        self._order_before = tuple(viewer.dims.order)
        if viewer.dims.ndisplay == 3:
            viewer.dims.ndisplay = 2
        order = plane_order(viewer.dims.order, 0)
        point = viewer.dims.point
        field = FieldOfView.of(viewer, images)
        if viewer.dims.order != order:
            viewer.dims.order = order
        is_new = not self._was_shown
        self._was_shown = True
        deque(self.prepare(), maxlen=0)
        for twins in self._twins.values():
            twins.wake()
        for cell in self._cells:
            cell.set_on(True)
        self._view.setMinimumWidth(NARROWEST_PX)
        with _drawn_once(self._view.parentWidget()):
            self._column.show()
            self._cells[1].show()
            self._even_out()
        viewer.dims.point = point
        field.restore(viewer)
        self._links.set_on(True)
        if is_new:
            self._cells[2].model.fit_to_view()
            self._cells[2].model.scene.camera.zoom *= 1.4  # a head fills little of its box

    def leave(self) -> None:
        """Go back to one view. Harmless when not on."""
        if self._order_before is None:
            return
        viewer, order = self._viewer, self._order_before
        self._order_before = None
        field = FieldOfView.of(viewer, list(viewer.layers))
        self._links.set_on(False)
        for cell in self._cells:
            cell.set_on(False)
        for twins in self._twins.values():
            twins.sleep()
        self._view.setMinimumWidth(0)
        self._column.hide()
        self._cells[1].hide()
        self._view.parentWidget().layout().activate()
        if viewer.dims.order != order and len(order) == viewer.dims.ndim:
            viewer.dims.order = order
        field.restore(viewer)

    def refresh_soon(self) -> None:
        """Draw the label maps anew in the further canvases."""
        for twins in self._twins.values():
            twins.refresh_soon()

    def twins_of(self, layer: Labels) -> LabelTwins:
        """The twins of a label map in all canvases."""
        if layer not in self._twins:
            self._twins[layer] = LabelTwins(layer, self._tools)
            self._twins[layer].emptied.connect(self._on_emptied)
        return self._twins[layer]

    def _on_emptied(self, layer: Labels) -> None:
        """Let go of a label map that was removed, with its array."""
        self._twins.pop(layer).close()

    def _build(self) -> None:
        """Coronal above 3-D at the right of the window's canvas, sagittal below that one."""
        view = self._view
        coronal, sagittal, volume = self._cells
        self._column = QSplitter(Qt.Orientation.Vertical)
        self._column.hide()  # before it is given a place, or else it is drawn there at once
        sagittal.hide()
        self._column.addWidget(coronal)
        self._column.addWidget(volume)
        view.addWidget(sagittal)
        central = view.parentWidget().layout()
        central.addWidget(self._column)
        central.setStretch(0, 1)
        central.setStretch(1, 1)
        view.splitterMoved.connect(self._on_left_moved)
        self._column.splitterMoved.connect(self._on_right_moved)
        self._links = PlaneLinks(self._viewer, self._cells)
        for emitter in self._removals():
            emitter.connect(self._draw_here)

    def _removals(self) -> tuple[Any, ...]:
        events = self._viewer.layers.events
        return events.removing, events.begin_batch  # napari's own slots come before ours

    def _draw_here(self, event: object = None) -> None:
        del event
        make_current(self._view)

    def _even_out(self) -> None:
        """Give all cells the same room."""
        view = self._view
        view.parentWidget().layout().activate()
        for splitter in (view, self._column):
            half = max(splitter.height() // 2, 1)
            sizes = [half, half, *([0] * (splitter.count() - 2))]
            splitter.setSizes(sizes)

    def _on_left_moved(self, position: int, index: int) -> None:
        del position, index
        if self.is_on:
            self._column.setSizes(self._view.sizes()[:2])

    def _on_right_moved(self, position: int, index: int) -> None:
        del position, index
        self._view.setSizes(self._column.sizes())


@contextmanager
def _drawn_once(widget: QWidget) -> Iterator[None]:
    """Draw what is in a widget once its parts have their final sizes, not after each change."""
    widget.setUpdatesEnabled(False)
    try:
        yield
    finally:
        widget.setUpdatesEnabled(True)
