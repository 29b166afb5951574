"""Lesions and largest cross-sections of label maps small enough to count."""

from __future__ import annotations

import numpy as np
import pytest

from napari_brats.core.labels import Label, LabelMap, Region
from napari_brats.metrics.sights import LesionSight, largest_cross_section, list_lesions


@pytest.fixture
def labels() -> LabelMap:
    """An ED bar of 5 voxels along z with a plus of ET across it at z = 6, and one far ED voxel."""
    labels = np.zeros((6, 7, 9), np.uint8)
    labels[3, 2, 4:9] = Label.ED
    for x, y in ((3, 2), (2, 2), (4, 2), (3, 1), (3, 3)):
        labels[x, y, 6] = Label.ET
    labels[0, 6, 0] = Label.ED
    return labels


def test_lesions_the_largest_first(labels: LabelMap) -> None:
    plus = (3, 2, 6)
    assert list_lesions(labels, 2.0, axis=2) == (
        LesionSight(Region.WT, 0.018, plus),
        LesionSight(Region.TC, 0.010, plus),
        LesionSight(Region.ET, 0.010, plus),
        LesionSight(Region.WT, 0.002, (0, 6, 0)),
    )


def test_only_the_regions_asked_for_and_the_largest_of_each(labels: LabelMap) -> None:
    found = list_lesions(labels, 1.0, axis=2, regions=(Region.WT,), most=1)
    assert [(lesion.region, lesion.volume_ml) for lesion in found] == [(Region.WT, 0.009)]


@pytest.mark.parametrize(
    ("region", "axis", "voxel"),
    [
        (Region.WT, 2, (3, 2, 6)),  # the plus: 5 voxels
        (Region.WT, 0, (3, 2, 6)),  # x = 3: the bar and two arms, 7 voxels
        (Region.WT, 1, (3, 2, 6)),
        (Region.ET, 0, (3, 2, 6)),
    ],
)
def test_largest_cross_section(labels: LabelMap, region: Region, axis: int, voxel: object) -> None:
    assert largest_cross_section(labels, region, axis) == voxel


def test_the_voxel_is_one_of_the_region_even_where_its_middle_is_hollow() -> None:
    labels = np.zeros((5, 5, 3), np.uint8)
    labels[1:4, 1:4, 1] = Label.ED
    labels[2, 2, 1] = 0
    voxel = largest_cross_section(labels, Region.WT, 2)
    assert voxel is not None
    assert labels[voxel] == Label.ED


def test_the_largest_slice_follows_the_plane() -> None:
    labels = np.zeros((4, 4, 4), np.uint8)
    labels[0, :, 0] = Label.ED  # a row in the plane x = 0
    labels[3, 0, :3] = Label.ED  # three voxels along z in the plane x = 3
    assert largest_cross_section(labels, Region.WT, 0) == (0, 1, 0)
    found = largest_cross_section(labels, Region.WT, 1)
    assert found is not None
    assert found[1] == 0  # y = 0 cuts both


def test_an_empty_label_map_has_nothing_to_look_at() -> None:
    labels = np.zeros((2, 3, 4), np.uint8)
    assert list_lesions(labels, 1.0, axis=2) == ()
    assert largest_cross_section(labels, Region.ET, 2) is None
    labels[0, 0, 0] = Label.RC  # a cavity is no part of the tumour
    assert list_lesions(labels, 1.0, axis=2) == ()
    assert largest_cross_section(labels, Region.WT, 2) is None
