"""What the views show of a case that the bridge opened, and where they go."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from tests.io.volumes import affine_of, write_nifti
from tests.widgets.bridge_cases import Docked, open_all, write_case

from napari_brats.core.labels import Label
from napari_brats.core.modalities import Modality
from napari_brats.widgets.case_group import MIRROR


@pytest.fixture
def opened(docked: Docked, tmp_path: Path) -> Docked:
    """A window with the case open."""
    open_all(docked[0], write_case(tmp_path))
    return docked


def test_a_second_case_is_looked_at_where_it_lies(opened: Docked, tmp_path: Path) -> None:
    viewer, bridge = opened
    home = tmp_path / "BraTS2021_00002"
    home.mkdir()
    path = home / f"{home.name}_t1ce.nii"
    write_nifti(path, np.zeros((200, 60, 90), np.int16), affine_of("LPS"))
    viewer.dims.set_point(0, 2)
    open_all(viewer, path)
    assert np.allclose(
        viewer.scene.camera.center[1:], (29.5, 99.5)
    )  # rows run A to P, columns R to L
    viewer.dims.set_point(0, 80)
    bridge.activate("BraTS2021_00001")
    first = viewer.layers["T1C"].extent.world
    assert np.allclose(viewer.scene.camera.center[1:], first.mean(axis=0)[1:])
    assert viewer.dims.point[0] <= first[1, 0]  # not on a slice that this case has not


@pytest.mark.parametrize("codes", ["LPS", "RAI"])
def test_the_views_go_to_a_voxel_of_the_file(docked: Docked, tmp_path: Path, codes: str) -> None:
    viewer, bridge = docked
    open_all(viewer, write_case(tmp_path, codes=codes))
    (key,) = bridge.keys()
    bridge.go_to(key, (2, 2, 2))  # the voxel of ET
    layer = bridge.label_layer(key)
    index = tuple(round(i) for i in layer.world_to_data(viewer.dims.point))
    assert layer.data[index] == Label.ET
    np.testing.assert_allclose(viewer.scene.camera.center[-2:], viewer.dims.point[-2:])


def test_going_to_a_voxel_of_another_case_makes_that_one_active(
    docked: Docked, tmp_path: Path
) -> None:
    viewer, bridge = docked
    open_all(viewer, *(write_case(tmp_path, f"BraTS2021_0000{n}") for n in (1, 2)))
    first, second = bridge.keys()
    assert bridge.active_case_key == second
    bridge.go_to(first, (0, 0, 0))
    assert bridge.active_case_key == first


def test_side_by_side_shows_the_label_map_on_every_modality_and_leaves_no_trace(
    opened: Docked,
) -> None:
    viewer, bridge = opened
    before = [(layer.name, layer.visible) for layer in viewer.layers]
    labels = viewer.layers["label map"]
    labels.mode = "paint"
    bridge.view.set_side_by_side(True)
    assert viewer.canvas.grid.enabled
    cells = [
        [viewer.layers[i] for i in at] for _, at in viewer.canvas.grid.iter_viewboxes(viewer.layers)
    ]
    assert [cell[0].name for cell in cells] == ["T1N", "T1C", "T2W", "T2F"]
    for cell in cells:
        assert np.shares_memory(cell[1].data, labels.data)
    assert sum(MIRROR in layer.metadata for layer in viewer.layers) == 3
    assert len(bridge.open_case(bridge.keys()[0]).labels) == 1
    assert viewer.layers.selection.active is labels
    assert str(labels.mode) == "paint"
    bridge.view.set_side_by_side(False)
    assert [(layer.name, layer.visible) for layer in viewer.layers] == before
    assert not viewer.canvas.grid.enabled


def test_layers_may_go_while_side_by_side(opened: Docked) -> None:
    viewer, bridge = opened
    bridge.view.set_side_by_side(True)
    viewer.layers.clear()
    assert bridge.keys() == ()
    assert not bridge.view.is_side_by_side
    assert not viewer.canvas.grid.enabled


def test_the_label_map_in_hand_stays_when_an_image_is_selected(opened: Docked) -> None:
    viewer, bridge = opened
    (key,) = bridge.keys()
    own, new = viewer.layers["label map"], bridge.new_label_map(key)
    assert bridge.label_layer(key) is new
    viewer.layers.selection.active = own
    viewer.layers.selection.active = viewer.layers["T2F"]
    assert bridge.label_layer(key) is own
    assert bridge.tools.target is own


def test_what_is_painted_is_drawn_in_every_cell(opened: Docked, qtbot: QtBot) -> None:
    viewer, bridge = opened
    bridge.view.set_side_by_side(True)
    labels = viewer.layers["label map"]
    mirrors = [layer for layer in viewer.layers if MIRROR in layer.metadata]
    qtbot.wait(50)
    drawn: list[str] = []
    for mirror in mirrors:
        mirror.events.set_data.connect(lambda _, name=mirror.name: drawn.append(name))
    labels.paint((int(viewer.dims.point[0]), 1, 1), int(Label.ED))
    qtbot.waitUntil(lambda: bool(drawn))
    qtbot.wait(50)
    assert set(drawn) == {mirror.name for mirror in mirrors}


def test_a_new_label_map_takes_its_place_side_by_side(opened: Docked) -> None:
    viewer, bridge = opened
    bridge.view.set_side_by_side(True)
    new = bridge.new_label_map(bridge.keys()[0])
    assert bridge.view.is_side_by_side
    mirrors = [layer for layer in viewer.layers if MIRROR in layer.metadata]
    assert len(mirrors) == 3
    assert all(np.shares_memory(layer.data, new.data) for layer in mirrors)


def test_modalities_one_key_away(opened: Docked) -> None:
    viewer, bridge = opened
    seen = []
    for _ in range(4):
        bridge.view.show_next()
        seen.append(bridge.view.shown)
    assert seen == [Modality.T2W, Modality.T2F, Modality.T1N, Modality.T1C]
    bridge.view.show(Modality.T2F)
    assert [la.name for la in viewer.layers if la.visible] == ["T2F", "label map"]
