"""The tools of the section "Tools" with mouse events, on a viewer model without a window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels
from napari.utils._proxies import ReadOnlyWrapper
from napari.utils.interactions import (
    mouse_double_click_callbacks,
    mouse_move_callbacks,
    mouse_press_callbacks,
    mouse_release_callbacks,
)
from pytestqt.qtbot import QtBot
from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QApplication

from napari_brats.core.case import Volume
from napari_brats.core.edits.edit import PaintOver, PaintRules
from napari_brats.core.geometry import Grid
from napari_brats.core.labels import CONVENTIONS, Label
from napari_brats.core.modalities import Modality
from napari_brats.core.progress import drain
from napari_brats.io.layers import label_map_to_layer, volume_to_layer
from napari_brats.widgets import tools_images
from napari_brats.widgets.case_group import OpenCase, tag_of
from napari_brats.widgets.label_tools import LabelTools
from napari_brats.widgets.tool_previews import NAME, RegionPreview, region_picture
from napari_brats.widgets.tools_control import ToolsController
from napari_brats.widgets.tools_images import appearance_job
from napari_brats.widgets.tools_panel import ToolsPanel
from napari_brats.widgets.tools_pointer import ToolPointer
from napari_brats.widgets.twin_labels import TwinLabels

SHAPE = (8, 20, 20)
GRID = Grid(
    SHAPE, np.array([[0, 0, -1, 0], [0, -1, 0, 0], [-2, 0, 0, 0], [0, 0, 0, 1]], np.float64)
)
"""Voxels of 2 mm3, stored as they are shown."""

BRAIN = (slice(1, 7), slice(1, 19), slice(1, 19))
BRIGHT = (slice(2, 6), slice(4, 12), slice(4, 12))
"""A block of 4 x 8 x 8 voxels that both modalities show brighter than the rest of the brain."""


class Bench:
    """A case of two modalities in a viewer model, with the tools on its label map."""

    def __init__(self) -> None:
        self.viewer = ViewerModel()
        self.case = OpenCase("case", "case")
        self.active_case_key = "case"
        self.tools = LabelTools(self.viewer, owner := QObject())
        self.owner = owner
        self.pointer = ToolPointer(lambda: self.tools.target, owner)
        self.pointer.follow(self.viewer)
        self.panel = ToolsPanel()
        self.control = ToolsController(self.panel, self, owner)
        self.layer = self._add_label_map()
        self.steps: list[tuple[str, int]] = []
        self.tools.step_made.connect(lambda step: self.steps.append((step.tool, step.voxels)))

    def _add_label_map(self) -> Labels:
        reference = Volume(np.zeros(SHAPE, np.uint8), GRID, nib.Nifti1Header())
        labels = np.zeros(SHAPE, np.uint8)
        convention = CONVENTIONS["brats2023"]
        data, attributes, _ = label_map_to_layer(labels, reference, convention, "case", "case")
        layer = self.viewer.add_layer(Labels(data, **attributes))
        self.case.labels.append(layer)
        self.tools.follow(layer)
        self.tools.target = layer
        layer.selected_label = int(Label.ED)
        return layer

    def open_case(self, key: str) -> OpenCase:
        assert key == "case"
        return self.case

    def add_image(self, modality: Modality, factor: float) -> None:
        image = np.zeros(SHAPE, np.float32)
        image[BRAIN] = 100.0
        image[BRIGHT] = 200.0
        volume = Volume(image * factor, GRID, nib.Nifti1Header(), Path(f"{modality}.nii"))
        data, attributes, _kind = volume_to_layer(volume, "case", "case", modality)
        self.case.images.append(Image(data, **attributes))

    def press(self, *places: tuple[float, float, float], **options: Any) -> None:
        """Press at the first voxel, drag over the others, release at the last."""
        self._send(mouse_press_callbacks, "mouse_press", places[0], **options)
        for place in places[1:]:
            self._send(mouse_move_callbacks, "mouse_move", place, **options)
        self._send(mouse_release_callbacks, "mouse_release", places[-1], **options)

    def double_click(self, place: tuple[float, float, float]) -> None:
        self.press(place)
        self._send(mouse_double_click_callbacks, "mouse_double_click", place)

    def _send(
        self,
        callbacks: Callable[[Any, Any], None],
        kind: str,
        voxel: tuple[float, float, float],
        pixel: tuple[float, float] = (0.0, 0.0),
        modifiers: tuple[str, ...] = (),
    ) -> None:
        event = SimpleNamespace(
            type=kind,
            button=1,
            position=np.array(voxel) * self.layer.scale,
            pos=pixel,
            modifiers=modifiers,
            dims_displayed=list(self.viewer.dims.displayed),
            view_direction=None,
            is_dragging=kind == "mouse_move",
            handled=False,
        )
        for axis in self.viewer.dims.not_displayed:
            self.viewer.dims.set_point(axis, event.position[axis])
        for listener in (self.viewer, self.layer):  # in napari's order
            callbacks(listener, ReadOnlyWrapper(event))

    @property
    def preview(self) -> Any:
        overlay = self.layer._overlays.get(NAME)
        return overlay.preview if overlay is not None and overlay.visible else None

    @property
    def message(self) -> str:
        return self.panel.message.text()


def run_now(job: Any, *, on_returned: Any, on_finished: Any, **_: Any) -> None:
    on_returned(drain(job))
    on_finished()


@pytest.fixture
def bench(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """The wand at hand in no time; ED in hand."""
    monkeypatch.setattr(tools_images, "run_job", run_now)
    made = Bench()
    made.add_image(Modality.T1C, 1.0)
    made.add_image(Modality.T2F, 3.0)
    qtbot.addWidget(made.panel)
    yield made
    made.control.close()
    made.pointer.close()
    made.tools.close()


REGION = (slice(2, 3), slice(1, 3), slice(3, 6))


def block() -> np.ndarray:
    labels = np.zeros(SHAPE, bool)
    labels[BRIGHT] = True
    return labels


def press_key(key: Qt.Key, kind: QEvent.Type = QEvent.Type.KeyPress) -> None:
    """In the panel, or wherever the focus is."""
    QApplication.sendEvent(QObject(), QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier))


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
