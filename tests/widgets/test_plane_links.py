"""Which axes the planes show, what the crosshair draws, what the wheel does: no window needed."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_brats.widgets.crosshair import REACH_MM, crosshair_lines
from napari_brats.widgets.plane_links import plane_order
from napari_brats.widgets.wheel import SliceWheel, scroll, zoom_at


@pytest.mark.parametrize(
    ("order", "planes"),
    [
        ((0, 1, 2), [(0, 1, 2), (1, 0, 2), (2, 0, 1)]),
        ((1, 0, 2), [(1, 0, 2), (2, 0, 1), (0, 1, 2)]),
        ((1, 2, 0), [(1, 0, 2), (2, 0, 1), (0, 1, 2)]),  # as napari rolls them: made upright
        ((0, 3, 1, 2), [(0, 3, 1, 2), (0, 1, 2, 3), (0, 2, 1, 3)]),
    ],
)
def test_the_three_planes_are_upright_whatever_the_first_is(
    order: tuple[int, ...], planes: list[tuple[int, ...]]
) -> None:
    assert [plane_order(order, step) for step in range(3)] == planes


def test_the_crosshair_leaves_its_voxel_free() -> None:
    lines = crosshair_lines((3.0, 5.0), gap=2.0).reshape(-1, 2, 2)
    assert lines.tolist() == [
        [[1, 5], [3 - REACH_MM, 5]],
        [[5, 5], [3 + REACH_MM, 5]],
        [[3, 3], [3, 5 - REACH_MM]],
        [[3, 7], [3, 5 + REACH_MM]],
    ]


def wheel_event(delta: float, modifiers: tuple[str, ...] = ()) -> SimpleNamespace:
    native = SimpleNamespace(inverted=lambda: False)
    return SimpleNamespace(
        delta=(0.0, delta), modifiers=modifiers, native=native, position=(0, 2, 3), handled=False
    )


@pytest.fixture
def model() -> ViewerModel:
    """Ten slices of 4 x 6 pixels, the sixth one shown."""
    model = ViewerModel()
    model.add_image(np.zeros((10, 4, 6)))
    model.dims.set_current_step(0, 5)
    return model


def test_the_wheel_goes_through_slices_and_stops_at_the_last(model: ViewerModel) -> None:
    wheel = SliceWheel()
    former = list(model.mouse_wheel_callbacks)
    wheel.watch(model)
    (turn,) = model.mouse_wheel_callbacks
    event = wheel_event(-1)
    turn(model, event)  # towards oneself: to the next slice
    assert model.dims.current_step[0] == 6
    assert event.handled  # or napari would zoom
    turn(model, wheel_event(0.5))  # a touch pad: half a notch
    assert model.dims.current_step[0] == 6
    turn(model, wheel_event(0.5))
    assert model.dims.current_step[0] == 5
    scroll(model, 100)
    assert model.dims.current_step[0] == 9
    wheel.unwatch(model)
    assert model.mouse_wheel_callbacks == former


def test_the_wheel_with_ctrl_zooms_where_the_mouse_is(model: ViewerModel) -> None:
    camera = model.scene.camera
    camera.zoom, camera.center = 10.0, (0.0, 1.0, 1.0)
    zoom_at(model, (5, 2, 3), 2.0)
    assert camera.zoom == 20.0
    assert camera.center[-2:] == (1.5, 2.0)  # (2, 3) is as many pixels from the middle as before
    wheel = SliceWheel()
    wheel.watch(model)
    model.mouse_wheel_callbacks[0](model, wheel_event(1, ("Control",)))
    assert camera.zoom > 20.0
    assert model.dims.current_step[0] == 5
