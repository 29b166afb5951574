"""Lesions found, deleted, relabelled and kept, on a row of voxels."""

from __future__ import annotations

import numpy as np
import pytest

from napari_brats.core.edits.edit import Edit
from napari_brats.core.edits.lesions import kept_alone, lesion_at, relabelled
from napari_brats.core.labels import LabelMap


def row(*values: int) -> LabelMap:
    return np.array(values, np.uint8).reshape(1, 1, -1)


def written(labels: LabelMap, edit: Edit) -> list[int]:
    after = labels.copy()
    after[edit.box] = edit.labels
    return after.ravel().tolist()


LABELS = row(0, 2, 1, 0, 2, 2, 0, 3)


def test_a_lesion_of_a_label_is_that_label_alone() -> None:
    lesion = lesion_at(LABELS, (0, 0, 1), [2])
    assert lesion is not None
    assert lesion.voxels == 1
    assert lesion.box == (slice(0, 1), slice(0, 1), slice(1, 2))


def test_a_lesion_of_a_region_goes_across_its_labels() -> None:
    lesion = lesion_at(LABELS, (0, 0, 1), [1, 2])
    assert lesion is not None
    assert lesion.voxels == 2


def test_voxels_that_touch_at_a_corner_are_one_lesion() -> None:
    labels = np.zeros((3, 3, 3), np.uint8)
    labels[0, 0, 0] = labels[1, 1, 1] = labels[2, 2, 2] = 1
    lesion = lesion_at(labels, (1, 1, 1), [1])
    assert lesion is not None
    assert lesion.voxels == 3


@pytest.mark.parametrize("voxel", [(0, 0, 0), (0, 0, 7), (0, 0, 8), (0, 0, -1)])
def test_no_lesion_where_the_labels_are_not(voxel: tuple[int, int, int]) -> None:
    assert lesion_at(LABELS, voxel, [1, 2]) is None


def test_delete_relabel_and_keep_change_what_they_say() -> None:
    lesion = lesion_at(LABELS, (0, 0, 4), [1, 2])
    assert lesion is not None
    assert written(LABELS, relabelled(LABELS, lesion, 0)) == [0, 2, 1, 0, 0, 0, 0, 3]
    assert written(LABELS, relabelled(LABELS, lesion, 3)) == [0, 2, 1, 0, 3, 3, 0, 3]
    kept = kept_alone(LABELS, lesion)
    assert kept is not None
    assert written(LABELS, kept) == [0, 0, 0, 0, 2, 2, 0, 3]


def test_the_only_lesion_is_alone_already() -> None:
    lesion = lesion_at(LABELS, (0, 0, 7), [3])
    assert lesion is not None
    assert kept_alone(LABELS, lesion) is None


def test_other_labels_inside_the_box_of_a_lesion_stay() -> None:
    labels = np.array([[2, 2, 2], [2, 1, 2], [2, 2, 2]], np.uint8)[np.newaxis]
    lesion = lesion_at(labels, (0, 0, 0), [2])
    assert lesion is not None
    assert relabelled(labels, lesion, 0).labels.tolist() == [[[0, 0, 0], [0, 1, 0], [0, 0, 0]]]
