"""Change maps, voxel by voxel, and label maps carried to another grid."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest

from napari_brats.core.case import Volume
from napari_brats.core.errors import GeometryError
from napari_brats.core.geometry import Grid
from napari_brats.core.labels import Label, Region
from napari_brats.followup.change import (
    Change,
    carry_labels,
    change_map,
    change_volumes_ml,
    field_of_view,
)


def volume(data: np.ndarray, affine: np.ndarray | None = None) -> Volume:
    place = np.eye(4) if affine is None else affine
    return Volume(data, Grid(data.shape, place), nib.Nifti1Image(data, place).header)


def test_every_pair_of_labels():
    before = np.array([[[0, 0, 3, 3, 1, 4]]], np.uint8)
    after = np.array([[[0, 3, 3, 0, 3, 3]]], np.uint8)
    changes = change_map(before, after, Region.ET)
    assert changes.tolist() == [[[0, 2, 1, 3, 2, 2]]]
    assert change_map(before, after, Region.TC).tolist() == [[[0, 2, 1, 3, 1, 2]]]


def test_the_codes_are_frozen():
    assert [int(change) for change in Change] == [0, 1, 2, 3, 4]


def test_what_was_not_seen_is_not_resolved():
    before = np.array([[[3, 3, 3]]], np.uint8)
    after = np.array([[[3, 0, 0]]], np.uint8)
    seen = np.array([[[True, True, False]]])
    assert change_map(before, after, Region.ET, seen).tolist() == [[[1, 3, 4]]]


def test_volumes_in_ml():
    changes = np.array([[[1, 2, 2, 3, 0, 4]]], np.uint8)
    volumes = change_volumes_ml(changes, voxel_mm3=500.0)
    assert volumes == {
        Change.STABLE: 0.5,
        Change.NEW: 1.0,
        Change.RESOLVED: 0.5,
        Change.UNSEEN: 0.5,
    }


def test_two_grids_are_refused():
    with pytest.raises(GeometryError, match=r"\(1, 1, 2\) and \(1, 1, 3\)"):
        change_map(np.zeros((1, 1, 2), np.uint8), np.zeros((1, 1, 3), np.uint8), Region.WT)


def test_labels_are_carried_exactly_by_whole_voxels():
    labels = np.zeros((6, 6, 6), np.uint8)
    labels[1:3, 2:4, 2:4] = Label.ED
    labels[2, 2, 2] = Label.ET
    shifted = np.eye(4)
    shifted[:3, 3] = (1, 0, 2)  # the voxel (0, 0, 0) lies where (1, 0, 2) was
    carried = carry_labels(volume(labels), volume(np.zeros((6, 6, 6), np.uint8), shifted))
    assert np.array_equal(carried.data[:5, :, :4], labels[1:, :, 2:])
    assert not carried.data[5].any()


def test_the_likeliest_label_wins():
    labels = np.zeros((4, 1, 1), np.uint8)
    labels[:, 0, 0] = (0, Label.ED, Label.ED, Label.ET)
    third = np.eye(4)
    third[0, 3] = 0.25  # a quarter of a voxel on
    thick = np.repeat(np.repeat(labels, 3, axis=1), 3, axis=2)
    carried = carry_labels(volume(thick), volume(np.zeros((3, 3, 3), np.uint8), third))
    assert carried.data[:, 1, 1].tolist() == [0, Label.ED, Label.ED]


def test_field_of_view():
    wide, narrow = np.zeros((5, 3, 3), np.uint8), np.zeros((3, 3, 3), np.uint8)
    seen = field_of_view(volume(narrow), volume(wide))
    assert seen[:, 1, 1].tolist() == [True, True, True, False, False]
