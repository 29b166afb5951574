"""Slice numbers, rulers, keys and looks in a window; planes of flipped and oblique grids."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer
from qtpy.QtWidgets import QApplication
from tests.io.volumes import affine_of, write_nifti

from napari_brats.core.case import Volume
from napari_brats.core.geometry import Grid
from napari_brats.core.modalities import Modality
from napari_brats.io.layers import volume_to_layer
from napari_brats.widgets.keys import KEYS, READING_KEYS
from napari_brats.widgets.reading_aids import ReadingAids, plane_name, slice_text
from napari_brats.widgets.reading_overlay import cells_of
from napari_brats.widgets.reading_ruler import bar_length_mm, ruler_length_mm, ruler_lines
from napari_brats.widgets.window_level import Gesture, gesture_named
from napari_brats.workspace.settings import read_settings

SHAPE = (4, 5, 6)  # x, y, z


def _layer(codes: str, spacing: tuple[float, float, float] = (1, 1, 1), tilt: float = 0) -> Any:
    header = nib.Nifti1Header()
    header.set_data_shape(SHAPE)
    grid = Grid(SHAPE, affine_of(codes, spacing, tilt))
    volume = Volume(np.zeros(SHAPE, np.float32), grid, header)
    return Layer.create(*volume_to_layer(volume, "c", "c", Modality.T1C))


def _wide(layer: Any) -> ViewerModel:
    viewer = ViewerModel()
    viewer.canvas.size = (700, 900)
    viewer.add_layer(layer)
    return viewer


@pytest.mark.parametrize(
    ("direction", "name"),
    [
        ((0, 0, -1), "Axial"),
        ((0, 1, 0), "Coronal"),
        ((-1, 0, 0), "Sagittal"),
        ((1, 0, 0), "Sagittal"),
        ((0, 0.5, -0.86), "Oblique axial"),
        ((0.1, -0.99, 0), "Coronal"),
    ],
)
def test_names_of_planes(direction: tuple[float, float, float], name: str) -> None:
    assert plane_name(direction) == name


@pytest.mark.parametrize(
    ("codes", "spacing", "counts"),
    [("LPS", (1, 1, 1), (6, 5, 4)), ("RAS", (1, 2, 5), (6, 5, 4)), ("SAL", (3, 1, 1), (4, 5, 6))],
)
def test_slices_are_counted_from_head_face_and_right(
    codes: str, spacing: tuple[float, float, float], counts: tuple[int, int, int]
) -> None:
    layer = _layer(codes, spacing)
    viewer = _wide(layer)
    for axis, name in enumerate(("Axial", "Coronal", "Sagittal")):
        viewer.dims.order = (axis, *(other for other in range(3) if other != axis))
        viewer.dims.set_point(axis, 2 * layer.scale[axis])
        assert slice_text(viewer, layer) == f"{name} 3 / {counts[axis]}"
    viewer.dims.order = (0, 2, 1)  # rolled
    assert slice_text(viewer, layer) == f"Axial 3 / {counts[0]}"
    viewer.canvas.size = (300, 300)
    assert slice_text(viewer, layer) == f"Axi 3/{counts[0]}"
    viewer.dims.ndisplay = 3
    assert slice_text(viewer, layer) == ""


def test_an_oblique_grid_is_named_after_its_nearest_plane() -> None:
    layer = _layer("LPS", (1, 1, 3), 40)
    assert slice_text(_wide(layer), layer).startswith("Oblique axial ")


def test_a_place_beside_the_image_has_no_number() -> None:
    layer = _layer("LPS")
    viewer = _wide(layer)
    viewer.add_image(np.zeros((20, 5, 4)), name="longer")
    viewer.dims.set_point(0, 15)
    assert slice_text(viewer, layer) == "Axial - / 6"


@pytest.mark.parametrize(
    ("px_per_mm", "height", "length"),
    [(2.0, 700, 150), (2.0, 300, 50), (40.0, 700, 5), (0.5, 700, 200), (900.0, 700, 1)],
)
def test_rulers_fill_at_most_half_the_height(px_per_mm: float, height: float, length: int) -> None:
    assert ruler_length_mm(px_per_mm, height) == length


@pytest.mark.parametrize(("px_per_mm", "length"), [(0.5, 200), (2.9, 50), (3.0, 50), (900.0, 1)])
def test_scale_bars_are_at_most_150_pixels_long(px_per_mm: float, length: int) -> None:
    assert bar_length_mm(px_per_mm) == length


def test_a_ruler_has_a_tick_per_centimetre_and_a_long_one_each_fifth() -> None:
    lines = ruler_lines(100, 2.0).reshape(-1, 2, 2)
    ticks = lines[1:]
    assert ticks[:, 0, 1].tolist() == [20.0 * n for n in range(11)]
    lengths = (ticks[:, 1, 0] - ticks[:, 0, 0]).tolist()
    assert [n for n, length in enumerate(lengths) if length == max(lengths)] == [0, 5, 10]
    assert np.ptp(lines[0, :, 1]) == 200.0


def test_aids_come_and_go_with_their_layer(qapp: QApplication) -> None:
    layer = _layer("LPS")
    viewer = _wide(layer)
    aids = ReadingAids(viewer)
    overlay = aids.overlay

    def shown() -> tuple[bool, ...]:
        return bool(overlay.slice_text), overlay.has_ruler, overlay.has_scale_bar

    assert not overlay.visible
    aids.show_for(layer)
    assert overlay.visible
    assert shown() == (True, True, True)
    viewer.dims.ndisplay = 3
    assert shown() == (False, False, True)
    viewer.dims.ndisplay = 2
    viewer.canvas.overlays.scale_bar.visible = True
    assert shown() == (True, True, False)  # napari's own one says the same
    viewer.canvas.overlays.scale_bar.visible = False
    viewer.canvas.size = (300, 300)
    qapp.processEvents()
    assert shown() == (True, True, False)  # no room for both
    aids.close()
    aids.close()
    assert not [name for name in viewer.canvas.overlays if name.startswith("brats")]


@pytest.fixture
def opened(window: Any, tmp_path: Path) -> Any:
    """A window with T1C of 2 mm slices, T2F, and a label map of one ET voxel at (1, 2, 4)."""
    home = tmp_path / "p1"
    home.mkdir()
    affine = affine_of("LPS", (1, 1, 2))
    for token in ("t1c", "t2f"):
        write_nifti(home / f"p1-{token}.nii", affine=affine)
    labels = np.zeros(SHAPE, np.uint8)
    labels[1, 2, 4] = 3
    write_nifti(home / "p1-seg.nii", labels, affine)
    window.viewer.open(str(home), plugin="napari-brats")
    return window


def _press(window: Any, name: str) -> None:
    key = READING_KEYS[name][0] if name in READING_KEYS else KEYS[name]
    bound = {str(each): action for each, action in window.viewer.keymap.items()}
    bound[key](window.viewer)


def test_keys_step_through_slices_and_stop_at_the_ends(opened: Any) -> None:
    viewer = opened.viewer
    viewer.dims.set_point(0, 4.0)  # the third of six slices of 2 mm
    seen = []
    for name in ("next_slice", "previous_slice", "previous_slice", "back_ten", "on_ten"):
        _press(opened, name)
        seen.append(viewer.dims.point[0])
    assert seen == [6.0, 4.0, 2.0, 0.0, 10.0]
    viewer.dims.ndisplay = 3
    _press(opened, "previous_slice")
    assert viewer.dims.point[0] == 10.0


def test_keys_change_the_look_of_the_label_map_and_the_panel_shows_it(opened: Any) -> None:
    layer, panel = opened.viewer.layers["label map"], opened.view
    layer.opacity = 0.5
    for name in ("outline", "more_opaque", "label_map_visible"):
        _press(opened, name)
    assert (layer.contour, layer.opacity, layer.visible) == (1, 0.6, False)
    assert panel._outline.isChecked()
    assert panel._opacity.value() == 60
    assert not panel._labels_visible.isChecked()
    panel._labels_visible.click()
    panel._outline.click()
    panel._opacity.setValue(20)
    assert (layer.contour, layer.opacity, layer.visible) == (0, 0.2, True)


def test_window_presets_are_for_what_is_shown(opened: Any) -> None:
    t1c, t2f = (opened.viewer.layers[name] for name in ("T1C", "T2F"))
    first = list(t1c.contrast_limits)
    for layer in (t1c, t2f):
        layer.contrast_limits = (0, 7)
    _press(opened, "opened_window")
    assert list(t1c.contrast_limits) == first
    assert list(t2f.contrast_limits) == [0, 7]
    opened.bridge.view.set_side_by_side(True)
    _press(opened, "opened_window")
    assert list(t2f.contrast_limits) == first
    _press(opened, "drag_window")
    assert opened.bridge.reading.windows.is_on
    assert opened.view._drag.isChecked()
    overlay = opened.viewer.canvas.overlays["brats_reading"]
    assert overlay.slice_text.endswith("W/L")
    opened.view._drag.click()
    assert not overlay.slice_text.endswith("W/L")


def test_one_key_goes_back_and_forth_between_two_modalities(opened: Any) -> None:
    view = opened.bridge.view
    seen = []
    for _ in range(3):
        _press(opened, "former_modality")
        seen.append(view.shown)
    assert seen == [Modality.T2F, Modality.T1C, Modality.T2F]
    opened.viewer.layers.clear()
    _press(opened, "former_modality")
    assert view.shown is None


def test_from_a_volume_to_cells(opened: Any) -> None:
    opened.viewer.dims.ndisplay = 3
    opened.bridge.view.set_side_by_side(True)
    opened.viewer.dims.ndisplay = 2  # numbers and rulers come back, in every cell
    overlay = opened.viewer.canvas.overlays["brats_reading"]
    assert overlay.visible
    assert overlay.has_ruler
    cells = cells_of(opened.viewer)
    assert [cell.name for cell in cells] == ["T1C", "T2F"]
    canvas = opened.viewer.window._qt_viewer.canvas
    (visual,) = canvas._viewer_overlay_to_visual[overlay]  # one for all cells
    visual._make_stale()
    written = visual._fill(1.0)
    assert len(written) == 2 * (4 + 2 + 1)  # letters, slice and name, ruler
    assert visual._fill(1.0) is None  # nothing changed


def test_what_is_looked_at_is_told_in_voxels_of_the_file(opened: Any) -> None:
    reading = opened.bridge.reading
    opened.bridge.go_to(opened.bridge.active_case_key, (3, 1, 4))
    assert reading.voxel == (3, 1, 4)
    opened.viewer.layers.clear()
    assert reading.voxel is None


def test_a_further_canvas_is_served_until_it_goes(opened: Any) -> None:
    reading, other = opened.bridge.reading, ViewerModel()
    other.add_image(opened.viewer.layers["T1C"].data, scale=(2, 1, 1))
    other.canvas.size = (700, 900)
    reading.add(other)
    other.dims.order = (1, 0, 2)
    other.dims.set_point(1, 2.0)
    overlay = other.canvas.overlays["brats_reading"]
    assert overlay.slice_text == "Coronal 3 / 5"
    assert overlay.letters["left"] == "R"
    other.cursor.position = (1.0, 1.0, 1.0)
    assert reading.current is other
    reading.step(1)
    assert other.dims.point[1] == 3.0
    reading.remove(other)
    assert reading.current is opened.bridge.reading._main
    assert "brats_reading" not in other.canvas.overlays
    assert other.mouse_drag_callbacks == ViewerModel().mouse_drag_callbacks


def test_the_gesture_is_said_chosen_and_kept(opened: Any) -> None:
    panel, windows = opened.view, opened.bridge.reading.windows
    assert Gesture.MIDDLE.value in panel._drag.toolTip()
    assert READING_KEYS["drag_window"][0] in panel._drag.toolTip()
    panel.gesture_actions[Gesture.RIGHT].trigger()
    assert windows.gesture is Gesture.RIGHT
    assert Gesture.RIGHT.value in panel._drag.toolTip()
    checked = [gesture for gesture, each in panel.gesture_actions.items() if each.isChecked()]
    assert checked == [Gesture.RIGHT]
    assert gesture_named(read_settings().window_gesture) is Gesture.RIGHT
    assert gesture_named("something else") is Gesture.MIDDLE
