"""Panels and bridge together: opening the rest, correcting, saving."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
from pytestqt.qtbot import QtBot
from tests.io.volumes import SHAPE, affine_of, write_nifti
from tests.widgets.conftest import Window

from napari_brats.core.labels import Label
from napari_brats.core.modalities import Modality
from napari_brats.widgets.save_panel import SaveRequest


def write_images(folder: Path, case_id: str = "BraTS2021_00001") -> Path:
    home = folder / case_id
    home.mkdir()
    for token in ("t1", "t1ce", "t2", "flair"):
        write_nifti(home / f"{case_id}_{token}.nii", affine=affine_of("LPS"))
    return home


def test_one_file_offers_the_rest_of_its_case(window: Window, tmp_path: Path, qtbot: QtBot) -> None:
    home = write_images(tmp_path)
    window.viewer.open(str(home / f"{home.name}_t2.nii"), plugin="napari-brats")
    qtbot.waitUntil(lambda: window.case.rest.text() == "Open the rest (3)")
    window.case.rest.click()
    (key,) = window.bridge.keys()
    assert len(window.bridge.case(key).modalities) == 4
    qtbot.waitUntil(window.case.rest.isHidden)


def test_the_drop_down_corrects_a_modality(window: Window, tmp_path: Path, qtbot: QtBot) -> None:
    home = write_images(tmp_path)
    window.viewer.open(str(home), plugin="napari-brats")
    files = window.case.files[Modality.T1N]
    qtbot.waitUntil(lambda: files.count() == 5)
    t2 = files.findText("\u2026t2.nii")
    files.setCurrentIndex(t2)
    files.activated.emit(t2)
    (key,) = window.bridge.keys()
    case = window.bridge.case(key)
    assert case.volumes[Modality.T1N].path == home / f"{home.name}_t2.nii"
    assert case.volumes[Modality.T2W].path == home / f"{home.name}_t1.nii"


def test_a_new_label_map_is_painted_and_saved_with_all_that_belongs_to_it(
    window: Window, tmp_path: Path
) -> None:
    home = write_images(tmp_path)
    window.viewer.open(str(home), plugin="napari-brats")
    window.correct.new_label_map_requested.emit()
    (key,) = window.bridge.keys()
    layer = window.bridge.label_layer(key)
    assert layer is not None
    labels = np.zeros(SHAPE, np.uint8)
    labels[1, 2, 3], labels[2, 2, 2] = Label.ET, Label.NCR
    window.bridge.set_layer_labels(layer, labels)
    path = home / f"{home.name}-seg.nii.gz"
    assert window.save.path.text() == str(path)
    request = SaveRequest(path, "brats2021", region_masks=True, itksnap=True)
    window.save.save_requested.emit(request)
    assert np.asanyarray(nib.load(path).dataobj)[1, 2, 3] == 4
    mask = nib.load(home / f"{home.name}-mask-tc.nii.gz")
    assert np.asanyarray(mask.dataobj).sum() == 2
    report = json.loads((home / f"{home.name}-seg.json").read_text())
    assert report["volumes_ml"] == {"WT": 0.002, "TC": 0.002, "ET": 0.001}
    assert report["convention"]["name"] == "brats2021"
    assert '"ET enhancing tumour"' in (home / f"{home.name}-seg-labels.txt").read_text()


def test_a_typed_file_name_stays_until_another_label_map_is_taken_in_hand(
    window: Window, tmp_path: Path
) -> None:
    home = write_images(tmp_path)
    window.viewer.open(str(home), plugin="napari-brats")
    window.correct.new_label_map_requested.emit()
    window.save.path.setText("mine.nii.gz")
    window.viewer.layers.selection.active = window.viewer.layers["T2F"]
    window.bridge.view.set_side_by_side(True)
    window.bridge.view.set_side_by_side(False)
    assert window.save.path.text() == "mine.nii.gz"
    window.correct.new_label_map_requested.emit()
    assert window.save.path.text() == str(home / f"{home.name}-seg.nii.gz")


def test_an_existing_file_is_replaced_only_when_agreed(window: Window, tmp_path: Path) -> None:
    home = write_images(tmp_path)
    window.viewer.open(str(home), plugin="napari-brats")
    window.correct.new_label_map_requested.emit()
    path = tmp_path / "mine.nii.gz"
    path.write_bytes(b"before")
    window.save.save_requested.emit(SaveRequest(path, "brats2021", report=False))
    assert path.read_bytes() == b"before"
    assert "mine.nii.gz" in window.save.question.text()
    window.save.replace.click()
    assert nib.load(path).shape == SHAPE


def test_a_failed_save_says_so_and_leaves_the_old_file(window: Window, tmp_path: Path) -> None:
    home = write_images(tmp_path)
    window.viewer.open(str(home), plugin="napari-brats")
    window.correct.new_label_map_requested.emit()
    path = tmp_path / "old.nii.gz"
    path.write_bytes(b"before")
    layer = window.bridge.label_layer(window.bridge.keys()[0])
    layer.data[:] = Label.RC  # which BraTS 2021 cannot express
    window.save.save_requested.emit(SaveRequest(path, "brats2021", overwrite=True))
    assert path.read_bytes() == b"before"
    assert "RC" in window.save.message.text()


def test_the_case_s_own_label_map_is_proposed_for_its_own_file(
    window: Window, tmp_path: Path
) -> None:
    home = write_images(tmp_path)
    own = write_nifti(home / f"{home.name}_seg.nii", np.ones(SHAPE, np.uint8), affine_of("LPS"))
    window.viewer.open(str(home), plugin="napari-brats")
    assert window.save.path.text() == str(own)
    window.correct.new_label_map_requested.emit()  # a second one would make the folder ambiguous
    assert window.save.path.text() == str(home / "napari-brats" / f"{home.name}-seg.nii.gz")


def test_a_key_chooses_only_labels_that_the_case_can_be_saved_with(
    window: Window, tmp_path: Path
) -> None:
    home = write_images(tmp_path)
    window.viewer.open(str(home), plugin="napari-brats")
    window.correct.new_label_map_requested.emit()
    press = {str(key): action for key, action in window.viewer.keymap.items()}
    press["Alt+3"](window.viewer)
    press["Alt+4"](window.viewer)  # RC, which BraTS 2021 has not
    assert window.bridge.tools.label == Label.ET
