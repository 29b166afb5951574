import numpy as np
import pytest

from napari_brats.core.case import Case
from napari_brats.core.errors import SaveError
from napari_brats.core.labels import Label, Region, volumes_ml
from napari_brats.core.modalities import MODALITIES, Modality
from napari_brats.io.discover import discover
from napari_brats.io.load import load_case
from napari_brats.phantom import CASE_ID, make_case, write_case
from napari_brats.phantom.case import brats_grid

SHAPE = (80, 80, 52)


@pytest.fixture(scope="module")
def case() -> Case:
    return make_case(shape=SHAPE)


@pytest.fixture(scope="module")
def labels(case: Case) -> np.ndarray:
    assert case.label_map is not None
    return case.label_map.volume.data


def test_the_full_grid_is_that_of_brats() -> None:
    affine = brats_grid((240, 240, 155)).affine
    np.testing.assert_array_equal(affine[:3, 3], (0, 239, 0))
    np.testing.assert_array_equal(np.diag(affine), (-1, -1, 1, 1))


def test_images_are_int16_on_one_grid_and_zero_outside_one_brain(case: Case) -> None:
    assert case.modalities == MODALITIES
    assert case.require_one_grid().axis_codes == "LPS"
    brain = case.volumes[Modality.T1N].data > 0
    for volume in case.volumes.values():
        assert volume.data.dtype == np.int16
        assert volume.data.shape == SHAPE
        np.testing.assert_array_equal(volume.data > 0, brain)
    voxel_ml = case.reference.grid.voxel_mm3 / 1000
    assert 1250 < brain.sum() * voxel_ml < 1750


def test_the_tumour_has_its_three_regions_and_sizes(case: Case, labels: np.ndarray) -> None:
    assert set(np.unique(labels)) == {0, Label.NCR, Label.ED, Label.ET}
    ml = volumes_ml(labels, case.reference.grid.voxel_mm3)
    assert 60 < ml[Region.WT] < 100
    assert 15 < ml[Region.ET] < 25
    assert 8 < ml[Region.TC] - ml[Region.ET] < 20


def test_the_tumour_lies_in_the_left_hemisphere(case: Case, labels: np.ndarray) -> None:
    # the midplane of the head is at -119.5 mm, and RAS x falls to the left
    x_mm = case.reference.grid.affine[0, 3] + case.reference.grid.affine[0, 0] * np.arange(80)
    lateral = np.nonzero(labels)[0]
    assert x_mm[lateral].max() < -115
    assert x_mm[lateral].mean() < -140


def test_contrasts_are_those_of_a_glioma(case: Case, labels: np.ndarray) -> None:
    def mean(modality: Modality, *wanted: Label) -> float:
        return float(case.volumes[modality].data[np.isin(labels, wanted)].mean())

    normal = {m: float(np.median(v.data[v.data > 0])) for m, v in case.volumes.items()}
    assert mean(Modality.T1C, Label.ET) > 1.25 * normal[Modality.T1C]
    assert mean(Modality.T1C, Label.ET) > 1.25 * mean(Modality.T1N, Label.ET)
    assert mean(Modality.T1C, Label.NCR) < 0.95 * normal[Modality.T1C]
    assert mean(Modality.T2F, Label.ED) > 1.2 * normal[Modality.T2F]
    assert mean(Modality.T2W, Label.NCR) > mean(Modality.T2W, Label.ED) > normal[Modality.T2W]


def test_the_right_ventricle_holds_csf(case: Case) -> None:
    i, j, k = round((119.5 - 9) / 3), round((125 + 36 - 4) / 3), round((72 + 17) / 2.98)
    block = (slice(i - 7, i + 1), slice(j - 2, j + 3), slice(k - 2, k + 3))
    t1n, t2w, t2f = (case.volumes[m].data for m in (Modality.T1N, Modality.T2W, Modality.T2F))
    wettest = np.unravel_index(t2w[block].argmax(), t2w[block].shape)
    assert t2w[block][wettest] > 2 * np.median(t2w[t2w > 0])
    assert t1n[block][wettest] < 0.6 * np.median(t1n[t1n > 0])
    assert t2f[block][wettest] < 0.8 * np.median(t2f[t2f > 0])


def test_another_seed_gives_another_case(case: Case, labels: np.ndarray) -> None:
    other = make_case(seed=1, shape=SHAPE)
    for modality in MODALITIES:
        assert (other.volumes[modality].data != case.volumes[modality].data).mean() > 0.05
    assert other.label_map is not None
    assert (other.label_map.volume.data != labels).sum() > 100


def test_the_files_read_back_as_the_case(case: Case, labels: np.ndarray, tmp_path) -> None:
    folder = write_case(case, tmp_path)
    assert folder == tmp_path / CASE_ID
    suffixes = ("seg", "t1c", "t1n", "t2f", "t2w")
    assert sorted(p.name for p in folder.iterdir()) == [f"{CASE_ID}-{s}.nii.gz" for s in suffixes]
    (files,) = discover(folder)
    read = load_case(files)
    assert (read.case_id, read.convention.name) == (CASE_ID, "brats2023")
    assert read.label_map is not None
    np.testing.assert_array_equal(read.label_map.volume.data, labels)
    for modality, volume in case.volumes.items():
        assert read.volumes[modality].grid.is_same(volume.grid)
        np.testing.assert_array_equal(read.volumes[modality].data, volume.data)


def test_former_files_are_replaced_only_when_asked(case: Case, tmp_path) -> None:
    folder = write_case(case, tmp_path)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(SaveError, match="exists already"):
        write_case(case, tmp_path)
    write_case(case, tmp_path, overwrite=True)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
