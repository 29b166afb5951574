"""Windows of grey values: dragging, presets, and values that leave no range."""

from __future__ import annotations

import numpy as np
import pytest

from napari_brats.core.window_level import (
    Preset,
    Window,
    auto_window,
    dragged,
    preset_window,
    reach_of,
    window_of,
)

START = Window(100.0, 300.0)


def test_width_and_level_are_two_ways_to_say_low_and_high() -> None:
    assert (START.width, START.level) == (200.0, 200.0)
    assert window_of(200.0, 200.0) == START
    assert START.text == "W 200  L 200"
    assert Window(0.0, 0.25).text == "W 0.25  L 0.125"


@pytest.mark.parametrize(
    ("right", "down", "expected"),
    [
        (0, 0, (100.0, 300.0)),
        (40, 0, (50.0, 350.0)),  # a tenth of the reach of 1000 more on both sides together
        (0, -20, (50.0, 250.0)),  # up: the level falls, so the image is brighter
        (-4000, 0, (199.5, 200.5)),  # never closed: a thousandth of the reach is left
    ],
)
def test_dragging(right: float, down: float, expected: tuple[float, float]) -> None:
    window = dragged(START, right, down, 1000.0)
    assert (window.low, window.high) == pytest.approx(expected)


def test_a_drag_does_as_much_on_any_scale() -> None:
    small = dragged(Window(0.1, 0.3), 40, 10, 1.0)
    large = dragged(START, 40, 10, 1000.0)
    assert (small.low * 1000, small.high * 1000) == pytest.approx((large.low, large.high))


def test_presets() -> None:
    inside = np.arange(101, dtype=np.int16)  # percentile p is p itself
    data = np.array([[-5, 100], [32767, 7]], np.int16)
    opened = Window(3.0, 4.0)
    found = {preset: preset_window(preset, data, inside, opened) for preset in Preset}
    assert found == {
        Preset.AUTO: Window(1.0, 99.0),
        Preset.NARROW: Window(25.5, 74.5),
        Preset.WIDE: Window(-48.0, 148.0),
        Preset.FULL: Window(-5.0, 32767.0),
        Preset.OPENED: opened,
    }


@pytest.mark.parametrize("values", [[], [7.0], [7.0, 7.0]])
def test_values_without_a_range_give_a_range_of_one(values: list[float]) -> None:
    inside = np.array(values)
    assert auto_window(inside).width == 1.0
    assert reach_of(inside) == 1.0
    if values:
        window = preset_window(Preset.FULL, inside, inside, Window(0.0, 1.0))
        assert window == Window(7.0, 8.0)
