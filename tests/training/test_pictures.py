"""Outlines are drawn on the voxels of their border, the patient's right on the left."""

import numpy as np

from napari_brats.training.dataset import TrainingCase
from napari_brats.training.pictures import (
    BOTH_COLOUR,
    PREDICTION_COLOUR,
    REFERENCE_COLOUR,
    overlay,
)


def _case(labels, level=0.5):
    image = np.full((4, *labels.shape), level, np.float16)
    return TrainingCase("A", image, labels, ())


def _where(panel, colour):
    return np.argwhere((panel == colour).all(axis=2)).tolist()


def test_the_outline_of_a_square_leaves_its_middle_free():
    """Canonical axes run to the left, to the back, up: row = back, column = left."""
    labels = np.zeros((6, 5, 3), np.uint8)
    labels[1:4, 1:4, 2] = 2
    regions = np.zeros((3, 6, 5, 3), bool)
    regions[0, 1:4, 1:4, 2] = True
    regions[0, 4, 2, 2] = True  # one voxel more, to the patient's left
    picture = overlay(_case(labels), regions)
    assert picture.shape == (5, 3 * 6, 3)
    panel = picture[:, :6]
    assert _where(panel, PREDICTION_COLOUR) == [[2, 4]]
    assert _where(panel, REFERENCE_COLOUR) == [[2, 3]]  # inside the prediction, at the border of it
    assert len(_where(panel, BOTH_COLOUR)) == 7
    assert panel[2, 2].tolist() == [127, 127, 127]
    assert _where(picture[:, 6:], BOTH_COLOUR) == []  # oedema is WT alone


def test_outside_the_brain_it_is_black():
    case = _case(np.zeros((2, 2, 1), np.uint8), level=0)
    assert (overlay(case, np.zeros((3, 2, 2, 1), bool)) == 0).all()


def test_without_tumour_the_middle_slice_is_shown():
    image = np.zeros((1, 2, 2, 3), np.float16)
    image[..., 1] = 3
    case = TrainingCase("A", image, np.zeros((2, 2, 3), np.uint8), ())
    picture = overlay(case, np.zeros((3, 2, 2, 3), bool))
    assert (picture == 255).all()


def test_outlines_count_the_frame_as_outside():
    labels = np.full((2, 2, 1), 3, np.uint8)
    picture = overlay(_case(labels), np.zeros((3, 2, 2, 1), bool))
    assert (picture == REFERENCE_COLOUR).all()
