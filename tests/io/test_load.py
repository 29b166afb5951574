"""From files to a case: values, label maps, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.io.cases import labels_2021, moved_affine, write_case
from tests.io.volumes import SHAPE, write_nifti

from napari_brats.core.errors import CaseError, GeometryError, LabelError
from napari_brats.core.labels import Label
from napari_brats.core.modalities import MODALITIES, Modality
from napari_brats.io.discover import discover
from napari_brats.io.load import load_case, load_label_map


def test_each_modality_holds_its_own_file(tmp_path: Path) -> None:
    case = load_case(discover(write_case(tmp_path))[0])
    assert case.case_id == "BraTS2021_00001"
    assert case.modalities == MODALITIES
    assert [int(case.volumes[m].data[0, 0, 0]) for m in MODALITIES] == [0, 1000, 2000, 3000]
    assert case.label_map is None
    assert case.convention.name == "brats2021"  # by its naming


def test_a_label_map_becomes_internal_labels_whatever_its_type(tmp_path: Path) -> None:
    for number, dtype in enumerate((np.uint8, np.uint16, np.int8, np.float32, np.float64)):
        folder = write_case(tmp_path / str(number), label_map=labels_2021().astype(dtype))
        labels = load_case(discover(folder)[0]).label_map
        assert labels is not None
        assert labels.volume.data.dtype == np.uint8
        assert labels.volume.data[3, 4, 5] == Label.ET
        assert labels.convention.name == "brats2021"
        assert labels.volume.header["sform_code"] == 2  # its own header, not that of an image


def test_labels_scaled_by_a_slope_are_whole_again(tmp_path: Path) -> None:
    folder = write_case(tmp_path, label_map=labels_2021().astype(np.float32) * 1.00002)
    labels = load_case(discover(folder)[0]).label_map
    assert labels is not None
    assert labels.volume.data[3, 4, 5] == Label.ET


def test_the_convention_can_be_chosen(tmp_path: Path) -> None:
    files = discover(write_case(tmp_path, label_map=labels_2021() % 4))[0]
    case = load_case(files, convention="msd")
    assert case.label_map is not None
    assert case.label_map.volume.data[0, 1, 2] == Label.ED
    assert case.label_map.reason == "chosen by the user"
    assert case.convention.name == "msd"


def test_unknown_labels_are_named_with_their_file(tmp_path: Path) -> None:
    files = discover(write_case(tmp_path, label_map=labels_2021() * 9))[0]
    with pytest.raises(LabelError, match=r"_seg\.nii\.gz: .*9 \(1 voxels\)"):
        load_case(files)
    assert load_case(files, with_label_map=False).label_map is None


def test_a_label_map_on_another_grid_is_refused_with_both_grids(tmp_path: Path) -> None:
    folder = write_case(tmp_path)
    case = load_case(discover(folder)[0])
    path = write_nifti(tmp_path / "other_seg.nii.gz", labels_2021(), moved_affine())
    with pytest.raises(GeometryError, match="5 mm") as error:
        load_label_map(path, case)
    assert case.reference.grid.describe() in str(error.value)
    assert "origin (-6.5, 23.25, 7) mm" in str(error.value)


def test_a_label_map_dropped_later_joins_the_case(tmp_path: Path) -> None:
    case = load_case(discover(write_case(tmp_path))[0])
    path = write_nifti(tmp_path / "other_seg.nii.gz", labels_2021())
    labels = load_label_map(path, case, hint="brats2021", naming="BraTS 2021")
    assert labels.volume.path == path
    assert labels.volume.data[3, 4, 5] == Label.ET


def test_modalities_on_other_grids_are_refused_or_resampled(tmp_path: Path) -> None:
    folder = write_case(tmp_path, label_map=labels_2021())
    write_nifti(
        folder / "BraTS2021_00001_flair.nii.gz",
        np.full((6, 7, 8), 50, np.int16),
        moved_affine(),
    )
    files = discover(folder)[0]
    with pytest.raises(GeometryError, match=r"T2F: 6x7x8.*\n.*--grid T1C"):
        load_case(files).require_one_grid()
    case = load_case(files, resample_to=Modality.T1C)
    assert case.require_one_grid().shape == SHAPE
    assert case.volumes[Modality.T2F].data.dtype == np.float32
    assert "was resampled onto" in case.volumes[Modality.T2F].notes[-1]
    assert case.volumes[Modality.T1N].notes == ()
    assert case.label_map is not None


def test_resampling_onto_a_missing_modality_is_refused(tmp_path: Path) -> None:
    files = discover(write_case(tmp_path, tokens=("t1", "t2")))[0]
    with pytest.raises(CaseError, match=r"no T1C to resample onto. It has T1N, T2W"):
        load_case(files, resample_to=Modality.T1C)


def test_channels_of_a_4d_file_are_read_in_msd_order(tmp_path: Path) -> None:
    for name in ("imagesTr", "labelsTr"):
        (tmp_path / name).mkdir()
    data = np.stack([np.full(SHAPE, n, np.int16) for n in range(4)], axis=-1)
    write_nifti(tmp_path / "imagesTr" / "BRATS_003.nii.gz", data)
    write_nifti(tmp_path / "labelsTr" / "BRATS_003.nii.gz", labels_2021() % 4)
    case = load_case(discover(tmp_path)[0])
    assert {m.value: int(v.data[0, 0, 0]) for m, v in case.volumes.items()} == {
        "T2F": 0,
        "T1N": 1,
        "T1C": 2,
        "T2W": 3,
    }
    assert case.convention.name == "msd"


def test_a_broken_modality_is_named(tmp_path: Path) -> None:
    folder = write_case(tmp_path)
    (folder / "BraTS2021_00001_t2.nii.gz").write_bytes(b"<html>404</html>")
    with pytest.raises(CaseError, match=r"_t2\.nii\.gz is a web page"):
        load_case(discover(folder)[0])


def test_images_without_a_modality_alone_are_no_case_yet(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    folder.mkdir()
    for number in range(2):
        write_nifti(folder / f"CASE_{number:04d}.nii.gz")
    files = discover(folder)[0]
    with pytest.raises(CaseError, match=r"no file of a known modality.*\n.*CASE_0000"):
        load_case(files)
