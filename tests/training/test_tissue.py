"""Tissues and lesions of a made-up brain whose tissues are known."""

import numpy as np
import pytest

from napari_brats.training.tissue import COARSE, find_lesions


def test_white_matter_and_fluid_are_found_by_their_contrast(make_brain):
    case = make_brain()
    assert case.tissues.white == pytest.approx([1.0, 0.8, -0.8, -0.4], abs=0.1)
    middle = tuple(n // 2 // COARSE for n in case.shape)
    assert case.tissues.fluid[middle]
    assert not case.tissues.fluid[middle[0], middle[1] + 4, middle[2]]
    assert case.tissues.tumour[13 // COARSE, 30 // COARSE, 26 // COARSE]
    assert case.tissues.present.all()


def test_the_scale_follows_the_intensities(make_brain):
    plain, scaled = make_brain().tissues, make_brain(gain=2.0, shift=1.0).tissues
    assert scaled.white == pytest.approx(2 * plain.white + 1, abs=0.02)
    assert scaled.spread == pytest.approx(2 * plain.spread, rel=0.02)


def test_lesions_are_the_connected_whole_tumours_that_are_large_enough():
    labels = np.zeros((30, 30, 30), np.uint8)
    labels[2:10, 3:11, 4:12] = 2
    labels[4:6, 5:7, 6:8] = 3
    labels[20:28, 20:28, 20:28] = 1
    labels[15, 15, 15] = 1  # too small
    labels[2:10, 3:11, 20:28] = 4  # a cavity is no tumour
    first, second = find_lesions(labels)
    assert first.box == (slice(2, 10), slice(3, 11), slice(4, 12))
    assert (first.voxels, second.voxels) == (512, 512)
    assert labels[second.seed] == 1
    assert find_lesions(np.zeros((4, 4, 4), np.uint8)) == ()
