"""A training case is what inference would see, with the labels on the same voxels."""

import nibabel as nib
import numpy as np
import pytest

from napari_brats.core.errors import CaseError, GeometryError
from napari_brats.core.labels import Region, region_mask
from napari_brats.core.modalities import MODALITIES, Modality
from napari_brats.inference.preprocess import prepare_image, to_spacing
from napari_brats.io.discover import discover
from napari_brats.training.prepare import load_labelled, prepare_case

ONE_MM = (1.0, 1.0, 1.0)
LPS = np.diag([-1.0, -1, 1, 1])
RAS_2MM = np.diag([2.0, 2, 2, 1])


def _image(shape, affine, corner):
    """A block of brain that starts ``corner`` voxels into each axis."""
    data = np.zeros(shape, np.float32)
    inside = tuple(slice(c, n - c) for c, n in zip(corner, shape, strict=True))
    data[inside] = np.random.default_rng(0).normal(100, 5, data[inside].shape)
    return nib.Nifti1Image(data, affine)


def _save(folder, **images):
    folder.mkdir(parents=True, exist_ok=True)
    for name, image in images.items():
        nib.save(image, folder / f"P1-{name}.nii.gz")
    return discover(folder)[0]


def _labels(shape, affine, box, value):
    data = np.zeros(shape, np.uint8)
    data[box] = value
    return nib.Nifti1Image(data, affine)


def test_image_is_that_of_inference_and_labels_follow_it(tmp_path):
    """RAS in the file: both first axes are turned round, then the brain's box is cut out."""
    affine = np.diag([1.0, 1, 1, 1])
    image = _image((20, 20, 20), affine, (4, 3, 2))
    seg = _labels((20, 20, 20), affine, (5, 6, 7), 2)
    case = load_labelled(_save(tmp_path, t1c=image, seg=seg))
    prepared = prepare_case(case, MODALITIES, ONE_MM)
    arrays = {m: v.data for m, v in case.volumes.items()}
    expected = prepare_image(arrays, case.require_one_grid(), MODALITIES)
    assert np.array_equal(prepared.image, expected.image.astype(np.float16))
    assert np.argwhere(prepared.labels).tolist() == [[19 - 5 - 4, 19 - 6 - 3, 7 - 2]]
    assert [c.tolist() for c in prepared.centres] == [[[10, 10, 5]]]


def test_another_spacing_moves_image_and_regions_alike(tmp_path):
    """A cube of 4 voxels of 2 mm edges is one of 8 voxels of 1 mm."""
    image = _image((20, 20, 20), RAS_2MM, (2, 2, 2))
    seg = _labels((20, 20, 20), RAS_2MM, (slice(6, 10), slice(6, 10), slice(4, 8)), 3)
    case = load_labelled(_save(tmp_path, t1c=image, seg=seg))
    prepared = prepare_case(case, (Modality.T1C,), ONE_MM)
    assert prepared.image.shape == (1, 32, 32, 32)
    assert prepared.labels.shape == (32, 32, 32)
    for region in Region:
        assert np.count_nonzero(region_mask(prepared.labels, region)) == pytest.approx(512, rel=0.1)
    middle = np.argwhere(prepared.labels).mean(axis=0)
    assert middle == pytest.approx([2 * (17 - 7.5) + 0.5] * 2 + [2 * 3.5 + 0.5], abs=0.1)
    arrays = {m: v.data for m, v in case.volumes.items()}
    seen = to_spacing(prepare_image(arrays, case.require_one_grid(), (Modality.T1C,)), ONE_MM)
    assert np.array_equal(prepared.image, seen.astype(np.float16))


def test_images_on_other_grids_go_to_that_of_the_label_map(tmp_path):
    near = _image((20, 20, 20), LPS, (3, 3, 3))
    coarse = _image((10, 10, 10), np.diag([-2.0, -2, 2, 1]), (1, 1, 1))
    seg = _labels((20, 20, 20), LPS, (slice(8, 12),) * 3, 2)
    case = load_labelled(_save(tmp_path, t1c=coarse, t2f=near, seg=seg))
    assert {v.data.shape for v in case.volumes.values()} == {(20, 20, 20)}
    assert prepare_case(case, MODALITIES, ONE_MM).labels.sum() == 2 * 4**3


def test_a_label_map_on_a_grid_of_its_own_is_refused(tmp_path):
    seg = _labels((10, 10, 10), LPS, (5, 5, 5), 2)
    files = _save(tmp_path, t1c=_image((20, 20, 20), LPS, (3, 3, 3)), seg=seg)
    with pytest.raises(GeometryError, match=r"(?s)none of the images of case P1.*20x20x20.*10x10"):
        load_labelled(files)


def test_a_case_without_a_label_map_is_named(tmp_path):
    files = _save(tmp_path, t1c=_image((20, 20, 20), LPS, (3, 3, 3)))
    with pytest.raises(CaseError, match="P1 has no label map"):
        load_labelled(files)


def test_a_case_with_other_modalities_only_is_named(tmp_path):
    seg = _labels((20, 20, 20), LPS, (5, 5, 5), 2)
    files = _save(tmp_path, t1c=_image((20, 20, 20), LPS, (3, 3, 3)), seg=seg)
    with pytest.raises(CaseError, match=r"P1 has T1C, but the recipe trains on T2F"):
        prepare_case(load_labelled(files), (Modality.T2F,), ONE_MM)


def test_an_empty_label_map_gives_no_centres(tmp_path):
    empty = _labels((20, 20, 20), LPS, (5, 5, 5), 0)
    files = _save(tmp_path, t1c=_image((20, 20, 20), LPS, (3, 3, 3)), seg=empty)
    assert prepare_case(load_labelled(files), MODALITIES, ONE_MM).centres == ()
