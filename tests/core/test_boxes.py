"""Boxes around masks."""

import numpy as np

from napari_brats.core.boxes import bounding_box, grow_box


def test_two_corners_span_the_box():
    mask = np.zeros((6, 7, 8), bool)
    mask[1, 5, 3] = mask[4, 2, 3] = True
    assert bounding_box(mask) == (slice(1, 5), slice(2, 6), slice(3, 4))


def test_a_full_mask_is_its_own_box():
    assert bounding_box(np.ones((2, 3, 4), bool)) == (slice(0, 2), slice(0, 3), slice(0, 4))


def test_nothing_has_no_box():
    assert bounding_box(np.zeros((2, 3, 4), bool)) is None


def test_a_box_grows_up_to_the_edge_of_the_array():
    box = (slice(0, 2), slice(3, 4), slice(5, 9))
    assert grow_box(box, 2, (10, 10, 10)) == (slice(0, 4), slice(1, 6), slice(3, 10))
