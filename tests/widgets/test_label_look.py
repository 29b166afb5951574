"""Colours and shown labels are in the colormap, not in the data."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Labels
from pytestqt.qtbot import QtBot

from napari_brats.core.labels import Label
from napari_brats.io.layers import LABEL_COLORS, label_colormap
from napari_brats.widgets.label_look import LabelLook

RED = (1.0, 0.0, 0.0, 1.0)


@pytest.fixture
def layer(qtbot: QtBot) -> Labels:
    del qtbot
    return Labels(np.full((2, 2, 2), 3, np.uint8), colormap=label_colormap())


def test_a_hidden_label_is_transparent_and_still_there(layer: Labels) -> None:
    look = LabelLook()
    look.dress(layer)
    look.set_shown(Label.ET, False)
    assert layer.colormap.map(np.array([3]))[0, 3] == 0
    assert layer.colormap.map(np.array([2]))[0, 3] == 1
    assert (layer.data == 3).all()
    look.set_shown(Label.ET, True)
    assert np.allclose(layer.colormap.map(np.array([3]))[0], LABEL_COLORS[Label.ET])


def test_chosen_colours_are_told_and_taken(layer: Labels) -> None:
    look, later = LabelLook(), LabelLook()
    look.set_color(Label.ED, RED)
    assert look.chosen_colors == ("ED #ff0000",)
    later.take_colors(look.chosen_colors)
    later.dress(layer)
    assert np.allclose(layer.colormap.map(np.array([2]))[0], RED)


@pytest.mark.parametrize(
    "text", ["", "ED", "ED #12345", "ED red", "XX #ff0000", "BACKGROUND #ff0000"]
)
def test_what_is_no_colour_is_left_out(text: str) -> None:
    look = LabelLook()
    look.take_colors((text,))
    assert look.colors == LABEL_COLORS
