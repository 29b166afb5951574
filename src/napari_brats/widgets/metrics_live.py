"""The work behind the section "Metrics": one pair of label maps, scored after every edit. No Qt."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_brats.core.boxes import bounding_box
from napari_brats.core.case import Volume
from napari_brats.core.errors import GeometryError
from napari_brats.core.labels import LabelMap, Region, region_mask
from napari_brats.core.progress import Job, Progress
from napari_brats.metrics.live import PairScorer
from napari_brats.metrics.score import ScoreOptions
from napari_brats.widgets.metrics_values import PairScore

MISSED, ADDED = 1, 2
"""Values of an error map: in the reference only, in the prediction only."""


class LivePair:
    """Two label maps that are compared again and again; remembers what an edit leaves unchanged.

    One job at a time: the next one starts when the one before has ended.

    Parameters
    ----------
    case_id
        The case they belong to.
    images
        Its images, for the accuracy inside the brain; those on another grid are left out.
    options
        How to score.
    """

    def __init__(self, case_id: str, images: Sequence[Volume], options: ScoreOptions) -> None:
        self._case_id, self._images, self._options = case_id, images, options
        self._scorer: PairScorer | None = None

    def score(
        self, reference: Volume, prediction: Volume, errors_of: Region | None = None
    ) -> Job[PairScore]:
        """The scores of two label maps, and where they differ in one region."""
        from napari_brats.inference.preprocess import brain_on

        yield Progress(0, 1, "Scoring")
        grid = reference.grid
        if self._scorer is None:
            brain = brain_on(grid, self._images)
            self._scorer = PairScorer(grid.spacing_mm, self._options, brain)
        regions = self._scorer.score(reference.data, prediction.data)
        errors = None
        if errors_of is not None:
            errors = error_map(reference.data, prediction.data, errors_of)
        return PairScore(self._case_id, grid, self._options, regions, errors)


def require_one_grid(reference: Volume, prediction: Volume) -> None:
    """GeometryError that describes both grids if two label maps do not lie on one."""
    difference = reference.grid.difference(prediction.grid)
    if difference:
        raise GeometryError(
            f"The two label maps do not lie on one grid: {difference}.\n"
            f"  reference: {reference.grid.describe()}\n"
            f"  prediction: {prediction.grid.describe()}\n"
            f"Expected one grid. Choose another one, or resample one of the files."
        )


def error_map(reference: LabelMap, prediction: LabelMap, region: Region) -> LabelMap:
    """Where two label maps differ in a region: `MISSED`, `ADDED`, 0 where they agree."""
    errors = np.zeros_like(reference)
    box = bounding_box((reference | prediction) != 0)
    if box is not None:
        theirs, ours = (region_mask(side[box], region) for side in (reference, prediction))
        errors[box][theirs & ~ours] = MISSED
        errors[box][ours & ~theirs] = ADDED
    return errors
