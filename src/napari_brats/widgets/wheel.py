"""The wheel goes through the slices of the view under the mouse; with Ctrl it zooms there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel

ZOOM_PER_NOTCH = 1.15


class SliceWheel:
    """Takes the wheel of the watched viewers, and gives napari's own use of it back."""

    def __init__(self) -> None:
        self._watched: dict[int, tuple[ViewerModel, list[Callable[..., Any]]]] = {}
        self._notches = 0.0  # touch pads turn it by parts of one

    def watch(self, viewer: ViewerModel) -> None:
        """Take the wheel over this viewer's canvas. Harmless when called twice."""
        if id(viewer) not in self._watched:
            self._watched[id(viewer)] = (viewer, list(viewer.mouse_wheel_callbacks))
            viewer.mouse_wheel_callbacks[:] = [self._on_wheel]

    def unwatch(self, viewer: ViewerModel) -> None:
        """Give napari the wheel again. Harmless when it has it."""
        _, former = self._watched.pop(id(viewer), (viewer, None))
        if former is not None:
            viewer.mouse_wheel_callbacks[:] = former

    def _on_wheel(self, viewer: ViewerModel, event: Any) -> None:
        delta = float(event.delta[1])
        modifiers = tuple(event.modifiers)
        if viewer.dims.ndisplay == 3 or len(viewer.dims.not_displayed) == 0:
            return  # napari zooms
        if modifiers == ("Control",):
            zoom_at(viewer, event.position, ZOOM_PER_NOTCH**delta)
        elif not modifiers:
            self._notches += -delta if not event.native.inverted() else delta
            whole = int(self._notches)
            self._notches -= whole
            scroll(viewer, whole)
        event.handled = True


def scroll(viewer: ViewerModel, slices: int) -> None:
    """Go so many slices on, at most to the last one."""
    dims = viewer.dims
    axis = dims.not_displayed[-1]
    step = min(max(dims.current_step[axis] + slices, 0), int(dims.nsteps[axis]) - 1)
    if step != dims.current_step[axis]:
        dims.set_current_step(axis, step)


def zoom_at(viewer: ViewerModel, position: Any, factor: float) -> None:
    """Show a 2-D view larger by ``factor``, with what lies at ``position`` staying there."""
    camera, axes = viewer.scene.camera, list(viewer.dims.displayed)
    center, fixed = np.array(camera.center[-2:]), np.array(position)[axes]
    camera.zoom *= factor
    camera.center = (0.0, *(fixed + (center - fixed) / factor))
