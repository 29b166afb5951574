"""Whether a mask was edited by hand: what was made automatically never counts as an edit."""

from __future__ import annotations

import numpy as np
import pytest

from napari_brats.core.case import Segmentation, Volume
from napari_brats.core.geometry import Grid
from napari_brats.core.labels import CONVENTIONS
from napari_brats.inference.postprocess_options import PostprocessOptions
from napari_brats.widgets._results import AutomaticResult


@pytest.fixture
def result():
    labels = np.zeros((2, 2, 2), np.uint8)
    labels[0, 0, 0] = 3
    reference = Volume(labels, Grid((2, 2, 2), np.eye(4)), None)
    segmentation = Segmentation("case", labels, reference, CONVENTIONS["brats2023"])
    return AutomaticResult(segmentation, PostprocessOptions(), layer=None)


def test_a_painted_voxel_is_an_edit_even_in_the_very_array_of_the_run(result):
    painted = result.segmentation.labels
    assert not result.is_edited(painted)
    painted[1, 1, 1] = 2
    assert result.is_edited(painted)
    painted[1, 1, 1] = 0
    assert not result.is_edited(painted)


def test_undoing_a_slider_step_is_no_edit(result):
    first = result.segmentation.labels.copy()
    second = np.zeros_like(first)
    result.note(second, PostprocessOptions(threshold_et=0.9))
    assert not result.is_edited(first)
    assert not result.is_edited(second)
    assert result.options.threshold_et == 0.9


def test_the_order_in_memory_does_not_matter(result):
    assert not result.is_edited(np.asfortranarray(result.segmentation.labels))
