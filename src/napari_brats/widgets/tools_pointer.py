"""The mouse on the canvases, for the tools that napari has not."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt
from napari.layers import Labels
from qtpy.QtCore import QObject, Signal

from napari_brats.core.edits.planes import Plane
from napari_brats.widgets.looked_at import plane_looked_at
from napari_brats.widgets.tool_previews import Preview, show_preview
from napari_brats.widgets.twin_labels import main_of

if TYPE_CHECKING:
    from napari.components import ViewerModel


@dataclass(frozen=True, eq=False)
class Place:
    """Where the mouse is, on the label map in hand.

    Attributes
    ----------
    layer
        The label map.
    position
        (3,) in its voxels, centres at whole numbers; maybe beside it.
    plane
        The slice that the canvas under the mouse shows; None if that shows a volume.
    pixel
        (x, y) on the canvas, y downwards.
    modifiers
        Names of the keys that are held, as napari calls them.
    """

    layer: Labels
    position: npt.NDArray[np.float64]
    plane: Plane | None
    pixel: tuple[float, float]
    modifiers: tuple[str, ...] = ()

    @property
    def voxel(self) -> tuple[int, int, int] | None:
        """The voxel under the mouse; None beside the label map."""
        x, y, z = (int(i) for i in np.round(self.position))
        inside = all(0 <= i < n for i, n in zip((x, y, z), self.layer.data.shape, strict=True))
        return (x, y, z) if inside else None

    @property
    def on_slice(self) -> npt.NDArray[np.float64]:
        """(2,) row and column on the slice."""
        return np.delete(self.position, self.plane.axis)


class MouseTool(Protocol):
    """What a tool does with the left button; every place has a plane."""

    def press(self, place: Place) -> None:
        """The button went down."""

    def move(self, place: Place) -> None:
        """The mouse moved with the button down."""

    def release(self, place: Place) -> None:
        """The button went up."""

    def double_click(self, place: Place) -> None:
        """The button went down a second time, quickly."""


class ToolPointer(QObject):
    """Gives the left button to `tool` while there is one, in every viewer that it follows.

    Place and plane come from the event and its viewer, so that a tool works in any of them.
    """

    pressed = Signal(object)  # Place: a button went down, with a tool or without one
    tool_changed = Signal()

    def __init__(self, target: Callable[[], Labels | None], parent: QObject) -> None:
        super().__init__(parent)
        self._target = target
        self._viewers: list[ViewerModel] = []
        self._over: ViewerModel | None = None
        self._tool: MouseTool | None = None
        self._shown: tuple[Labels, Preview] | None = None
        self.is_held_off: Callable[[], bool] = lambda: False
        """Whether the mouse is to move the view for now."""

    @property
    def tool(self) -> MouseTool | None:
        """Which tool has the left button; None: napari's."""
        return self._tool

    @tool.setter
    def tool(self, tool: MouseTool | None) -> None:
        if tool is not self._tool:
            self._tool = tool
            self.tool_changed.emit()

    def follow(self, viewer: ViewerModel) -> None:
        """Listen to the mouse on this viewer's canvas. Harmless when called twice."""
        if not self._follows(viewer):
            self._viewers.append(viewer)
            viewer.mouse_drag_callbacks.append(self._on_drag)
            viewer.mouse_move_callbacks.append(self._on_move)
            viewer.mouse_double_click_callbacks.append(self._on_double_click)
            viewer.layers.events.inserted.connect(self._on_inserted)

    def unfollow(self, viewer: ViewerModel) -> None:
        """Listen no more. Harmless for a viewer that is not followed."""
        if self._follows(viewer):
            self._viewers = [each for each in self._viewers if each is not viewer]
            viewer.mouse_drag_callbacks.remove(self._on_drag)
            viewer.mouse_move_callbacks.remove(self._on_move)
            viewer.mouse_double_click_callbacks.remove(self._on_double_click)
            viewer.layers.events.inserted.disconnect(self._on_inserted)
        if viewer is self._over:
            self._over = None

    def close(self) -> None:
        """Let go of all viewers."""
        self.tool = None
        for viewer in tuple(self._viewers):
            self.unfollow(viewer)

    def plane(self, layer: Labels) -> Plane | None:
        """The slice of the label map in the canvas that the mouse was over last.

        That of the first canvas that shows slices if it was over a volume; None if none does.
        """
        viewer = self._flat_viewer()
        return None if viewer is None else plane_looked_at(viewer, layer)

    def go_to(self, layer: Labels, plane: Plane) -> None:
        """Show that slice there."""
        viewer = self._flat_viewer()
        if viewer is None:
            return
        dims = viewer.dims
        here = np.zeros(layer.ndim)
        here[plane.axis] = plane.index
        shift = dims.ndim - layer.ndim
        dims.set_point(plane.axis + shift, layer.data_to_world(here)[plane.axis])

    def show_preview(self, layer: Labels, preview: Preview | None) -> None:
        """Draw over the label map wherever it is shown; None removes it."""
        self._shown = None if preview is None else (layer, preview)
        shown = [each for viewer in self._viewers for each in viewer.layers]
        show_preview([each for each in shown if main_of(each) is layer], preview)

    def show_status(self, text: str) -> None:
        """Say something at the bottom of the window."""
        for viewer in self._viewers:
            viewer.status = text

    def _flat_viewer(self) -> ViewerModel | None:
        seen = [*([self._over] if self._over is not None else []), *self._viewers]
        return next((viewer for viewer in seen if viewer.dims.ndisplay == 2), None)

    def _on_inserted(self, event: Any) -> None:
        """A further cell shows the label map: what is previewed is to be seen there, too."""
        if self._shown is not None and main_of(event.value) is self._shown[0]:
            show_preview([event.value], self._shown[1])

    def _follows(self, viewer: ViewerModel) -> bool:
        """Two viewers that show the same are equal: what counts is which one it is."""
        return any(each is viewer for each in self._viewers)

    def _on_move(self, viewer: ViewerModel, event: object) -> None:
        del event
        self._over = viewer

    def _on_drag(self, viewer: ViewerModel, event: Any) -> Generator[None, None, None]:
        self._over = viewer
        place = self._place(viewer, event)
        if place is None or event.handled:  # by the drag that sets the window
            return
        self.pressed.emit(place)
        tool = self.tool
        if event.button != 1 or tool is None or place.plane is None or self.is_held_off():
            return
        camera = viewer.scene.camera
        pans, camera.mouse_pan = camera.mouse_pan, False
        try:
            tool.press(place)
            yield
            while event.type == "mouse_move":
                tool.move(self._place(viewer, event) or place)
                yield
            tool.release(self._place(viewer, event) or place)
        finally:
            camera.mouse_pan = pans

    def _on_double_click(self, viewer: ViewerModel, event: Any) -> None:
        place = self._place(viewer, event)
        if self.tool is None or event.button != 1 or place is None or place.plane is None:
            return
        self.tool.double_click(place)

    def _place(self, viewer: ViewerModel, event: Any) -> Place | None:
        layer = self._target()
        if layer is None:
            return None
        position = np.asarray(layer.world_to_data(event.position), float)
        is_flat = len(event.dims_displayed) == 2
        plane = plane_looked_at(viewer, layer) if is_flat else None
        x, y = (float(value) for value in event.pos)
        return Place(layer, position, plane, (x, y), tuple(event.modifiers))
