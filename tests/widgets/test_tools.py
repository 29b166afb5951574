"""The tools of the section "Tools" with mouse events, on a viewer model without a window."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.utils.interactions import (
    mouse_move_callbacks,
    mouse_press_callbacks,
    mouse_release_callbacks,
)
from qtpy.QtCore import QEvent, Qt
from tests.widgets.tools_bench import Bench, block, press_key

from napari_brats.core.edits.edit import PaintOver, PaintRules
from napari_brats.core.labels import Label
from napari_brats.widgets.tool_previews import NAME, RegionPreview, region_picture

REGION = (slice(2, 3), slice(1, 3), slice(3, 6))


# -- smart brush


def test_the_smart_brush_paints_what_looks_like_its_start(bench: Bench) -> None:
    bench.tools.set_brush_mm(9.0)
    bench.control.choose("smart_brush")
    assert bench.layer.mode == "paint"
    bench.press((3, 7, 7), (3, 7, 9), (3, 7, 14))
    assert bench.layer.data[3, 7, 5:11].all()
    assert not bench.layer.data[~block()].any()
    assert [name for name, _voxels in bench.steps] == ["Smart brush"]


def test_the_smart_brush_erases_so_too(bench: Bench) -> None:
    bench.layer.data[3] = Label.ED
    bench.tools.set_brush_mm(9.0)
    bench.control.choose("smart_brush")
    bench.layer.mode = "erase"
    bench.press((3, 7, 7), (3, 7, 14))
    assert not bench.layer.data[3, 7, 5:11].any()
    assert bench.layer.data[3, 7, 13:].all()


def test_put_away_the_brush_is_napari_s_own(bench: Bench) -> None:
    bench.tools.set_brush_mm(9.0)
    bench.control.choose("smart_brush")
    bench.control.actions["Shift+F1"]()
    bench.press((3, 7, 7), (3, 7, 14))
    assert bench.layer.data[3, 7, 14]
    assert bench.steps[0][0] == "Brush"


def test_the_smart_brush_paints_nothing_outside_the_brain(bench: Bench) -> None:
    bench.control.choose("smart_brush")
    bench.press((3, 0, 7), (3, 1, 7))
    assert not bench.layer.data.any()
    assert "shows anything there" in bench.message


# -- lasso


SQUARE = [(3, 1.5, 1.5), (3, 1.5, 5.5), (3, 4.5, 5.5), (3, 4.5, 1.5)]


def test_the_lasso_fills_what_it_went_round(bench: Bench) -> None:
    bench.control.choose("lasso")
    bench._send(mouse_press_callbacks, "mouse_press", SQUARE[0])
    for place in SQUARE[1:]:
        bench._send(mouse_move_callbacks, "mouse_move", place)
    assert len(bench.preview.points) == 4
    bench._send(mouse_release_callbacks, "mouse_release", SQUARE[-1])
    assert (bench.layer.data[3, 2:5, 2:6] == Label.ED).all()
    assert bench.steps == [("Lasso", 12)]
    assert bench.preview is None
    assert bench.message == "Lasso: 12 voxels, 0.02 ml. Ctrl+Z undoes it."


def test_the_lasso_erases_while_ctrl_is_held(bench: Bench) -> None:
    bench.layer.data[:] = Label.ED
    bench.control.choose("lasso")
    bench.press(*SQUARE, modifiers=("Control",))
    assert np.count_nonzero(bench.layer.data == 0) == 12


def test_a_lasso_round_nothing_says_so(bench: Bench) -> None:
    bench.control.choose("lasso")
    bench.press((3, 2, 2))
    assert "no voxel" in bench.message
    assert not bench.steps


def test_locks_are_kept_and_told(bench: Bench) -> None:
    bench.layer.data[3] = Label.ET
    bench.tools.rules = PaintRules(frozenset({int(Label.ET)}), PaintOver.UNLOCKED)
    bench.control.choose("lasso")
    bench.press(*SQUARE)
    assert (bench.layer.data[3] == Label.ET).all()
    assert "ET is locked" in bench.message


# -- slices and lesions


def test_a_slice_is_copied_to_the_next_and_the_view_goes_there(bench: Bench) -> None:
    bench.layer.data[2, 5, 5:8] = Label.ED
    bench.layer.data[2, 6, 6] = Label.ET
    bench.viewer.dims.set_point(0, 4.0)
    bench.control.copy_slice(1)
    assert bench.layer.data[3, 5, 5:8].tolist() == [Label.ED] * 3
    assert bench.layer.data[3, 6, 6] == 0  # another label
    assert bench.viewer.dims.point[0] == 6.0
    bench.panel._what.setCurrentIndex(1)
    bench.viewer.dims.set_point(0, 4.0)
    bench.control.copy_slice(-1)
    assert bench.layer.data[1, 6, 6] == Label.ET
    assert bench.viewer.dims.point[0] == 2.0
    assert bench.steps == [("Copy slice", 3), ("Copy slice", 4)]


def test_copying_says_why_it_does_nothing(bench: Bench) -> None:
    bench.viewer.dims.set_point(0, 0.0)
    bench.control.copy_slice(1)
    assert "slice 1 holds no ED" in bench.message
    bench.viewer.dims.set_point(0, 0.0)
    bench.control.copy_slice(-1)
    assert "no previous slice" in bench.message
    bench.layer.selected_label = 0
    bench.control.copy_slice(1)
    assert bench.message.startswith("The background is chosen")


@pytest.mark.parametrize(
    ("action", "near", "far"), [("delete", 0, 1), ("relabel", 2, 1), ("keep", 1, 0)]
)
def test_one_lesion_is_deleted_relabelled_or_kept(
    bench: Bench, action: str, near: int, far: int
) -> None:
    bench.layer.data[3, 2:4, 2:4] = Label.NCR
    bench.layer.data[1, 9, 9] = Label.NCR
    bench.control.choose(action)
    bench.press((3, 2, 2))
    assert set(np.unique(bench.layer.data[3, 2:4, 2:4])) == {near}
    assert bench.layer.data[1, 9, 9] == far
    assert len(bench.steps) == 1


def test_a_click_beside_all_lesions_says_so(bench: Bench) -> None:
    bench.control.choose("delete")
    bench.press((3, 2, 2))
    assert bench.message.startswith("No lesion of any label here")


# -- which tool has the mouse


def test_napari_s_own_tools_put_ours_away(bench: Bench) -> None:
    bench.control.choose("wand")
    bench.press((3, 7, 7))
    bench.layer.mode = "fill"
    assert bench.pointer.tool is None
    assert bench.preview is None
    assert not bench.panel.buttons["wand"].isChecked()


def test_choosing_a_label_keeps_our_tool(bench: Bench) -> None:
    bench.control.choose("lasso")
    bench.tools.choose_label(int(Label.ET))
    assert bench.pointer.tool is not None
    bench.press(*SQUARE)
    assert bench.layer.data[3, 3, 3] == Label.ET


def test_while_space_is_held_the_mouse_moves_the_view(bench: Bench) -> None:
    bench.control.choose("lasso")
    press_key(Qt.Key.Key_Space)
    bench.press(*SQUARE)
    assert not bench.steps
    press_key(Qt.Key.Key_Space, QEvent.Type.KeyRelease)
    bench.press(*SQUARE)
    assert len(bench.steps) == 1


def test_without_a_label_map_no_tool_is_offered(bench: Bench) -> None:
    bench.control.choose("wand")
    bench.tools.target = None
    assert not bench.panel.buttons["wand"].isEnabled()
    assert bench.pointer.tool is None


def test_in_a_volume_no_tool_acts(bench: Bench) -> None:
    bench.control.choose("lasso")
    bench.viewer.dims.ndisplay = 3
    assert bench.pointer.plane(bench.layer) is None


def test_a_viewer_that_is_left_alone_gives_no_places(bench: Bench) -> None:
    bench.control.choose("lasso")
    bench.pointer.unfollow(bench.viewer)
    bench.press(*SQUARE)
    assert not bench.steps


# -- previews


def test_a_region_is_clear_at_its_edge_and_light_inside() -> None:
    mask = np.ones((3, 3), bool)
    opacity = region_picture(mask)[..., 3]
    assert opacity[1, 1] < opacity[0, 0] == opacity[1, 0]
    assert not region_picture(~mask)[..., 3].any()


def test_a_preview_is_drawn_on_the_slices_that_it_crosses() -> None:
    region = RegionPreview((slice(2, 3), slice(4, 6), slice(1, 2)), np.ones((1, 2, 1), bool))
    assert region.on_slice(0, 1) is None
    assert region.on_slice(0, 2)[0] == (4, 1)
    assert region.on_slice(1, 5)[0] == (2, 1)
    assert region.on_slice(2, 1)[1].shape == (1, 2, 4)


def test_a_window_draws_the_preview_where_the_voxels_are(docked: Any) -> None:
    viewer, bridge = docked
    layer = viewer.add_labels(np.zeros((4, 6, 8), np.uint8))
    bridge.pointer.show_preview(layer, RegionPreview(REGION, np.ones((1, 2, 3), bool)))
    canvas = viewer.window._qt_viewer.canvas
    drawn = canvas._layer_overlay_to_visual[layer][layer._overlays[NAME]]
    assert not drawn._image.visible
    viewer.dims.set_point(0, 2)
    assert drawn._image.visible
    # (x, y) of the corner of voxel (1, 3), half a voxel before its centre.
    corner = drawn._image.get_transform("visual", "scene").map((0, 0))[:2]
    np.testing.assert_allclose(corner, (2.5, 0.5))
    viewer.dims.order = (1, 2, 0)  # voxel (2, 1, 3) is now in the row of axis 2
    viewer.dims.set_point(1, 1)
    corner = drawn._image.get_transform("visual", "scene").map((0, 0))[:2]
    np.testing.assert_allclose(corner, (1.5, 2.5))
    bridge.pointer.show_preview(layer, None)
    assert not drawn.node.visible
    viewer.dims.ndisplay = 3
    bridge.pointer.show_preview(layer, RegionPreview(REGION, np.ones((1, 2, 3), bool)))
    assert layer._overlays[NAME].preview is None
