"""Width and level of the image under the cursor, by dragging and by presets.

`WindowLevel.watch` makes any viewer model's canvas take the gesture, cells of a grid included. Its
callback stands first among the viewer's, sets ``event.handled`` and silences the selected layer's
tool while a drag lasts: callbacks that paint leave events alone that are handled.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING, Any

from napari.layers import Image, Layer
from qtpy.QtCore import QObject, Signal

from napari_brats.core.window_level import (
    Preset,
    Window,
    brain_sample,
    dragged,
    preset_window,
    reach_of,
)
from napari_brats.io.layers import TAG, contrast_limits

if TYPE_CHECKING:
    from napari.components import ViewerModel

LEFT, RIGHT, MIDDLE = 1, 2, 3  # vispy's numbers


class Gesture(Enum):
    """What starts a drag, beside the left button while the mode is on."""

    MIDDLE = "middle button"
    RIGHT = "right button, instead of napari's zoom"
    NONE = "only the mode"


def gesture_named(name: str) -> Gesture:
    """The gesture of a stored name (``middle``, ``right``, ``none``); else the middle button."""
    return Gesture.__members__.get(name.upper(), Gesture.MIDDLE)


_BUTTONS = {Gesture.MIDDLE: MIDDLE, Gesture.RIGHT: RIGHT, Gesture.NONE: None}


class WindowLevel(QObject):
    """Sets what the images of the watched viewers show from black to white."""

    changed = Signal(object)  # the Image layer
    mode_changed = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.gesture = Gesture.MIDDLE
        self._is_on = False
        self._viewers: list[ViewerModel] = []

    def watch(self, viewer: ViewerModel) -> None:
        """Let drags in this viewer's canvas set windows. Harmless when called twice."""
        if not self._watches(viewer):
            self._viewers.append(viewer)
            viewer.mouse_drag_callbacks.insert(0, self._on_drag)

    def unwatch(self, viewer: ViewerModel) -> None:
        """Leave this viewer alone. Harmless when it is not watched."""
        if self._watches(viewer):
            self._viewers = [each for each in self._viewers if each is not viewer]
            viewer.mouse_drag_callbacks.remove(self._on_drag)

    def close(self) -> None:
        """Leave all viewers alone."""
        for viewer in tuple(self._viewers):
            self.unwatch(viewer)

    @property
    def is_on(self) -> bool:
        """Whether the left button drags the window, whatever tool is chosen."""
        return self._is_on

    def set_on(self, on: bool) -> None:
        """Let the left button drag the window, or give it back to napari and its tools."""
        if on != self._is_on:
            self._is_on = on
            self.mode_changed.emit(on)

    def toggle(self) -> None:
        """The mode on or off."""
        self.set_on(not self._is_on)

    def set_window(self, layer: Image, window: Window) -> None:
        """Show these values of a layer."""
        layer.contrast_limits = (window.low, window.high)
        self.changed.emit(layer)

    def set_preset(self, layer: Image, preset: Preset) -> None:
        """Show the values of a preset."""
        opened = Window(*contrast_limits(layer.data))
        window = preset_window(preset, layer.data, brain_sample(layer.data), opened)
        self.set_window(layer, window)

    def _watches(self, viewer: ViewerModel) -> bool:
        """Viewers that show the same are equal: what counts is which one it is."""
        return any(each is viewer for each in self._viewers)

    def _starts(self, event: Any) -> bool:
        if event.button == LEFT:
            return self._is_on
        return bool(event.button == _BUTTONS[self.gesture]) and not event.modifiers

    def _on_drag(self, viewer: ViewerModel, event: Any) -> Iterator[None]:
        """Change width and level until the button is let go."""
        layer = image_at(viewer, event.viewbox) if self._starts(event) else None
        if layer is None:
            return
        start, reach = window_shown(layer), reach_of(brain_sample(layer.data))
        first_x, first_y = (float(at) for at in event.pos)
        event.handled = True
        with _tools_silenced(viewer):
            yield
            while event.type == "mouse_move":
                right, down = float(event.pos[0]) - first_x, float(event.pos[1]) - first_y
                self.set_window(layer, dragged(start, right, down, reach))
                event.handled = True
                yield


def window_shown(layer: Image) -> Window:
    """What a layer shows now."""
    low, high = layer.contrast_limits
    return Window(float(low), float(high))


def image_at(viewer: ViewerModel, viewbox: tuple[int, int] | None = None) -> Image | None:
    """The topmost visible image of a canvas, or of one cell of its grid; None if there is none.

    A modality before other images: maps of a network lie over them, but are not what is windowed.
    """
    shown = [layer for layer in layers_at(viewer, viewbox) if _is_windowed(layer)]
    modalities = [layer for layer in shown if _role(layer) != "probability"]
    return next(reversed(modalities or shown), None)


def layers_at(viewer: ViewerModel, viewbox: tuple[int, int] | None) -> tuple[Layer, ...]:
    """The layers in one cell of the grid, bottom first; all of them where there is no grid."""
    grid = viewer.canvas.grid
    if not grid.enabled or viewbox is None:
        return tuple(viewer.layers)
    return tuple(viewer.layers[index] for index in grid.contents_at(viewbox, viewer.layers))


def _is_windowed(layer: Layer) -> bool:
    return isinstance(layer, Image) and layer.visible and not layer.rgb


def _role(layer: Layer) -> str:
    tag = layer.metadata.get(TAG)
    return "" if tag is None else tag.role


@contextmanager
def _tools_silenced(viewer: ViewerModel) -> Iterator[None]:
    """Neither the camera nor the selected layer's tool takes part in this drag."""
    camera, layer = viewer.scene.camera, viewer.layers.selection.active
    mouse_pan, camera.mouse_pan = camera.mouse_pan, False
    former = None if layer is None else (layer.mode, list(layer.mouse_drag_callbacks))
    if layer is not None:
        layer.mouse_drag_callbacks[:] = []
    try:
        yield
    finally:
        camera.mouse_pan = mouse_pan
        if former is not None:
            mode, (former_mode, callbacks) = layer.mode, former
            layer.mode = former_mode  # napari exchanges the tool's own callback with the mode
            layer.mouse_drag_callbacks[:] = callbacks
            layer.mode = mode
