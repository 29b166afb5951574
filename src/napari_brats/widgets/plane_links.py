"""What the canvases of several planes have in common: position, zoom, centre and crosshair."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from napari import Viewer
    from napari.components import ViewerModel

    from napari_brats.widgets.plane_cell import PlaneCell


def plane_order(order: Sequence[int], step: int) -> tuple[int, ...]:
    """The axes of the plane shown now (step 0), or of the next ones (1, 2), upright.

    Of the last three axes the first one is sliced, and the other two lie on the screen in their
    own order: on an (I, P, L) grid all planes are then upright and radiological.
    """
    ndim = len(order)
    last = list(range(ndim - 3, ndim))
    sliced = order[-3] if order[-3] in last else last[0]
    across = last[(last.index(sliced) + step) % 3]
    return (*range(ndim - 3), across, *(axis for axis in last if axis != across))


class PlaneLinks:
    """Moves all views when one of them moves. The window's own dims hold the common point."""

    def __init__(self, viewer: Viewer, cells: Sequence[PlaneCell]) -> None:
        self._viewer = viewer
        self._cells = cells
        self._flat = [cell.model for cell in cells if not cell.in_volume]
        self._is_busy = False
        self._is_on = False
        self._point: tuple[float, ...] = ()

    def close(self) -> None:
        """Let go of all views. Harmless when called twice."""
        self.set_on(False)

    def set_on(self, on: bool) -> None:
        """Link the views, or let each be."""
        if on == self._is_on:
            return
        if on:
            self._turn()
            self._follow_point()
            self._follow_camera(self._viewer)
        self._is_on = on
        for emitter, slot in self._connections():
            if on:
                emitter.connect(slot)
            else:
                emitter.disconnect(slot)

    def _connections(self) -> list[tuple[Any, Any]]:
        dims = self._viewer.dims.events
        pairs: list[tuple[Any, Any]] = [(dims.point, self._on_point), (dims.order, self._on_order)]
        pairs += [(dims.ndim, self._on_order), (dims.ndisplay, self._on_order)]
        for model in self._flat:
            pairs.append((model.dims.events.point, self._on_cell_point))
            pairs += [(model.dims.events.ndim, self._on_order)]
        for model in (self._viewer, *self._flat):
            camera = model.scene.camera.events
            pairs.append((camera.center, self._on_camera))
            pairs.append((camera.zoom, self._on_camera))
        return pairs

    @contextmanager
    def _busy(self) -> Iterator[None]:
        self._is_busy = True
        try:
            yield
        finally:
            self._is_busy = False

    # -- which planes

    def _on_order(self, event: object = None) -> None:
        del event
        if not self._is_busy and self._viewer.dims.ndim >= 3:
            with self._busy():
                self._turn()
                self._follow_point()
                self._follow_camera(self._viewer)

    def _turn(self) -> None:
        """Give the further views the planes that the window's own does not show."""
        for number, cell in enumerate(self._cells, start=1):
            cell.set_axes(plane_order(self._viewer.dims.order, number))

    # -- the common point

    def _on_point(self, event: object = None) -> None:
        del event
        if not self._is_busy:
            with self._busy():
                self._follow_point()

    def _follow_point(self) -> None:
        point, former = tuple(self._viewer.dims.point), self._point
        self._point = point
        for model in self._flat:
            _move(model, point)
        if (
            len(former) == len(point)
            and sum(a != b for a, b in zip(former, point, strict=True)) > 1
        ):
            self._bring_into_view(point)  # a jump, not a step to the next slice

    def _on_cell_point(self, event: Any) -> None:
        """A slider or the wheel moved one of the further views."""
        if self._is_busy:
            return
        dims = event.source
        if dims.ndim == self._viewer.dims.ndim:
            with self._busy():
                axes = list(dims.not_displayed)
                self._viewer.dims.set_point(axes, [dims.point[axis] for axis in axes])
                self._follow_point()

    # -- the common part of the world

    def _on_camera(self, event: Any) -> None:
        if self._is_busy:
            return
        views = (self._viewer, *self._flat)
        source = next(view for view in views if view.scene.camera is event.source)
        with self._busy():
            self._follow_camera(source)

    def _follow_camera(self, source: Any) -> None:
        """Show the others as large as ``source``, and where they have an axis in common, there."""
        camera = source.scene.camera
        center = dict(zip(source.dims.displayed[-2:], camera.center[-2:], strict=True))
        for model in (self._viewer, *self._flat):
            if model is source or model.dims.ndim != source.dims.ndim:
                continue
            other = model.scene.camera
            own = zip(model.dims.displayed[-2:], other.center[-2:], strict=True)
            wanted = tuple(center.get(axis, value) for axis, value in own)
            if tuple(other.center[-2:]) != wanted:
                other.center = (0.0, *wanted)
            if other.zoom != camera.zoom:
                other.zoom = camera.zoom

    def _bring_into_view(self, point: Sequence[float]) -> None:
        """Centre the views on the axes along which the point lies beyond the edge of one."""
        views = [view for view in (self._viewer, *self._flat) if view.dims.ndim == len(point)]
        beyond = {axis for view in views for axis in _axes_beyond(view, point)}
        for view in views:
            camera, axes = view.scene.camera, view.dims.displayed[-2:]
            if beyond.intersection(axes):
                own = zip(axes, camera.center[-2:], strict=True)
                camera.center = (0.0, *(point[a] if a in beyond else at for a, at in own))


def _axes_beyond(view: Any, point: Sequence[float]) -> set[int]:
    """The axes along which a view does not reach as far as the point."""
    camera, axes = view.scene.camera, view.dims.displayed[-2:]
    half_mm = np.array(view.canvas.size) / max(camera.zoom, 1e-6) / 2
    found = zip(axes, camera.center[-2:], half_mm, strict=True)
    return {axis for axis, center, half in found if abs(point[axis] - center) > half}


def _move(model: ViewerModel, point: Sequence[float]) -> None:
    """Go to the slice at ``point``; where that lies on the slice does not matter to the layers."""
    dims = model.dims
    if dims.ndim != len(point):
        return
    axes = [axis for axis in dims.not_displayed if dims.point[axis] != point[axis]]
    if axes:
        dims.set_point(axes, [point[axis] for axis in axes])
