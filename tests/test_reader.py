"""The reader contribution, through npe2 and napari's viewer model (no window)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from tests.io.cases import labels_2021, moved_affine, write_case
from tests.io.volumes import SHAPE, affine_of, write_nifti

from napari_brats._reader import napari_get_reader, read
from napari_brats.core.errors import CaseError, GeometryError
from napari_brats.core.labels import Label
from napari_brats.core.modalities import Modality
from napari_brats.io.layers import CASES_TAG, TAG

REAL = os.environ.get("NAPARI_BRATS_CASES")


@pytest.fixture
def plugin(npe2pm: Any) -> Iterator[None]:
    """The plugin alone, as npe2 finds it."""
    with npe2pm.tmp_plugin(package="napari-brats"):
        yield


def names(layers: list[tuple]) -> list[str]:
    return [attributes["name"] for _, attributes, _ in layers]


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.json", "a.nii.txt", "a.gz"])
def test_foreign_files_are_declined_by_name(tmp_path: Path, name: str) -> None:
    assert napari_get_reader(str(tmp_path / name)) is None


def test_foreign_folders_and_nothing_are_declined(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    assert napari_get_reader(str(tmp_path)) is None
    assert napari_get_reader([]) is None
    assert napari_get_reader([str(tmp_path / "a_t1.nii"), str(tmp_path / "b.png")]) is None


def test_a_case_folder_opens_whole(tmp_path: Path) -> None:
    layers = read(str(write_case(tmp_path, label_map=labels_2021())))
    assert names(layers) == ["T1N", "T2W", "T2F", "T1C", "label map"]
    assert [a["visible"] for _, a, kind in layers if kind == "image"] == [False] * 3 + [True]
    assert len({a["metadata"][TAG].case_key for _, a, _ in layers}) == 1
    assert layers[3][1]["metadata"][TAG].reason
    assert [c.case_id for c in layers[0][1]["metadata"][CASES_TAG]] == ["BraTS2021_00001"]


def test_one_file_opens_alone_and_tells_of_the_rest(tmp_path: Path) -> None:
    folder = write_case(tmp_path, label_map=labels_2021())
    whole = read(str(folder))
    (_, attributes, kind), *others = read(str(folder / "BraTS2021_00001_t2.nii.gz"))
    assert others == []
    assert (attributes["name"], kind, attributes["visible"]) == ("T2W", "image", True)
    assert attributes["metadata"][TAG].modality is Modality.T2W
    assert attributes["metadata"][TAG].case_key == whole[0][1]["metadata"][TAG].case_key
    (files,) = attributes["metadata"][CASES_TAG]
    assert set(files.modalities) == set(Modality)


def test_a_label_map_opens_alone_in_internal_labels(tmp_path: Path) -> None:
    folder = write_case(tmp_path, label_map=labels_2021().astype(np.float64))
    ((data, attributes, kind),) = read(str(folder / "BraTS2021_00001_seg.nii.gz"))
    assert kind == "labels"
    assert data.dtype == np.uint8
    assert sorted(data[data > 0]) == [Label.NCR, Label.ED, Label.ET]
    assert attributes["metadata"][TAG].convention == "brats2021"


def test_a_mask_saved_beside_the_reference_is_told_and_opens_alone(tmp_path: Path) -> None:
    folder = write_case(tmp_path, label_map=labels_2021())
    own = write_nifti(folder / "BraTS2021_00001-seg.nii.gz", labels_2021())
    own.with_name("BraTS2021_00001-seg.json").write_text('{"convention": {"name": "brats2021"}}')
    with pytest.warns(UserWarning, match=r"BraTS2021_00001-seg\.nii\.gz.*made by this program"):
        layers = read(str(folder))
    assert names(layers)[-1] == "label map"
    assert layers[-1][1]["metadata"][TAG].reference.path.name == "BraTS2021_00001_seg.nii.gz"
    ((data, attributes, kind),) = read(str(own))
    assert kind == "labels"
    assert sorted(data[data > 0]) == [Label.NCR, Label.ED, Label.ET]
    assert attributes["metadata"][TAG].reference.path == own


def test_labels_that_are_no_numbers_are_told(tmp_path: Path) -> None:
    holes = labels_2021().astype(np.float32)
    holes[0, 0, 0] = np.nan
    folder = write_case(tmp_path, label_map=holes)
    for path in (folder, folder / "BraTS2021_00001_seg.nii.gz"):
        with pytest.warns(UserWarning, match=r"_seg\.nii\.gz: 1 voxels are NaN"):
            read(str(path))


def test_files_dropped_together_make_one_case_in_any_order(tmp_path: Path) -> None:
    folder = write_case(tmp_path)
    files = [str(folder / f"BraTS2021_00001_{t}.nii.gz") for t in ("flair", "t1ce", "t1")]
    assert names(read(files)) == ["T1N", "T2F", "T1C"]


def test_a_folder_of_cases_opens_the_first_and_lists_all(tmp_path: Path) -> None:
    for number in (2, 1, 3):
        write_case(tmp_path, f"BraTS2021_0000{number}")
    layers = read(str(tmp_path))
    assert {a["metadata"][TAG].case_id for _, a, _ in layers} == {"BraTS2021_00001"}
    assert [c.case_id[-1] for c in layers[0][1]["metadata"][CASES_TAG]] == ["1", "2", "3"]


def test_channels_of_an_unnamed_4d_file_come_without_modality(tmp_path: Path) -> None:
    data = np.stack([np.full(SHAPE, n, np.int16) for n in range(3)], axis=-1)
    layers = read(str(write_nifti(tmp_path / "scan.nii.gz", data)))
    assert names(layers) == ["scan channel 1", "scan channel 2", "scan channel 0"]
    assert [a["metadata"][TAG].modality for _, a, _ in layers] == [None] * 3
    assert [a["visible"] for _, a, _ in layers] == [False, False, True]
    assert [int(d[0, 0, 0]) for d, _, _ in layers] == [1, 2, 0]
    assert names(read(str(tmp_path))) == names(layers)


def test_channels_in_msd_order_come_with_t1c_on_top(tmp_path: Path) -> None:
    (tmp_path / "imagesTr").mkdir()
    data = np.stack([np.full(SHAPE, n, np.int16) for n in range(4)], axis=-1)
    path = write_nifti(tmp_path / "imagesTr" / "BRATS_003.nii.gz", data)
    layers = read(str(path))
    assert names(layers) == ["T1N", "T2W", "T2F", "T1C"]
    assert [int(d[0, 0, 0]) for d, _, _ in layers] == [1, 3, 0, 2]
    assert [a["visible"] for _, a, _ in layers] == [False, False, False, True]


def test_images_of_unknown_modality_open_with_their_label_map(tmp_path: Path) -> None:
    for number in range(2):
        write_nifti(tmp_path / f"CASE_{number:04d}.nii.gz")
    write_nifti(tmp_path / "CASE_seg.nii.gz", labels_2021())
    layers = read(str(tmp_path))
    assert [kind for _, _, kind in layers] == ["image", "image", "labels"]
    assert [a.get("visible", True) for _, a, _ in layers] == [False, True, True]


def test_an_unreadable_extra_image_does_not_hide_the_case(tmp_path: Path) -> None:
    folder = write_case(tmp_path)
    write_nifti(folder / "BraTS2021_00001_0007.nii.gz", np.zeros((4, 5), np.int16))
    with pytest.warns(UserWarning, match="shape 4x5"):
        layers = read(str(folder))
    assert names(layers) == ["T1N", "T2W", "T2F", "T1C"]


def test_a_difference_image_opens_when_asked_for(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "100001_time1_flair_subtraction.nii.gz")
    ((_, attributes, _),) = read(str(path))
    assert attributes["name"] == "100001_time1_flair_subtraction"
    assert attributes["metadata"][TAG].modality is None


def test_a_label_map_that_does_not_fit_is_left_out_with_its_reason(tmp_path: Path) -> None:
    folder = write_case(tmp_path)
    write_nifti(folder / "BraTS2021_00001_seg.nii.gz", labels_2021(), moved_affine())
    with pytest.warns(UserWarning, match="label map is not shown.*does not lie on the grid"):
        layers = read(str(folder))
    assert names(layers) == ["T1N", "T2W", "T2F", "T1C"]


def test_modalities_on_other_grids_are_shown_with_a_warning(tmp_path: Path) -> None:
    folder = write_case(tmp_path)
    write_nifti(
        folder / "BraTS2021_00001_t2.nii.gz", np.ones((6, 7, 8), np.int16), affine_of("RAS")
    )
    with pytest.warns(UserWarning, match=r"do not lie on one grid(.|\n)*6x7x8"):
        layers = read(str(folder))
    assert len(layers) == 4
    assert {a["name"]: d.shape for d, a, _ in layers}["T2W"] == (8, 7, 6)


def test_the_same_modality_twice_is_refused(tmp_path: Path) -> None:
    folder = write_case(tmp_path)
    write_nifti(folder / "BraTS2021_00001_fla.nii.gz")
    with pytest.raises(CaseError, match="2 files for T2F"):
        read(str(folder))


def test_a_web_page_is_refused_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "x_t1c.nii.gz"
    path.write_bytes(b"<html>Sign in</html>")
    with pytest.raises(CaseError, match=r"x_t1c\.nii\.gz is a web page"):
        read(str(path))


def test_a_singular_affine_is_refused(tmp_path: Path) -> None:
    affine = affine_of()
    affine[:3, 0] = 0
    path = write_nifti(tmp_path / "x_t1c.nii", affine=affine, qform_code=0)
    with pytest.raises(GeometryError, match="singular"):
        read(str(path))


@pytest.mark.usefixtures("plugin")
def test_napari_opens_a_folder_a_file_and_takes_our_colours(tmp_path: Path) -> None:
    folder = write_case(tmp_path, label_map=labels_2021())
    viewer = ViewerModel()
    viewer.open(folder, plugin="napari-brats")
    assert [layer.name for layer in viewer.layers] == ["T1N", "T2W", "T2F", "T1C", "label map"]
    labels = viewer.layers["label map"]
    assert np.allclose(labels.get_color(int(Label.ET)), (0, 0.447, 0.698, 1), atol=1e-3)
    assert labels.colormap.map(9).tolist() == [0, 0, 0, 0]
    assert {str(unit) for unit in viewer.layers["T1C"].units} == {"millimeter"}
    assert viewer.layers["T1C"].axis_labels == ("I", "P", "L")
    assert viewer.layers["T1C"].data.base is not None  # a view still, not napari's own copy
    viewer.open(folder / "BraTS2021_00001_flair.nii.gz", plugin=None)
    assert viewer.layers[-1].metadata[TAG].modality is Modality.T2F


def test_reading_a_case_imports_neither_torch_nor_qt(tmp_path: Path) -> None:
    folder = write_case(tmp_path, label_map=labels_2021())
    program = (
        "import sys; from napari_brats._reader import napari_get_reader as get\n"
        "print(len(get(sys.argv[1])(sys.argv[1])))\n"
        "print([m for m in ('torch', 'openvino', 'qtpy', 'PyQt5', 'napari', 'SimpleITK')"
        " if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["5", "[]"]


@pytest.mark.skipif(not REAL, reason="NAPARI_BRATS_CASES is not set")
def test_real_cases_open(recwarn: pytest.WarningsRecorder) -> None:
    root = Path(REAL or "")
    labelled = sorted((root / "labelled").iterdir())[::6]
    folders = [*labelled, *(root / "unlabelled").iterdir(), root / "msd"]
    for folder in folders:
        layers = read(str(folder))
        assert {"T1N", "T1C", "T2W", "T2F"} <= set(names(layers)), folder
        assert ("label map" in names(layers)) == ("unlabelled" not in folder.parts), folder
    assert len(recwarn) == 1  # only the native case lies on several grids
    assert "TCGA-FG-6692_native" in str(recwarn[0].message)
