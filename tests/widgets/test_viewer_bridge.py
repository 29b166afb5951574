"""Layers that came by any route are cases, and the bridge acts on the right one."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from tests.io.volumes import SHAPE, affine_of, write_nifti
from tests.widgets.bridge_cases import Docked, active_labels, open_all, write_case

from napari_brats.core.case import Segmentation
from napari_brats.core.errors import CaseError, LabelError
from napari_brats.core.labels import CONVENTIONS, Label, Region
from napari_brats.core.modalities import MODALITIES, Modality
from napari_brats.io.layers import TAG, probabilities_to_layers


@pytest.fixture
def opened(docked: Docked, tmp_path: Path) -> Docked:
    """A window with the case open."""
    open_all(docked[0], write_case(tmp_path))
    return docked


def test_a_folder_is_one_case_with_t1c_and_the_label_map_in_sight(opened: Docked) -> None:
    viewer, bridge = opened
    assert bridge.keys() == ("BraTS2021_00001",)
    case = bridge.case("BraTS2021_00001")
    assert case.modalities == MODALITIES
    assert case.label_map is not None
    assert case.convention.name == "brats2021"
    assert [layer.name for layer in viewer.layers if layer.visible] == ["T1C", "label map"]


@pytest.mark.parametrize("tokens", ["seg flair t1 t1ce t2", "t2 t1ce seg t1 flair"])
def test_files_read_one_by_one_in_any_order_make_one_case(
    docked: Docked, tmp_path: Path, tokens: str
) -> None:
    viewer, bridge = docked
    home = write_case(tmp_path)
    open_all(viewer, *(home / f"{home.name}_{token}.nii" for token in tokens.split()))
    (key,) = bridge.keys()
    assert bridge.case(key).modalities == MODALITIES
    assert bridge.label_layer(key) is viewer.layers[-1]  # on top, though it may have come first
    assert bridge.view.shown is Modality.T1C


def test_the_contrast_slider_reaches_all_values(opened: Docked) -> None:
    layer = opened[0].layers["T1C"]
    low, high = layer.contrast_limits_range
    assert (low, high) == (layer.data.min(), layer.data.max())
    assert low < layer.contrast_limits[0] < layer.contrast_limits[1] < high


def test_the_case_s_arrays_are_the_layers_own(opened: Docked) -> None:
    viewer, bridge = opened
    case = bridge.case(bridge.keys()[0])
    assert np.shares_memory(case.volumes[Modality.T2F].data, viewer.layers["T2F"].data)
    assert case.label_map is not None
    assert case.label_map.volume.data[2, 2, 2] == Label.ET


def test_two_cases_are_kept_apart_and_the_selected_one_is_active(
    opened: Docked, tmp_path: Path
) -> None:
    viewer, bridge = opened
    first_layers = list(viewer.layers)
    open_all(viewer, write_case(tmp_path, "BraTS2021_00002", "RAS"))
    assert bridge.keys() == ("BraTS2021_00001", "BraTS2021_00002")
    assert bridge.active_case_key == "BraTS2021_00002"
    assert not any(layer.visible for layer in first_layers)
    viewer.layers.selection.active = first_layers[0]
    assert bridge.active_case_key == "BraTS2021_00001"
    bridge.activate("BraTS2021_00001")
    assert {layer.name for layer in viewer.layers if layer.visible} == {"T1C", "label map"}


def test_the_same_case_twice_is_two_cases(opened: Docked, tmp_path: Path) -> None:
    viewer, bridge = opened
    open_all(viewer, tmp_path / "BraTS2021_00001")
    first, second = bridge.keys()
    assert len(bridge.open_case(first).images) == len(bridge.open_case(second).images) == 4
    assert len(bridge.open_case(first).labels) == len(bridge.open_case(second).labels) == 1


def test_a_label_map_of_another_name_joins_the_case_on_its_grid(
    opened: Docked, tmp_path: Path
) -> None:
    viewer, bridge = opened
    labels = np.full(SHAPE, 1, np.uint8)
    open_all(viewer, write_nifti(tmp_path / "reader2_seg.nii", labels, affine_of("LPS")))
    (key,) = bridge.keys()
    assert len(bridge.open_case(key).labels) == 2
    assert (active_labels(bridge) == 1).all()


def test_a_label_map_on_another_grid_is_refused_with_both_grids(
    opened: Docked, tmp_path: Path, qtbot: QtBot
) -> None:
    viewer, bridge = opened
    other = write_nifti(tmp_path / "x_seg.nii", np.ones((3, 3, 3), np.uint8), affine_of("RAS"))
    with qtbot.waitSignal(bridge.problem, timeout=5000) as told:
        open_all(viewer, other)
    assert "3x3x3" in told.args[0]
    assert "4x5x6" in told.args[0]
    assert str(other) in told.args[0]
    assert len(viewer.layers) == 5


def test_a_closed_case_is_told_and_gone(opened: Docked) -> None:
    viewer, bridge = opened
    viewer.layers.clear()
    assert bridge.keys() == ()
    assert bridge.active_case_key is None
    with pytest.raises(CaseError, match="not open"):
        bridge.case("BraTS2021_00001")


def test_volumes_follow_paint_undo_redo_and_data(opened: Docked, qtbot: QtBot) -> None:
    viewer, bridge = opened
    layer = viewer.layers["label map"]
    volumes: list[float] = []
    bridge.volumes.changed.connect(lambda _key, ml: volumes.append(ml[Region.WT]))

    def last_is(voxels: int) -> bool:
        return bool(volumes) and volumes[-1] == pytest.approx(voxels / 1000)

    layer.brush_size = 1
    layer.paint((0, 0, 0), Label.ED)
    qtbot.waitUntil(lambda: last_is(4))
    layer.undo()
    qtbot.waitUntil(lambda: last_is(3))
    layer.redo()
    qtbot.waitUntil(lambda: last_is(4))
    layer.data_setitem((np.array([1]), np.array([0]), np.array([0])), Label.ET)
    qtbot.waitUntil(lambda: last_is(5))
    layer.data = np.zeros_like(layer.data)
    qtbot.waitUntil(lambda: last_is(0))
    assert volumes == pytest.approx([0.004, 0.003, 0.004, 0.005, 0.0])


def test_a_result_is_a_new_layer_and_writing_into_it_is_one_undo_step(opened: Docked) -> None:
    viewer, bridge = opened
    (key,) = bridge.keys()
    case = bridge.case(key)
    labels = np.zeros(SHAPE, np.uint8)
    layer = bridge.add_segmentation(
        key, Segmentation(case.case_id, labels, case.reference, case.convention)
    )
    assert bridge.label_layer(key) is layer
    new = labels.copy()
    new[3, 4, 5], new[0, 0, 0] = Label.ET, Label.NCR
    bridge.set_layer_labels(layer, new)
    assert np.array_equal(bridge.layer_labels(layer), new)
    layer.undo()
    assert not bridge.layer_labels(layer).any()
    assert viewer.layers["label map"].data.any()  # the user's own label map is as it was
    viewer.layers.remove(layer)
    assert bridge.layer_labels(layer) is None


def test_automatic_writes_are_one_undo_step_until_something_is_painted(opened: Docked) -> None:
    _viewer, bridge = opened
    (key,) = bridge.keys()
    layer = bridge.new_label_map(key)
    maps = [np.full(SHAPE, label, np.uint8) for label in (Label.NCR, Label.ED, Label.ET)]
    for labels in maps:  # as a slider that is dragged writes
        bridge.set_layer_labels(layer, labels, {"postprocess": {}})
    assert np.array_equal(bridge.layer_labels(layer), maps[-1])
    layer.undo()
    assert not bridge.layer_labels(layer).any()
    layer.redo()
    assert np.array_equal(bridge.layer_labels(layer), maps[-1])

    bridge.set_layer_labels(layer, maps[0], {"postprocess": {}})
    layer.paint((1, 1, 1), int(Label.ED))
    painted = bridge.layer_labels(layer).copy()
    bridge.set_layer_labels(layer, maps[1], {"postprocess": {}})
    layer.undo()
    assert np.array_equal(bridge.layer_labels(layer), painted)


def test_probabilities_are_layers_of_the_case_and_hidden(opened: Docked) -> None:
    _viewer, bridge = opened
    (key,) = bridge.keys()
    case = bridge.case(key)
    selected = bridge.label_layer(key)
    probabilities = np.zeros((3, *SHAPE), np.float16)
    layers = probabilities_to_layers(probabilities, case.reference, case.case_id, key)
    bridge.add_maps(key, layers)
    assert bridge.label_layer(key) is selected
    assert len(bridge.open_case(key).probabilities) == 3
    assert not any(layer.visible for layer in bridge.open_case(key).probabilities)


def test_another_convention_reads_the_file_s_integers_anew(opened: Docked) -> None:
    _viewer, bridge = opened
    (key,) = bridge.keys()
    bridge.set_convention(key, "brats2013")  # 2 is ED, 4 is ET there, too
    assert bridge.case(key).convention is CONVENTIONS["brats2013"]
    bridge.set_convention(key, "brats2024-post")  # 4 is the cavity
    assert active_labels(bridge)[2, 2, 2] == Label.RC
    bridge.set_convention(key, "brats2021")
    assert active_labels(bridge)[2, 2, 2] == Label.ET


def test_a_convention_that_does_not_know_a_value_changes_nothing(opened: Docked) -> None:
    _viewer, bridge = opened
    (key,) = bridge.keys()
    with pytest.raises(LabelError, match="4"):
        bridge.set_convention(key, "brats2023")
    assert active_labels(bridge)[2, 2, 2] == Label.ET
    assert bridge.case(key).convention.name == "brats2021"


def test_a_corrected_modality_changes_places(opened: Docked) -> None:
    _viewer, bridge = opened
    (key,) = bridge.keys()
    by_modality = bridge.open_case(key).by_modality
    t1n, t2w = by_modality[Modality.T1N], by_modality[Modality.T2W]
    bridge.images.assign_modality(key, Modality.T1N, t2w)
    assert bridge.open_case(key).by_modality[Modality.T1N] is t2w
    assert bridge.open_case(key).by_modality[Modality.T2W] is t1n
    bridge.images.assign_modality(key, Modality.T2W, None)
    assert Modality.T2W not in bridge.open_case(key).by_modality
    assert t1n in bridge.open_case(key).images  # still there, without a modality


@pytest.mark.parametrize(("wanted_mm", "voxels"), [(5, 6), (1, 1), (0.2, 1)])
def test_the_brush_is_set_in_mm(
    docked: Docked, tmp_path: Path, wanted_mm: float, voxels: int
) -> None:
    viewer, bridge = docked
    open_all(viewer, write_nifti(tmp_path / "a_t1c.nii", affine=affine_of("LPS", (0.9, 1.2, 5))))
    layer = bridge.new_label_map(bridge.keys()[0])
    bridge.tools.set_brush_mm(wanted_mm)
    assert layer.brush_size == voxels  # what napari's slider shows
    assert bridge.tools.brush_mm == layer.cursor_size == wanted_mm


def test_modalities_on_different_grids_are_refused_then_resampled(
    docked: Docked, tmp_path: Path
) -> None:
    from napari_brats.core.errors import GeometryError
    from napari_brats.core.progress import drain
    from napari_brats.io.resample import resample_case

    viewer, bridge = docked
    data = np.arange(27, dtype=np.int16).reshape(3, 3, 3)
    paths = [
        write_nifti(tmp_path / "a_t1c.nii", affine=affine_of("LPS")),
        write_nifti(tmp_path / "a_t2.nii", data, affine_of("LPS", (2, 2, 2))),
    ]
    open_all(viewer, *paths)
    (key,) = bridge.keys()
    with pytest.raises(GeometryError, match="3x3x3"):
        bridge.case(key).require_one_grid()
    bridge.images.replace(key, drain(resample_case(bridge.case(key), Modality.T1C)))
    assert bridge.case(key).require_one_grid().shape == SHAPE
    assert len(viewer.layers) == 2


def test_a_corrected_label_map_keeps_its_own_header(opened: Docked, tmp_path: Path) -> None:
    viewer, _bridge = opened
    layer = viewer.layers["label map"]
    path = tmp_path / "out.nii.gz"
    layer.save(str(path), plugin="napari-brats")
    assert np.asanyarray(nib.load(path).dataobj)[2, 2, 2] == 4
    assert layer.metadata[TAG].reference.path.name == "BraTS2021_00001_seg.nii"
