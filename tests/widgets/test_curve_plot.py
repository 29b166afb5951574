"""The curves: what is smoothed, thinned and labelled, and that they are drawn where they belong."""

from __future__ import annotations

import numpy as np
import pytest

from napari_brats.widgets.curve_plot import Curve, CurvePlot, nice_top, smoothed, thinned, title_of


def test_a_smoothed_curve_is_the_mean_of_the_last_tenth():
    values = np.array([0.0] * 10 + [1.0] * 10)
    assert smoothed(values)[[0, 9, 10, 11]].tolist() == [0.0, 0.0, 0.5, 1.0]
    assert smoothed(np.array([3.0])).tolist() == [3.0]


def test_thinning_keeps_the_last_point():
    steps, values = thinned(np.arange(10.0), np.arange(10.0) * 2, 4)
    assert steps.tolist() == [0.0, 3.0, 6.0, 9.0]
    assert values.tolist() == [0.0, 6.0, 12.0, 18.0]


@pytest.mark.parametrize(
    ("values", "top"),
    [([], 1.0), ([0.0], 1.0), ([1.2, 0.3], 2.0), ([0.04], 0.05), ([10.0], 10.0), ([np.nan, 3], 5)],
)
def test_the_axis_ends_at_a_round_number(values, top):
    assert nice_top(values) == pytest.approx(top)


def test_the_title_tells_the_latest_value():
    assert title_of(Curve("loss", "#000000", (), ())) == "loss"
    assert title_of(Curve("loss", "#000000", (1,), (0.25,))) == "loss 0.250"


def test_a_curve_is_drawn_in_its_colour_in_its_own_half(qtbot):
    plot = CurvePlot()
    qtbot.addWidget(plot)
    plot.resize(300, 200)
    plot.show_curves(
        [
            Curve("a", "#ff0000", (0, 50, 100), (1.0, 1.0, 1.0), top=2.0),
            Curve("b", "#00ff00", (0, 50), (0.5, 0.5), top=1.0),
        ],
        100,
    )
    image = plot.grab().toImage()
    pixels = [
        (x, y, image.pixelColor(x, y)) for x in range(image.width()) for y in range(image.height())
    ]
    red = [(x, y) for x, y, c in pixels if c.red() > 200 and c.green() < 60 and c.blue() < 60]
    green = [(x, y) for x, y, c in pixels if c.green() > 200 and c.red() < 60 and c.blue() < 60]
    scale = image.width() / 300
    assert max(y for _, y in red) < 91 * scale < min(y for _, y in green)
    assert max(x for x, _ in red) > 280 * scale
    assert max(x for x, _ in green) < 175 * scale  # half of the steps


def test_no_step_yet_draws_empty_axes(qtbot):
    plot = CurvePlot()
    qtbot.addWidget(plot)
    plot.show_curves([Curve("a", "#ff0000", (), ())], 1)
    assert not plot.grab().isNull()
