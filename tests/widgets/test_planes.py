"""All planes in one window: linked, painted with the mouse in each, and gone without a trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QWidget
from tests.io.volumes import write_nifti

from napari_brats.core.labels import Label
from napari_brats.widgets.layout import Layout
from napari_brats.widgets.twin_labels import TwinLabels
from napari_brats.widgets.viewer_bridge import ViewerBridge

SHAPE = (24, 30, 10)  # of the file, x y z
AFFINE = np.diag([-1.0, -1.0, 3.0, 1.0])  # LPS, slices 3 mm apart
MARK = (18, 4, 8)  # of the file: at the patient's left (18 of 24), the front, the top
MARK_SHOWN = (1, 4, 18)  # from the head down, from the front back, from right to left
Opened = tuple[Any, ViewerBridge]


def open_case(viewer: Any, folder: Path) -> ViewerBridge:
    """A bridge with an anisotropic case whose one bright voxel lies off every axis."""
    image = np.full(SHAPE, 100, np.float32)
    image[MARK] = 1000
    folder.mkdir()
    for token in ("t1", "t1ce", "t2", "flair"):
        write_nifti(folder / f"case_{token}.nii", image, AFFINE)
    labels = np.zeros(SHAPE, np.uint8)
    labels[3:6, 20:23, 2:4] = 2
    write_nifti(folder / "case_seg.nii", labels, AFFINE)
    bridge = ViewerBridge(viewer)
    bridge.open_paths([folder])
    return bridge


@pytest.fixture
def opened(make_napari_viewer: Callable[..., Any], tmp_path: Path) -> Iterator[Opened]:
    """A hidden window with the case: nothing is drawn, which takes most of the time."""
    viewer = make_napari_viewer()
    bridge = open_case(viewer, tmp_path / "case")
    yield viewer, bridge
    bridge.close()


def canvases(viewer: Any, bridge: ViewerBridge) -> dict[int, tuple[Any, QWidget]]:
    """Axis across a view -> its viewer model and its canvas: 0 axial, 1 coronal, 2 sagittal."""
    views = [viewer.window._qt_window._qt_viewer, *(c.view for c in bridge.view._planes._cells)]
    return {v.viewer.dims.order[0]: (v.viewer, v.canvas.native) for v in views[:3]}


def place_of(model: Any, canvas: QWidget, world: Any) -> QPoint:
    """The pixel of a place in the world, by hand from the camera."""
    across, down = (model.dims.displayed[k] for k in (1, 0))
    camera = model.scene.camera
    x = canvas.width() / 2 + (world[across] - camera.center[-1]) * camera.zoom
    y = canvas.height() / 2 + (world[down] - camera.center[-2]) * camera.zoom
    return QPoint(round(x), round(y))


def click(qtbot: QtBot, canvas: QWidget, at: QPoint) -> None:
    qtbot.mouseMove(canvas, at)
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=at)
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=at)
    qtbot.wait(20)


def enter_planes(opened: Opened, qtbot: QtBot) -> SimpleNamespace:
    viewer, bridge = opened
    bridge.view.set_layout(Layout.PLANES)
    qtbot.wait(50)
    layer = bridge.label_layer(bridge.active_case_key)
    return SimpleNamespace(viewer=viewer, bridge=bridge, labels=layer)


def test_a_click_paints_the_voxel_under_the_mouse_in_every_plane(
    make_napari_viewer: Callable[..., Any], tmp_path: Path, qtbot: QtBot
) -> None:
    viewer = make_napari_viewer(show=True)
    bridge = open_case(viewer, tmp_path / "case")
    window = enter_planes((viewer, bridge), qtbot)
    image = viewer.layers["T1C"]
    (mark,) = np.argwhere(image.data == 1000)
    assert tuple(mark) == MARK_SHOWN  # left is at the right of the screen, up is up
    world = image.data_to_world(mark)
    viewer.dims.point = tuple(world)
    bridge.tools.choose_label(Label.ET)
    bridge.tools.set_brush_mm(1.0)
    before = np.array(window.labels.data)
    views = canvases(viewer, bridge)
    assert sorted(views) == [0, 1, 2]
    for model, canvas in views.values():
        click(qtbot, canvas, place_of(model, canvas, world))
        assert np.argwhere(window.labels.data != before).tolist() == [list(MARK_SHOWN)]
        assert bridge.layer_labels(window.labels)[MARK] == Label.ET
        assert [label_shown(other) for other, _ in views.values()] == [Label.ET] * 3
        bridge.tools.undo()
        assert np.array_equal(window.labels.data, before)
        assert [label_shown(other) for other, _ in views.values()] == [0] * 3
    bridge.close()


def label_shown(model: Any) -> int:
    """The label that a view draws at the marked voxel."""
    rows = tuple(MARK_SHOWN[axis] for axis in model.dims.displayed)
    return int(model.layers["label map"]._slice.image.view[rows])


def test_each_tool_in_another_plane_is_one_step_of_the_label_map(
    opened: Opened, qtbot: QtBot
) -> None:
    window = enter_planes(opened, qtbot)
    labels, tools = window.labels, window.bridge.tools
    coronal = canvases(window.viewer, window.bridge)[1][0]
    twin = coronal.layers["label map"]
    slices, rows, columns = np.nonzero(labels.data == Label.ED)
    place = (slices[0], rows[0], columns[0])
    coronal.dims.set_point(1, float(labels.data_to_world(place)[1]))
    before, steps = np.array(labels.data), []
    tools.step_made.connect(steps.append)
    twin.selected_label = int(Label.ET)  # as napari's picker does
    assert tools.label == Label.ET
    tools.choose_mode("fill")
    assert str(twin.mode) == "fill"
    twin.fill(place, int(Label.ET))
    in_slice = before[:, place[1]] == Label.ED
    assert np.array_equal(labels.data[:, place[1]] == Label.ET, in_slice)
    corners = [(1, place[1], 2), (1, place[1], 9), (3, place[1], 9), (3, place[1], 2)]
    twin.paint_polygon(corners, int(Label.NCR))
    assert (labels.data[2, place[1], 3:9] == Label.NCR).all()
    tools.set_brush_mm(1.0)
    tools.choose_mode("erase")
    twin.paint(place, 0)
    assert labels.data[place] == 0
    assert [step.layer for step in steps] == [labels] * 3
    assert [step.tool for step in steps][::2] == ["Fill", "Eraser"]
    for _ in range(3):
        twin.undo()
    assert np.array_equal(labels.data, before)
    assert [step.kind for step in steps[3:]] == ["undo"] * 3


def test_layouts_keep_position_zoom_contrast_history_and_tool(opened: Opened, qtbot: QtBot) -> None:
    viewer, bridge = opened
    labels, image = bridge.label_layer(bridge.active_case_key), viewer.layers["T1C"]
    bridge.tools.choose_label(Label.ED)
    labels.paint((3, 10, 10), int(Label.ED))
    viewer.dims.point = tuple(image.data_to_world((4, 9, 11)))
    camera = viewer.scene.camera
    camera.zoom *= 1.5
    camera.center = (0.0, 12.0, 10.0)
    image.contrast_limits = (50, 500)
    qtbot.wait(20)
    seen = viewer.dims.point, camera.zoom, camera.center[-2:], tuple(viewer.dims.order)
    for layout in (Layout.PLANES, Layout.SIDE_BY_SIDE, Layout.PLANES, Layout.SINGLE):
        bridge.view.set_layout(layout)
        qtbot.wait(20)
        assert bridge.view.layout is layout
        assert viewer.dims.point == seen[0]
        assert viewer.layers.selection.active is labels
        assert str(labels.mode) == "paint"
        assert image.contrast_limits == [50, 500]
        assert len(bridge.tools.history_of(labels)) == 1
    assert camera.zoom == pytest.approx(seen[1], rel=1e-6)
    assert camera.center[-2:] == pytest.approx(seen[2])
    assert tuple(viewer.dims.order) == seen[3]
    assert not any(isinstance(layer, TwinLabels) for layer in viewer.layers)


def test_views_move_and_zoom_together(opened: Opened, qtbot: QtBot) -> None:
    window = enter_planes(opened, qtbot)
    viewer, bridge = window.viewer, window.bridge
    views = {axis: model for axis, (model, _) in canvases(viewer, bridge).items()}
    world = tuple(float(at) for at in viewer.layers["T1C"].data_to_world((7, 20, 3)))
    bridge.view.crosshair.moved.emit(world)
    assert [views[axis].dims.point[axis] for axis in (0, 1, 2)] == list(world)
    views[1].scene.camera.zoom = 9.0
    assert {model.scene.camera.zoom for model in views.values()} == {9.0}
    views[2].dims.set_current_step(2, 5)  # its slider
    assert viewer.dims.point[2] == views[2].dims.point[2] == 5.0
    views[0].scene.camera.center = (0.0, 11.0, 7.0)  # anterior to posterior, right to left
    assert views[1].scene.camera.center[-1] == 7.0
    assert views[2].scene.camera.center[-1] == 11.0


def test_layers_come_and_go_with_the_window_s(opened: Opened, qtbot: QtBot) -> None:
    window = enter_planes(opened, qtbot)
    viewer, bridge = window.viewer, window.bridge
    coronal = canvases(viewer, bridge)[1][0]
    bridge.view.show_next()
    new = bridge.new_label_map(bridge.active_case_key)
    qtbot.wait(20)
    (copy,) = [layer for layer in coronal.layers if getattr(layer, "main", None) is new]
    assert coronal.layers.selection.active is copy
    shown = [layer.name for layer in coronal.layers if layer.visible]
    assert shown == [layer.name for layer in viewer.layers if layer.visible]
    image = viewer.layers[bridge.view.shown.value]
    image.contrast_limits = (10, 20)
    assert coronal.layers[image.name].contrast_limits == [10, 20]
    viewer.layers.remove(new)
    qtbot.wait(20)
    assert copy not in coronal.layers
    viewer.layers.clear()
    qtbot.wait(20)
    assert bridge.view.layout is Layout.SINGLE
    assert len(coronal.layers) == 0


def test_the_window_may_close_with_all_planes(opened: Opened, qtbot: QtBot) -> None:
    window = enter_planes(opened, qtbot)
    window.bridge.close()
    qtbot.wait(20)
    assert window.bridge.view._planes.models == ()
    assert tuple(window.viewer.dims.order) == (0, 1, 2)
