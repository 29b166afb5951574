"""The parts of a disagreement, and the edits that settle them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_brats.core.edits.differences import Difference, compare, kinds_of
from napari_brats.core.labels import Region

A = np.array([[0, 1, 1, 0, 0, 2, 2, 0]], np.uint8)[None]
B = np.array([[0, 1, 2, 2, 0, 0, 2, 0]], np.uint8)[None]
SPACING_MM = (3.0, 1.0, 1.0)


def found(a=A, b=B, region=None):
    return compare(a, b, kinds_of(a, b, region), SPACING_MM)


def test_every_voxel_has_its_kind():
    assert kinds_of(A, B)[0, 0].tolist() == [0, 4, 3, 2, 0, 1, 4, 0]


def test_of_a_region_only_being_in_it_counts():
    # TC holds NCR (1) but not ED (2): voxel 2 is core in A only.
    assert kinds_of(A, B, Region.TC)[0, 0].tolist() == [0, 4, 1, 0, 0, 0, 0, 0]
    assert kinds_of(A, B, Region.WT)[0, 0].tolist() == [0, 4, 4, 2, 0, 1, 4, 0]


def test_parts_are_of_one_kind_and_say_where_they_are():
    comparison = found()
    assert {(p.kind, p.voxels, p.volume_mm3, p.labels, p.centre) for p in comparison.items} == {
        (Difference.OTHER_LABEL, 1, 3.0, (1, 2), (0.0, 0.0, 2.0)),
        (Difference.ONLY_B, 1, 3.0, (0, 2), (0.0, 0.0, 3.0)),
        (Difference.ONLY_A, 1, 3.0, (2, 0), (0.0, 0.0, 5.0)),
    }


def test_large_ones_come_first_and_touching_corners_are_one():
    a, b = np.zeros((2, 3, 3, 4), np.uint8)
    a[0, 0, 0] = 1
    b[2, 2, 3] = b[1, 1, 2] = b[0, 0, 3] = 2
    assert [(p.kind, p.voxels) for p in found(a, b).items] == [
        (Difference.ONLY_B, 3),
        (Difference.ONLY_A, 1),
    ]


def test_the_place_of_a_part_lies_in_it_even_if_it_is_bent():
    a, b = np.zeros((2, 1, 3, 3), np.uint8)
    a[0, :, 0] = a[0, 2, :] = a[0, 0, :] = 1  # a C, whose centre lies outside of it
    comparison = found(a, b)
    (part,) = comparison.items
    assert a[comparison.voxel_in(part)] == 1


def test_taking_a_side_settles_those_parts_and_no_others():
    comparison = found()
    of = {part.kind: part for part in comparison.items}
    edit = comparison.take(A, [of[Difference.ONLY_B], of[Difference.ONLY_A]], Difference.ONLY_B)
    result = A.copy()
    result[edit.box] = edit.labels
    assert result[0, 0].tolist() == [0, 1, 1, 2, 0, 0, 2, 0]  # voxel 2 is still A's


def test_without_parts_there_is_nothing_to_take():
    assert found().take(A, [], Difference.ONLY_A) is None


@pytest.mark.parametrize("label", [0, 3])
def test_equal_label_maps_have_no_parts(label):
    same = np.full((2, 2, 2), label, np.uint8)
    comparison = found(same, same.copy())
    assert comparison.items == ()
    assert comparison.parts.size == 0


@settings(max_examples=30, deadline=None)
@given(arrays(np.uint8, (2, 4, 3, 5), elements=st.integers(0, 3)))
def test_taking_all_of_one_side_gives_that_side(both):
    a, b = both
    comparison = found(a, b)
    assert sum(part.voxels for part in comparison.items) == int((a != b).sum())
    result = a.copy()
    edit = comparison.take(result, comparison.items, Difference.ONLY_B)
    if edit is not None:
        result[edit.box] = edit.labels
    assert np.array_equal(result, b)
