"""The wand with mouse events, on a viewer model without a window."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from napari.utils.interactions import (
    mouse_move_callbacks,
    mouse_press_callbacks,
    mouse_release_callbacks,
)
from pytestqt.qtbot import QtBot
from qtpy.QtCore import Qt
from tests.widgets.tools_bench import GRID, Bench, block, press_key, run_now

from napari_brats.core.case import Volume
from napari_brats.core.geometry import Grid
from napari_brats.core.labels import Label
from napari_brats.core.progress import drain
from napari_brats.widgets import tools_images
from napari_brats.widgets.case_group import tag_of
from napari_brats.widgets.tool_previews import NAME
from napari_brats.widgets.tools_images import appearance_job
from napari_brats.widgets.twin_labels import TwinLabels

# -- wand


def test_the_wand_shows_a_region_and_enter_paints_it_as_one_step(bench: Bench) -> None:
    bench.control.choose("wand")
    assert bench.message == "The wand is ready: it compares 2 modalities."
    bench.press((3, 7, 7))
    assert bench.preview.mask.sum() > 0
    assert not bench.layer.data.any()
    assert bench.message.startswith("Wand: ")
    press_key(Qt.Key.Key_Return)
    # The images are smoothed, so that the border itself is between the two.
    assert bench.layer.data[3:5, 5:11, 5:11].all()
    assert not bench.layer.data[~block()].any()
    assert bench.steps == [("Wand", np.count_nonzero(bench.layer.data))]
    assert bench.preview is None
    assert bench.message.startswith("Wand: ")
    bench.tools.undo()
    assert not bench.layer.data.any()


def test_escape_drops_what_the_wand_shows(bench: Bench) -> None:
    bench.control.choose("wand")
    bench.press((3, 7, 7))
    assert bench.panel.drop_button.isEnabled()
    press_key(Qt.Key.Key_Escape)
    assert bench.preview is None
    assert not bench.panel.drop_button.isEnabled()
    press_key(Qt.Key.Key_Return)
    assert not bench.layer.data.any()
    assert bench.panel.buttons["wand"].isChecked()
    press_key(Qt.Key.Key_Escape)
    assert not bench.panel.buttons["wand"].isChecked()


def test_a_double_click_takes_what_is_shown(bench: Bench) -> None:
    bench.control.choose("wand")
    bench.double_click((3, 7, 7))
    assert bench.layer.data[3, 7, 7] == Label.ED


def test_strictness_changes_what_is_shown(bench: Bench, qtbot: QtBot) -> None:
    bench.control.choose("wand")
    bench.press((3, 7, 7))
    strict = int(bench.preview.mask.sum())
    bench.panel.set_strictness(0)
    qtbot.waitUntil(lambda: bench.preview.mask.sum() > strict)
    assert bench.preview.mask.sum() == 6 * 18 * 18  # the whole brain


def test_each_label_keeps_its_strictness(bench: Bench) -> None:
    assert bench.panel.strictness == 35  # oedema
    bench.tools.choose_label(int(Label.ET))
    assert bench.panel.strictness == 55
    bench.panel.set_strictness(70)
    bench.tools.choose_label(int(Label.ED))
    assert bench.panel.strictness == 35
    bench.tools.choose_label(int(Label.ET))
    assert bench.panel.strictness == 70


def test_dragging_down_inside_the_preview_is_stricter(bench: Bench) -> None:
    bench.control.choose("wand")
    bench.press((3, 7, 7))
    seed = bench.preview
    bench._send(mouse_press_callbacks, "mouse_press", (3, 8, 8))
    assert bench.preview is seed
    bench._send(mouse_move_callbacks, "mouse_move", (3, 8, 8), pixel=(0, 80))
    assert bench.panel.strictness == 55
    bench._send(mouse_move_callbacks, "mouse_move", (3, 8, 8), pixel=(0, -80))
    assert bench.panel.strictness == 15
    bench._send(mouse_release_callbacks, "mouse_release", (3, 8, 8))
    assert bench.viewer.scene.camera.mouse_pan


def test_a_wand_on_the_slice_stays_there_in_any_plane(bench: Bench) -> None:
    bench.viewer.dims.order = (1, 0, 2)
    bench.panel._scope.setCurrentIndex(1)
    bench.control.choose("wand")
    bench.press((3, 7, 7))
    box = bench.preview.box
    assert [side.stop - side.start == 1 for side in box] == [False, True, False]


def test_the_wand_says_where_there_is_nothing_to_grow_from(bench: Bench) -> None:
    bench.control.choose("wand")
    bench.press((3, 0, 7))
    assert bench.preview is None
    assert bench.message.startswith("Nothing to grow from")


def test_without_images_the_wand_says_what_it_needs(bench: Bench) -> None:
    bench.case.images.clear()
    bench.control.choose("wand")
    assert "no image" in bench.message
    assert not bench.panel.buttons["wand"].isChecked()
    assert bench.pointer.tool is None


def test_a_click_while_the_modalities_are_read_is_kept(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting: list[Callable[[], None]] = []

    def run_later(job: Any, **handlers: Any) -> SimpleNamespace:
        waiting.append(lambda: run_now(job, **handlers))
        return SimpleNamespace(cancel=lambda: None)

    monkeypatch.setattr(tools_images, "run_job", run_later)
    bench.control.choose("wand")
    bench.press((3, 7, 7))
    assert bench.preview is None
    waiting[0]()
    assert bench.preview is not None


def test_an_image_on_another_grid_is_brought_onto_that_of_the_label_map(bench: Bench) -> None:
    fine = bench.case.images[0]
    coarse = np.array(fine.data)[::2, ::2, ::2]
    affine = GRID.affine @ np.diag([2.0, 2.0, 2.0, 1.0])
    volume = Volume(coarse, Grid(coarse.shape, affine), nib.Nifti1Header())
    tag = tag_of(bench.layer)
    made = drain(appearance_job([volume], tag.reference, tag.order))
    assert made is not None
    bright, dark = made.look_at((3, 7, 7)), made.look_at((3, 15, 15))
    assert bright[0] > dark[0] + 1


def test_a_cell_that_opens_shows_the_preview_too(bench: Bench) -> None:
    bench.control.choose("wand")
    bench.press((3, 7, 7))
    twin = bench.viewer.add_layer(TwinLabels(bench.layer, name="twin"))
    assert twin._overlays[NAME].preview is bench.preview
    press_key(Qt.Key.Key_Escape)
    assert not twin._overlays[NAME].visible
