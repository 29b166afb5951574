"""Resampling onto another grid, against grids that differ by whole voxels."""

from __future__ import annotations

import numpy as np
import pytest
from tests.io.volumes import affine_of

from napari_brats.core.case import Volume
from napari_brats.core.geometry import Grid
from napari_brats.io.header import new_header
from napari_brats.io.resample import resample_volume


def volume(data: np.ndarray, affine: np.ndarray) -> Volume:
    grid = Grid(data.shape, affine)
    return Volume(data, grid, new_header(grid, data.dtype))


def test_a_volume_already_there_is_returned_itself() -> None:
    source = volume(np.ones((3, 3, 3), np.int16), affine_of())
    assert resample_volume(source, volume(np.zeros((3, 3, 3)), affine_of())) is source


@pytest.mark.parametrize("codes", ["LPS", "PIR", "SLA"])
def test_another_orientation_only_reorders_voxels(codes: str) -> None:
    """The target's voxels are those of the source in another order, so values match exactly."""
    source = volume(np.arange(60, dtype=np.int16).reshape(3, 4, 5), affine_of("RAS", (1, 2, 3), 9))
    target = reoriented(source, codes)
    moved = resample_volume(source, target, nearest=True)
    assert moved.data.dtype == np.int16
    assert np.array_equal(moved.data, target.data)
    assert np.allclose(resample_volume(source, target).data, target.data, atol=1e-3)
    assert moved.header is target.header


def reoriented(source: Volume, codes: str) -> Volume:
    import nibabel as nib
    from nibabel.orientations import axcodes2ornt, io_orientation, ornt_transform

    change = ornt_transform(io_orientation(source.grid.affine), axcodes2ornt(codes))
    image = nib.Nifti1Image(source.data, source.grid.affine).as_reoriented(change)
    return volume(np.asarray(image.dataobj), image.affine)


def test_halfway_between_two_voxels_lies_their_mean_and_outside_the_lowest_value() -> None:
    data = np.zeros((2, 1, 1), np.float32)
    data[:, 0, 0] = (10, 30)
    target_affine = np.eye(4)
    target_affine[0, 3] = 0.5
    moved = resample_volume(
        volume(data, np.eye(4)), volume(np.zeros((3, 1, 1), np.uint8), target_affine)
    )
    assert moved.data[:, 0, 0].tolist() == [20, 10, 10]
