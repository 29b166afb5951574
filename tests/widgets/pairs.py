"""Pairs of small label maps, and their scores, for the tests of the section "Metrics"."""

from __future__ import annotations

import numpy as np

from napari_brats.core.case import Volume
from napari_brats.core.geometry import Grid
from napari_brats.core.labels import Label, LabelMap
from napari_brats.metrics.empty import EmptyPolicy
from napari_brats.metrics.score import ScoreOptions, score_regions
from napari_brats.widgets.metrics_values import PairScore

GRID = Grid((12, 10, 8), np.diag([-2.0, -2.0, 2.0, 1.0]))  # a voxel has 8 mm3


def blocks() -> tuple[LabelMap, LabelMap]:
    """ED of 4x4x4 voxels that misses a slice; a lesion of 2x2x2 that is false; no ET."""
    reference = np.zeros(GRID.shape, np.uint8)
    reference[0:4, 0:4, 0:4] = Label.ED
    prediction = reference.copy()
    prediction[0] = 0
    prediction[9:11, 7:9, 5:7] = Label.ED
    return reference, prediction


def volume(labels: LabelMap, grid: Grid = GRID) -> Volume:
    return Volume(labels, grid, None)


def score_of_blocks(policy: EmptyPolicy = EmptyPolicy.CHALLENGE) -> PairScore:
    options = ScoreOptions(policy=policy)
    return PairScore("case", GRID, options, score_regions(*blocks(), GRID.spacing_mm, options))
