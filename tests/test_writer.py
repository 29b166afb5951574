"""The writer contributions, through ``layer.save`` as napari calls them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels
from tests.io.cases import labels_2021, write_case
from tests.io.volumes import SHAPE, affine_of

from napari_brats.core.case import Volume
from napari_brats.core.errors import GeometryError, LabelError, SaveError
from napari_brats.core.labels import Label
from napari_brats.io.layers import TAG, probabilities_to_layers
from napari_brats.io.nifti import read_volume

OURS = "napari-brats"


@pytest.fixture(autouse=True)
def plugin(npe2pm: Any) -> Iterator[None]:
    """The plugin alone, as npe2 finds it."""
    with npe2pm.tmp_plugin(package="napari-brats"):
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    affine = affine_of("PIR", (1, 2, 3), 8)
    return write_case(tmp_path, label_map=labels_2021(), affine=affine)


@pytest.fixture
def viewer(folder: Path) -> ViewerModel:
    model = ViewerModel()
    model.open(folder, plugin=OURS)
    return model


def test_a_corrected_label_map_keeps_its_own_header(viewer: ViewerModel, folder: Path) -> None:
    layer = viewer.layers["label map"]
    layer.data_setitem((np.array([0]), np.array([0]), np.array([0])), Label.ET)
    target = folder / "BraTS2021_00001_seg.nii.gz"
    before = nib.load(target)
    old_values = np.asanyarray(before.dataobj).copy()
    assert layer.save(str(target), plugin=OURS) == [str(target)]
    after = nib.load(target)
    values = np.asanyarray(after.dataobj)
    assert int(after.header["sform_code"]) == 2  # the images have 1
    assert np.array_equal(after.affine, before.affine)
    changed = np.argwhere(values != old_values)
    assert len(changed) == 1
    assert values[tuple(changed[0])] == 4
    kept = nib.Nifti1Image.from_bytes(gunzip(target.with_name(target.name + ".bak")))
    assert np.array_equal(np.asanyarray(kept.dataobj), old_values)


def gunzip(path: Path) -> bytes:
    import gzip

    return gzip.decompress(path.read_bytes())


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("TCGA-HT-8111_1998.03.30", "TCGA-HT-8111_1998.03.30.nii.gz"),
        ("TCGA-HT-8111_1998.03.30.nii", "TCGA-HT-8111_1998.03.30.nii"),
        ("TCGA-HT-8111_1998.03.30-seg.nii.gz", "TCGA-HT-8111_1998.03.30-seg.nii.gz"),
        ("plain", "plain.nii.gz"),
    ],
)
@pytest.mark.parametrize("layer", ["label map", "T2F"])
def test_names_with_dots_are_saved(
    viewer: ViewerModel, tmp_path: Path, layer: str, name: str, written: str
) -> None:
    assert viewer.layers[layer].save(str(tmp_path / name), plugin=OURS) == [str(tmp_path / written)]
    assert read_volume(tmp_path / written).data.shape == SHAPE


def test_an_image_goes_out_as_it_came(viewer: ViewerModel, folder: Path, tmp_path: Path) -> None:
    viewer.layers["T1C"].save(str(tmp_path / "copy.nii.gz"), plugin=OURS)
    original = gunzip(folder / "BraTS2021_00001_t1ce.nii.gz")
    assert gunzip(tmp_path / "copy.nii.gz") == original


def test_probabilities_are_floats(viewer: ViewerModel, tmp_path: Path) -> None:
    reference: Volume = viewer.layers["T1C"].metadata[TAG].reference
    probabilities = np.zeros((3, *SHAPE), np.float16)
    probabilities[0, 1, 2, 3] = 0.5
    data, attributes, _ = probabilities_to_layers(probabilities, reference, "x", "x")[0]
    layer = Image(data, **attributes)
    layer.save(str(tmp_path / "p.nii"), plugin=OURS)
    image = nib.load(tmp_path / "p.nii")
    assert image.get_data_dtype() == np.float32
    assert image.get_fdata()[1, 2, 3] == 0.5
    assert np.array_equal(image.affine, reference.grid.affine)


def test_labels_of_another_integer_type_are_saved(viewer: ViewerModel, tmp_path: Path) -> None:
    layer = viewer.layers["label map"]
    layer.data = layer.data.astype(np.int64)
    layer.save(str(tmp_path / "s.nii.gz"), plugin=OURS)
    assert sorted(np.unique(read_volume(tmp_path / "s.nii.gz").data)) == [0, 1, 2, 4]


def test_a_layer_of_no_case_is_refused_with_the_reason(tmp_path: Path) -> None:
    labels = Labels(np.zeros(SHAPE, np.uint8), name="mine")
    with pytest.raises(SaveError, match="the layer 'mine' belongs to no open case"):
        labels.save(str(tmp_path / "s.nii.gz"), plugin=OURS)
    assert list(tmp_path.iterdir()) == []


def test_an_image_turned_into_labels_is_refused(viewer: ViewerModel, tmp_path: Path) -> None:
    tag = viewer.layers["T1C"].metadata[TAG]
    labels = Labels(np.zeros((5, 6, 4), np.uint8), metadata={TAG: tag})
    with pytest.raises(SaveError, match="no label convention"):
        labels.save(str(tmp_path / "s.nii.gz"), plugin=OURS)


def test_a_cropped_layer_and_unknown_labels_leave_the_file_whole(
    viewer: ViewerModel, folder: Path
) -> None:
    target = folder / "BraTS2021_00001_seg.nii.gz"
    before = target.read_bytes()
    layer = viewer.layers["label map"]
    whole = layer.data
    layer.data = whole[1:]
    with pytest.raises(GeometryError, match="has the shape"):
        layer.save(str(target), plugin=OURS)
    layer.data = np.full_like(whole, 77)
    with pytest.raises(LabelError, match="the value 77"):
        layer.save(str(target), plugin=OURS)
    layer.data = np.full_like(whole, int(Label.RC))
    with pytest.raises(LabelError, match="RC resection cavity"):
        layer.save(str(target), plugin=OURS)
    assert target.read_bytes() == before
    assert not target.with_name(target.name + ".bak").exists()


def test_two_cases_of_one_shape_go_out_with_their_own_headers(tmp_path: Path) -> None:
    viewer = ViewerModel()
    affines = {"BraTS2021_00001": affine_of("RAS"), "BraTS2021_00002": affine_of("LPI", (1, 1, 2))}
    for case_id, affine in affines.items():
        folder = write_case(tmp_path, case_id, label_map=labels_2021(), affine=affine)
        viewer.open(folder, plugin=OURS)
    for layer in [layer for layer in viewer.layers if isinstance(layer, Labels)]:
        case_id = layer.metadata[TAG].case_id
        layer.save(str(tmp_path / f"{case_id}-seg.nii.gz"), plugin=OURS)
    for case_id, affine in affines.items():
        image = nib.load(tmp_path / f"{case_id}-seg.nii.gz")
        assert np.allclose(image.affine, affine)
        assert np.array_equal(np.asanyarray(image.dataobj), labels_2021())
