"""Probabilities and references from files, and all that may be wrong with them."""

import nibabel as nib
import numpy as np
import pytest

from napari_brats.core.case import LabelVolume
from napari_brats.core.errors import CaseError, GeometryError
from napari_brats.core.labels import CONVENTIONS, REGIONS, Region
from napari_brats.io.nifti import read_volume
from napari_brats.tuning.cases import probability_files, read_tuning_case

SHAPE = (30, 9, 8)
AFFINE = np.diag([-1.0, -1.0, 2.0, 1.0])


def write(folder, name="case", shape=SHAPE, affine=AFFINE, value=0.0, at=0.75):
    for region in REGIONS:
        data = np.full(shape, value, np.float32)
        data[20, 4, 4] = at
        path = folder / f"{name}-probability-{region.lower()}.nii.gz"
        nib.save(nib.Nifti1Image(data, affine), path)
    return folder


@pytest.fixture
def reference(tmp_path):
    labels = np.zeros(SHAPE, np.uint8)
    labels[12, 4, 4] = 3
    path = tmp_path / "reference-seg.nii.gz"
    nib.save(nib.Nifti1Image(labels, AFFINE), path)
    return LabelVolume(read_volume(path), CONVENTIONS["brats2023"])


def read(folder, reference):
    (files,) = probability_files(folder).values()
    return read_tuning_case("patient", files, reference, 0.2)


def test_a_case_is_cut_to_where_something_is_with_room_around_it(tmp_path, reference):
    case = read(write(tmp_path), reference)
    assert (case.case_id, case.patient) == ("case", "patient")
    assert case.probabilities.shape == (3, 25, 9, 8)  # from 12 - 8 to 20 + 8, and all of the rest
    assert np.argwhere(case.probabilities[2]).tolist() == [[16, 4, 4]]
    assert np.argwhere(case.reference[Region.ET]).tolist() == [[8, 4, 4]]
    assert case.spacing_mm == (1.0, 1.0, 2.0)


def test_what_lies_below_every_threshold_is_not_kept(tmp_path, reference):
    assert read(write(tmp_path, at=0.2), reference).probabilities.shape == (3, 17, 9, 8)


def test_nan_counts_as_nothing(tmp_path, reference):
    assert not read(write(tmp_path, at=np.nan), reference).probabilities.any()


def test_a_folder_without_probabilities_says_what_writes_them(tmp_path):
    with pytest.raises(CaseError, match=r"no probabilities.*--probabilities"):
        probability_files(tmp_path)


def test_a_missing_region_is_named(tmp_path):
    write(tmp_path)
    (tmp_path / "case-probability-tc.nii.gz").unlink()
    with pytest.raises(CaseError, match=r"TC are missing.*case-probability-tc\.nii\.gz"):
        probability_files(tmp_path)


@pytest.mark.parametrize(("value", "shown"), [(-3.5, "-3.5 to"), (7.0, "to 7")])
def test_logits_are_no_probabilities(tmp_path, reference, value, shown):
    with pytest.raises(CaseError, match=f"{shown}.*Expected probabilities"):
        read(write(tmp_path, at=value), reference)


@pytest.mark.parametrize(
    ("shape", "affine"), [((30, 9, 7), AFFINE), (SHAPE, np.diag([-1.0, -1.0, 2.5, 1.0]))]
)
def test_another_grid_is_refused_with_both_paths(tmp_path, reference, shape, affine):
    with pytest.raises(GeometryError, match=r"probability-wt.*reference-seg"):
        read(write(tmp_path, shape=shape, affine=affine), reference)
