"""The search: every threshold with every limit of size, region after region, innermost first.

Thresholds and limits of a region are scored together, on its parts (`parts`): what ET is depends on
its own threshold alone, TC on those of ET and TC, WT on all three. That an inner region also loses
what an outer one drops is left out of the search, and is in every score that is reported.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from napari_brats.core.labels import REGIONS, Mask, Region, region_mask
from napari_brats.inference.masks import fill_holes
from napari_brats.inference.postprocess import above, core_near_et, postprocess, smooth
from napari_brats.inference.postprocess_options import PostprocessOptions
from napari_brats.metrics.lesionwise import DEFAULT_CHALLENGE, Challenge
from napari_brats.tuning.cases import TuningCase
from napari_brats.tuning.parts import Parts, Reference, find_parts, prepare_reference, score_parts

THRESHOLDS = tuple(
    sorted((round(0.2 + 0.05 * i, 2) for i in range(13)), key=lambda t: (abs(t - 0.5), t))
)
"""What is tried, the usual one first: of equals the first one wins."""
SIZES_MM3 = (0.0, 10.0, 25.0, 50.0, 100.0, 150.0, 200.0, 300.0, 500.0, 750.0, 1000.0)
"""No larger ones: they would take all of a small tumour, which a few large ones do not tell."""
TOTALS_MM3 = (0.0, 50.0, 100.0, 200.0, 350.0, 500.0, 750.0, 1000.0)
SHAPES = tuple(
    PostprocessOptions(fill_holes=fill, smooth_mm=smooth, tc_reach_mm=reach)
    for smooth in (0.0, 1.0)
    for fill in (False, True)
    for reach in (0.0, 10.0)
)
"""What is done to all regions alike."""

_STEPS = len(SHAPES) * len(REGIONS) * len(THRESHOLDS)
_DECIMALS = 9
"""Scores that agree so far are equal."""

Scores = npt.NDArray[np.float64]


class Objective(StrEnum):
    """What is made as large as possible: the mean over cases and regions of this."""

    MEAN = "mean"
    DICE = "dice"
    LESIONWISE = "lesionwise"

    @property
    def words(self) -> str:
        """In words."""
        return {
            Objective.MEAN: "mean of whole-volume Dice and lesion-wise Dice",
            Objective.DICE: "whole-volume Dice",
            Objective.LESIONWISE: "lesion-wise Dice",
        }[self]

    def of(self, scores: Scores) -> Scores:
        """The objective of an array (..., 2) of whole-volume and lesion-wise Dice."""
        weights = {"mean": (0.5, 0.5), "dice": (1.0, 0.0), "lesionwise": (0.0, 1.0)}[self]
        return scores @ np.array(weights)


@dataclass(frozen=True)
class _Choice:
    """A candidate for one region."""

    threshold: float
    min_mm3: float
    total_mm3: float


class Search:
    """Tries options on cases, and remembers what was tried.

    Parameters
    ----------
    cases
        What is tuned on.
    objective
        What is made as large as possible.
    challenge
        The rules of the lesion-wise scores.
    """

    def __init__(
        self,
        cases: Sequence[TuningCase],
        objective: Objective = Objective.MEAN,
        challenge: Challenge = DEFAULT_CHALLENGE,
    ) -> None:
        self.cases = cases
        self.objective = objective
        self._references: list[dict[Region, Reference]] = [
            {r: prepare_reference(case.reference[r], case.spacing_mm, challenge) for r in REGIONS}
            for case in cases
        ]
        self._tables: dict[tuple[int, PostprocessOptions, tuple[float, ...]], Scores] = {}
        self._smoothed: dict[tuple[int, float], npt.NDArray[np.float16]] = {}
        self._whole: dict[tuple[int, PostprocessOptions], Scores] = {}

    def best(self, members: Sequence[int]) -> Generator[float, None, PostprocessOptions]:
        """The options that score best on these cases (by index); the first one of equals.

        Yields the share that is done.
        """
        values, found, steps = [], [], itertools.count(1)
        for shape in SHAPES:
            value, options = yield from self._best_of_shape(shape, members, steps)
            values.append(round(value, _DECIMALS))
            found.append(options)
        return found[values.index(max(values))]

    def score(self, index: int, options: PostprocessOptions) -> Scores:
        """(3, 2): whole-volume and lesion-wise Dice of WT, TC and ET, by the whole pipeline."""
        key = (index, options)
        if key not in self._whole:
            case, references = self.cases[index], self._references[index]
            labels = postprocess(case.probabilities, case.spacing_mm, options)
            self._whole[key] = np.array(
                [
                    score_parts(find_parts(region_mask(labels, r), references[r]), references[r])
                    for r in REGIONS
                ]
            )
        return self._whole[key]

    def _best_of_shape(
        self, shape: PostprocessOptions, members: Sequence[int], steps: Iterator[int]
    ) -> Generator[float, None, tuple[float, PostprocessOptions]]:
        total, options = 0.0, shape
        inner: tuple[float, ...] = ()
        for region in reversed(REGIONS):
            means = []
            for threshold in THRESHOLDS:
                tables = [self._table(i, shape, (threshold, *inner)) for i in members]
                means.append(np.mean(tables, axis=0))
                yield next(steps) / _STEPS
            value, choice = self._best_of_region(np.array(means))
            total += value
            inner = (choice.threshold, *inner)
            options = _with(options, region, choice)
        return total / len(REGIONS), options

    def _best_of_region(self, means: Scores) -> tuple[float, _Choice]:
        """The best candidate of (thresholds, sizes, totals, 2) scores, and its objective."""
        objective = np.round(self.objective.of(means), _DECIMALS)
        t, size, total = np.unravel_index(int(objective.argmax()), objective.shape)
        choice = _Choice(THRESHOLDS[t], SIZES_MM3[size], TOTALS_MM3[total])
        return float(objective[t, size, total]), choice

    def _table(
        self, index: int, shape: PostprocessOptions, thresholds: tuple[float, ...]
    ) -> Scores:
        """(sizes, totals, 2) scores of the region whose threshold is the first one."""
        key = (index, shape, thresholds)
        if key not in self._tables:
            region = REGIONS[-len(thresholds)]
            reference = self._references[index][region]
            parts = find_parts(self._mask(index, shape, thresholds), reference)
            voxel_mm3 = math.prod(self.cases[index].spacing_mm)
            self._tables[key] = _score_limits(parts, reference, voxel_mm3, region is Region.ET)
        return self._tables[key]

    def _mask(self, index: int, shape: PostprocessOptions, thresholds: tuple[float, ...]) -> Mask:
        """The region whose threshold is the first one, with the inner ones joined to it."""
        probabilities = self._probabilities(index, shape.smooth_mm)[-len(thresholds) :]
        mask, *inner = (above(p, t) for p, t in zip(probabilities, thresholds, strict=True))
        for other in inner:
            mask = mask | other
        if shape.tc_reach_mm and len(inner) == 1:
            mask = core_near_et(mask, inner[0], shape.tc_reach_mm, self.cases[index].spacing_mm)
        return fill_holes(mask) if shape.fill_holes and len(thresholds) > 1 else mask

    def _probabilities(self, index: int, smooth_mm: float) -> npt.NDArray[np.float16]:
        """Those of a case, smoothed; kept for the search's sake, which asks often."""
        case, key = self.cases[index], (index, smooth_mm)
        if key not in self._smoothed:
            self._smoothed[key] = (
                np.stack([smooth(p, smooth_mm, case.spacing_mm) for p in case.probabilities])
                .clip(0, 1)
                .astype(np.float16)
                if smooth_mm
                else case.probabilities
            )
        return self._smoothed[key]


def _score_limits(
    parts: Parts, reference: Reference, voxel_mm3: float, with_totals: bool
) -> Scores:
    """(sizes, totals, 2) scores; all totals are alike where the region has no such limit."""
    empty = score_parts(parts, reference, np.zeros(len(parts.voxels), np.bool_))
    scores = np.empty((len(SIZES_MM3), len(TOTALS_MM3), 2))
    for row, size_mm3 in enumerate(SIZES_MM3):
        kept = parts.voxels * voxel_mm3 >= size_mm3 * (1 - 1e-6)
        scores[row] = score_parts(parts, reference, kept)
        if with_totals:
            total_mm3 = float(parts.voxels[kept].sum()) * voxel_mm3
            too_little = np.array(TOTALS_MM3) * (1 - 1e-6) > total_mm3
            scores[row, too_little] = empty
    return scores


def _with(options: PostprocessOptions, region: Region, choice: _Choice) -> PostprocessOptions:
    name = region.lower()
    changes: dict[str, float] = {
        f"threshold_{name}": choice.threshold,
        f"min_component_{name}_mm3": choice.min_mm3,
    }
    if region is Region.ET:
        changes["et_to_ncr_mm3"] = choice.total_mm3
    return replace(options, **changes)  # type: ignore[arg-type]
