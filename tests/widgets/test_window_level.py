"""Dragging windows: the image under the cursor, no tool takes part, and all is given back."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils.interactions import (
    mouse_move_callbacks,
    mouse_press_callbacks,
    mouse_release_callbacks,
)

from napari_brats.core.window_level import Preset
from napari_brats.widgets.window_level import LEFT, MIDDLE, RIGHT, Gesture, WindowLevel, image_at


@pytest.fixture
def viewer() -> ViewerModel:
    """Two images of 1 to 1001 in the brain, 0 outside, and a label map that is being painted."""
    viewer = ViewerModel()
    ramp = np.zeros((10, 10, 10), np.float32)
    ramp[2:8, 2:8, 2:8] = np.linspace(1, 1001, 216).reshape(6, 6, 6)
    for name in ("below", "above"):
        viewer.add_image(ramp, name=name, contrast_limits=(100, 300))
    viewer.add_labels(np.zeros((10, 10, 10), np.uint8), name="labels").mode = "paint"
    return viewer


def _drag(viewer: ViewerModel, button: int, right: float, down: float, **named: Any) -> Any:
    """Press, move, release, as napari's canvas tells the viewer and then the selected layer."""
    event = SimpleNamespace(
        button=button,
        modifiers=(),
        pos=np.array([50.0, 50.0]),
        viewbox=(0, 0),
        position=(5.0, 5.0, 5.0),
        view_direction=None,
        dims_displayed=[1, 2],
        type="mouse_press",
        handled=False,
        is_dragging=True,
    )
    vars(event).update(named)
    layer = viewer.layers.selection.active
    moved = event.pos + np.array([right, down])
    steps = (
        (mouse_press_callbacks, "mouse_press", event.pos),
        (mouse_move_callbacks, "mouse_move", moved),
        (mouse_release_callbacks, "mouse_release", moved),
    )
    for callbacks, kind, pos in steps:
        event.type, event.pos = kind, pos
        callbacks(viewer, event)
        callbacks(layer, event)
    return event


def _limits(viewer: ViewerModel) -> dict[str, list[float]]:
    return {n: [round(v) for v in viewer.layers[n].contrast_limits] for n in ("below", "above")}


def test_the_middle_button_windows_the_top_image_and_paints_nothing(viewer: ViewerModel) -> None:
    windows = WindowLevel()
    windows.watch(viewer)
    windows.watch(viewer)
    event = _drag(viewer, MIDDLE, 40, -20)  # reach 980: 98 wider, 49 brighter
    assert _limits(viewer) == {"below": [100, 300], "above": [2, 300]}
    assert event.handled
    assert not viewer.layers["labels"].data.any()
    assert str(viewer.layers["labels"].mode) == "paint"
    assert viewer.scene.camera.mouse_pan is False  # as painting has it
    windows.close()
    _drag(viewer, LEFT, 40, 0)
    assert viewer.layers["labels"].data.any()  # the brush has its callbacks again
    assert _limits(viewer)["above"] == [2, 300]


def test_the_left_button_windows_only_in_the_mode(viewer: ViewerModel) -> None:
    windows = WindowLevel()
    windows.watch(viewer)
    windows.toggle()
    _drag(viewer, LEFT, 0, 20)
    assert not viewer.layers["labels"].data.any()
    assert _limits(viewer)["above"] == [149, 349]
    windows.toggle()
    _drag(viewer, LEFT, 0, 20)
    assert viewer.layers["labels"].data.any()
    assert _limits(viewer)["above"] == [149, 349]


@pytest.mark.parametrize(
    ("gesture", "taken"),
    [(Gesture.MIDDLE, {MIDDLE}), (Gesture.RIGHT, {RIGHT}), (Gesture.NONE, set())],
)
def test_the_gesture_can_be_chosen(viewer: ViewerModel, gesture: Gesture, taken: set[int]) -> None:
    windows = WindowLevel()
    windows.gesture = gesture
    windows.watch(viewer)
    viewer.layers["labels"].mode = "pan_zoom"
    found = {button for button in (LEFT, RIGHT, MIDDLE) if _drag(viewer, button, 9, 9).handled}
    assert found == taken
    assert not any(_drag(viewer, b, 9, 9, modifiers=("Shift",)).handled for b in (RIGHT, MIDDLE))


def test_a_tool_chosen_during_the_drag_is_the_one_that_paints(viewer: ViewerModel) -> None:
    windows = WindowLevel()
    windows.watch(viewer)
    labels = viewer.layers["labels"]
    windows.changed.connect(lambda _: setattr(labels, "mode", "erase"))
    _drag(viewer, MIDDLE, 9, 9)
    fresh = ViewerModel().add_labels(np.zeros((3, 3), np.uint8))
    fresh.mode = "erase"
    assert labels.mouse_drag_callbacks == fresh.mouse_drag_callbacks


def test_the_image_under_the_cursor_in_a_grid(viewer: ViewerModel) -> None:
    viewer.layers.remove("labels")
    viewer.canvas.grid.enabled = True
    viewer.canvas.grid.shape = (1, 2)
    found = [image_at(viewer, (0, column)) for column in (0, 1)]
    assert {layer.name for layer in found if layer} == {"below", "above"}
    assert found[0] is not found[1]


def test_viewers_that_look_alike_are_told_apart() -> None:
    windows, one, other = WindowLevel(), ViewerModel(), ViewerModel()
    windows.watch(one)
    windows.watch(other)
    windows.unwatch(other)
    windows.set_on(True)
    for viewer in (one, other):
        image = np.zeros((10, 10, 10), np.float32)
        image[2:8, 2:8, 2:8] = np.arange(1, 217).reshape(6, 6, 6)
        viewer.add_image(image)
    assert [_drag(viewer, LEFT, 9, 9).handled for viewer in (one, other)] == [True, False]


def test_without_a_visible_image_nothing_happens(viewer: ViewerModel) -> None:
    windows = WindowLevel()
    windows.watch(viewer)
    for name in ("below", "above"):
        viewer.layers[name].visible = False
    viewer.layers["labels"].mode = "pan_zoom"
    assert not _drag(viewer, MIDDLE, 9, 9).handled


def test_presets_of_a_layer(viewer: ViewerModel) -> None:
    windows = WindowLevel()
    layer = viewer.layers["above"]
    windows.set_preset(layer, Preset.FULL)
    assert _limits(viewer)["above"] == [0, 1001]
    windows.set_preset(layer, Preset.NARROW)
    low, high = layer.contrast_limits
    windows.set_preset(layer, Preset.AUTO)
    assert layer.contrast_limits[1] - layer.contrast_limits[0] == pytest.approx(2 * (high - low))
