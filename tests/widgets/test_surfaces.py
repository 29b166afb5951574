"""Surfaces in the 3-D view: made on request, renewed after edits, gone without a trace."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer
from pytestqt.qtbot import QtBot
from tests.io.volumes import affine_of

from napari_brats.core.case import Volume
from napari_brats.core.geometry import Grid
from napari_brats.core.labels import CONVENTIONS, Label
from napari_brats.core.modalities import Modality
from napari_brats.io.layers import label_map_to_layer, volume_to_layer
from napari_brats.widgets.case_group import OpenCase
from napari_brats.widgets.open_label_maps import label_maps_of
from napari_brats.widgets.surfaces_control import SurfacesController
from napari_brats.widgets.surfaces_view import SurfacesView
from napari_brats.widgets.view_panel import ViewPanel

SHAPE = (20, 21, 14)
NAMES = ["ET surface", "TC surface", "WT surface", "Brain surface"]

LONG_MS = 60_000
"""Machines that test may be busy."""


@pytest.fixture
def scene(qtbot: QtBot) -> Any:
    """A head of 16 voxels with a tumour at its high x, stored in LAS with 2 mm slices."""
    data = np.zeros(SHAPE, np.float32)
    data[2:18, 2:18, 2:12] = 100
    labels = np.zeros(SHAPE, np.uint8)
    labels[12:16, 8:12, 5:9], labels[13:15, 9:11, 6:8] = Label.ED, Label.ET
    header = nib.Nifti1Header()
    header.set_data_shape(SHAPE)
    volume = Volume(data, Grid(SHAPE, affine_of("LAS", (1, 1, 2))), header)
    image = Layer.create(*volume_to_layer(volume, "p", "p", Modality.T1C))
    convention = CONVENTIONS["brats2023"]
    layer = Layer.create(*label_map_to_layer(labels, volume, convention, "p", "p"))
    viewer = ViewerModel()
    for each in (image, layer):
        viewer.add_layer(each)
    case = OpenCase("p", "p", [image], [layer])
    bridge = SimpleNamespace(
        active_case_key="p",
        painting=False,
        label_maps=lambda _: label_maps_of(case, layer),
        images_of=lambda _: (volume,),
    )
    bridge.is_painting = lambda: bridge.painting
    panel = ViewPanel()
    qtbot.addWidget(panel)
    shown_in = [viewer]
    view = SurfacesView(lambda: shown_in[0], panel)
    control = SurfacesController(panel, bridge, view, panel)
    control.show_active_case()
    yield SimpleNamespace(
        viewer=viewer,
        layer=layer,
        labels=labels,
        bridge=bridge,
        panel=panel,
        view=view,
        control=control,
        shown_in=shown_in,
    )
    control.cancel()
    view.close()


def _names(viewer: ViewerModel) -> list[str]:
    return [layer.name for layer in viewer.layers if "surface" in layer.name]


def _visible(viewer: ViewerModel) -> list[str]:
    return [layer.name for layer in viewer.layers if layer.visible]


def _turn_on(scene: Any, qtbot: QtBot) -> None:
    scene.panel._surfaces.click()
    qtbot.waitUntil(lambda: scene.view.is_shown and scene.control._job is None, timeout=LONG_MS)


def test_surfaces_stand_alone_where_the_label_map_lies(scene: Any, qtbot: QtBot) -> None:
    _turn_on(scene, qtbot)
    viewer = scene.viewer
    assert viewer.dims.ndisplay == 3
    assert _visible(viewer) == NAMES  # the innermost is drawn first
    surface, voxels = viewer.layers["WT surface"], np.argwhere(np.asarray(scene.layer.data) > 0)
    low, high = np.array(surface.extent.world)
    expected = [scene.layer.data_to_world(v) for v in (voxels.min(axis=0), voxels.max(axis=0))]
    assert np.abs(low - expected[0]).max() < 1.6
    assert np.abs(high - expected[1]).max() < 1.6
    assert surface.units == scene.layer.units


def test_all_is_as_before_when_they_are_gone(scene: Any, qtbot: QtBot) -> None:
    viewer = scene.viewer
    viewer.layers.selection.active = scene.layer
    before = (_visible(viewer), viewer.dims.ndisplay, scene.layer)
    _turn_on(scene, qtbot)
    scene.panel._surfaces.click()
    assert (_visible(viewer), viewer.dims.ndisplay, viewer.layers.selection.active) == before
    assert _names(viewer) == []


@pytest.mark.parametrize("way", ["to 2-D", "removed"])
def test_the_user_may_leave_by_napari_s_own_ways(scene: Any, qtbot: QtBot, way: str) -> None:
    _turn_on(scene, qtbot)
    if way == "to 2-D":
        scene.viewer.dims.ndisplay = 2
    else:
        scene.viewer.layers.remove("Brain surface")
    assert _names(scene.viewer) == []
    assert not scene.panel._surfaces.isChecked()
    assert scene.viewer.dims.ndisplay == 2
    assert _visible(scene.viewer) == ["T1C", "label map"]


def test_an_edit_renews_them_once_the_stroke_is_over(scene: Any, qtbot: QtBot) -> None:
    _turn_on(scene, qtbot)
    before = len(scene.viewer.layers["WT surface"].data[1])
    scene.bridge.painting = True
    scene.labels[4:6, 4:6, 4:6] = Label.ED
    scene.control._is_due = True
    scene.control._make()
    assert scene.control._job is None
    scene.bridge.painting = False
    scene.control.follow_edit(scene.layer)
    qtbot.waitUntil(
        lambda: len(scene.viewer.layers["WT surface"].data[1]) > before, timeout=LONG_MS
    )
    scene.labels[scene.labels == Label.ET] = Label.ED
    scene.control.follow_edit(scene.layer)
    qtbot.waitUntil(
        lambda: _names(scene.viewer) == ["WT surface", "Brain surface"], timeout=LONG_MS
    )
    assert scene.viewer.dims.ndisplay == 3


def test_they_move_to_the_canvas_of_another_layout(scene: Any, qtbot: QtBot) -> None:
    _turn_on(scene, qtbot)
    other = ViewerModel()
    other.add_image(np.zeros(SHAPE), name="copy")
    other.dims.ndisplay = 3
    scene.shown_in[0] = other
    scene.control.follow_layout()
    assert _visible(other) == NAMES
    assert (_names(scene.viewer), scene.viewer.dims.ndisplay) == ([], 2)
    scene.control.set_on(False)
    assert (_visible(other), other.dims.ndisplay) == (["copy"], 3)


def test_a_layout_without_a_place_for_them_ends_them(scene: Any, qtbot: QtBot) -> None:
    _turn_on(scene, qtbot)
    before = scene.shown_in[0]
    scene.view.hide()  # as a layout that is about to change asks for
    scene.shown_in[0] = None
    scene.control.follow_layout()
    assert not scene.panel._surfaces.isEnabled()
    assert not scene.panel._surfaces.isChecked()
    assert (_visible(before), before.dims.ndisplay) == (["T1C", "label map"], 2)
    scene.control.set_on(True)
    assert scene.control._job is None
    scene.shown_in[0] = before
    scene.control.follow_layout()
    assert scene.panel._surfaces.isEnabled()


def test_without_a_label_map_they_are_not_offered(scene: Any) -> None:
    scene.bridge.active_case_key = None
    scene.control.show_active_case()
    assert not scene.panel._surfaces.isEnabled()
    scene.control.set_on(True)
    assert scene.control._job is None
    assert not scene.panel._surfaces.isChecked()
