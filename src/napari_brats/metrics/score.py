"""All metrics of a pair of label maps, region by region, as frozen rows.

The fields of a row are the JSON keys and, with units, the column names.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from napari_brats.core.boxes import Box, bounding_box, grow_box
from napari_brats.core.errors import BratsError
from napari_brats.core.geometry import Spacing
from napari_brats.core.labels import REGION_LABELS, Label, LabelMap, Mask, Region, union_mask
from napari_brats.core.lookup import value_counts
from napari_brats.metrics import overlap, surface
from napari_brats.metrics.empty import EmptyPolicy, Presence, decided_by_policy
from napari_brats.metrics.lesionwise import DEFAULT_CHALLENGE, Challenge, Lesion, lesionwise
from napari_brats.metrics.matching import LesionMemory
from napari_brats.metrics.nearest import NearestPoints
from napari_brats.metrics.overlap import Confusion

Scored = TypeVar("Scored", Region, Label)
"""What a row stands for."""

_THREADS = min(4, os.cpu_count() or 1)
"""The k-d trees, the components and most array operations let other threads run."""


@dataclass(frozen=True)
class ScoreOptions:
    """How a pair is scored.

    Attributes
    ----------
    policy
        What an empty region scores.
    challenge
        The parameters of the lesion-wise scores.
    tolerances_mm
        Those of the surface Dice (NSD); none leaves it out.

    Raises
    ------
    BratsError
        If a tolerance is negative.
    """

    policy: EmptyPolicy = EmptyPolicy.CHALLENGE
    challenge: Challenge = DEFAULT_CHALLENGE
    tolerances_mm: tuple[float, ...] = (1.0, 2.0)

    def __post_init__(self) -> None:
        for tolerance in self.tolerances_mm:
            if not 0 <= tolerance < math.inf:
                raise BratsError(
                    f"The surface Dice tolerance is {tolerance} mm; expected 0 mm or more."
                )


@dataclass(frozen=True)
class RegionScore:
    """The metrics of one region of one case; NaN where one is not defined.

    ``accuracy`` is over the whole volume and dominated by background; ``accuracy_brain`` is over
    the brain, NaN without an image. ``hd95_mm`` is the challenge's, weighted by surface area;
    ``hd95_voxel_mm`` that of MONAI between border voxels. ``nsd`` is the surface Dice by tolerance
    in mm. Lesion counts leave out lesions too small for the challenge; ``lesions`` are all of the
    reference, ``false_lesions`` the predicted components that belong to none.
    """

    dice: float
    iou: float
    accuracy: float
    accuracy_brain: float
    sensitivity: float
    specificity: float
    precision: float
    volume_similarity: float
    reference_ml: float
    prediction_ml: float
    hd_mm: float
    hd95_mm: float
    hd95_voxel_mm: float
    assd_mm: float
    lesionwise_dice: float
    lesionwise_hd95_mm: float
    lesions_found: int
    lesions_missed: int
    lesions_false: int
    nsd: Mapping[float, float] = field(default_factory=dict)
    lesions: tuple[Lesion, ...] = ()
    false_lesions: tuple[Lesion, ...] = ()

    @property
    def presence(self) -> Presence:
        """On which sides the region is."""
        return Presence.of(reference=self.reference_ml > 0, prediction=self.prediction_ml > 0)

    @property
    def by_policy(self) -> frozenset[str]:
        """The metrics that have their value from the policy for empty regions, not a formula."""
        lesions = self.lesions_found + self.lesions_missed + self.lesions_false
        return decided_by_policy(self.presence, lesions)


class RegionMemory:
    """What is remembered of a region from one scoring to the next.

    Parameters
    ----------
    spacing_mm
        Of the axes, in their order.
    """

    def __init__(self, spacing_mm: Spacing) -> None:
        self.surfaces = NearestPoints(spacing_mm)
        self.borders = NearestPoints(spacing_mm)
        self.lesions = LesionMemory(spacing_mm)


def score_regions(
    reference: LabelMap,
    prediction: LabelMap,
    spacing_mm: Spacing,
    options: ScoreOptions | None = None,
    brain: Mask | None = None,
) -> dict[Region, RegionScore]:
    """The metrics of every region of two (X, Y, Z) label maps in internal labels.

    For a pair that is scored again after every edit, `napari_brats.metrics.live.PairScorer`.

    Parameters
    ----------
    reference, prediction
        uint8, on one grid.
    spacing_mm
        Of the axes, in their order.
    options
        How to score; by default as BraTS GLI does.
    brain
        Where the brain is, for ``accuracy_brain``.

    Raises
    ------
    GeometryError
        If the shapes differ.
    """
    return score_unions(reference, prediction, spacing_mm, REGION_LABELS, options, brain)


def score_labels(
    reference: LabelMap,
    prediction: LabelMap,
    spacing_mm: Spacing,
    options: ScoreOptions | None = None,
    brain: Mask | None = None,
) -> dict[Label, RegionScore]:
    """As `score_regions` for each single label: NCR, ED, ET, and others that occur on a side."""
    present = value_counts(reference) + value_counts(prediction)
    always = (Label.NCR, Label.ED, Label.ET)
    unions = {la: (la,) for la in Label if la and (la in always or present[la])}
    return score_unions(reference, prediction, spacing_mm, unions, options, brain)


def score_unions(
    reference: LabelMap,
    prediction: LabelMap,
    spacing_mm: Spacing,
    unions: Mapping[Scored, Sequence[Label]],
    options: ScoreOptions | None = None,
    brain: Mask | None = None,
    memories: Mapping[Scored, RegionMemory] | None = None,
) -> dict[Scored, RegionScore]:
    """As `score_regions` for any unions of labels; ``memories`` make a second call cheap."""
    options = options or ScoreOptions()
    overlap.require_one_shape(reference, prediction)
    box = bounding_box((reference | prediction) != 0)
    counts = overlap.joint_counts_in(reference, prediction, box)
    pair = _Pair((reference, prediction), box, spacing_mm, options, brain)
    with ThreadPoolExecutor(max_workers=_THREADS) as pool:
        rows = {
            key: pair.start(
                pool, labels, counts, memories[key] if memories else RegionMemory(spacing_mm)
            )
            for key, labels in unions.items()
        }
        return {key: row() for key, row in rows.items()}


class _Pair:
    """Two label maps in the box around what is in either."""

    def __init__(
        self,
        sides: tuple[LabelMap, LabelMap],
        box: Box | None,
        spacing_mm: Spacing,
        options: ScoreOptions,
        brain: Mask | None,
    ) -> None:
        reference, prediction = sides
        # Room for the lesion-wise dilation, which goes as far as the volume does.
        box = grow_box(box or (slice(0, 1),) * 3, options.challenge.dilations, reference.shape)
        self._sides = reference[box], prediction[box]
        self._origin = tuple(side.start for side in box)
        self._brain = None if brain is None else brain[box]
        self._brain_voxels = 0 if brain is None else int(np.count_nonzero(brain))
        self._spacing_mm, self._options = spacing_mm, options

    def start(
        self,
        pool: Executor,
        labels: Sequence[Label],
        counts: overlap.JointCounts,
        memory: RegionMemory,
    ) -> Callable[[], RegionScore]:
        """Begin to score a union of labels in the pool; the result waits for it."""
        masks = union_mask(self._sides[0], labels), union_mask(self._sides[1], labels)
        confusion = overlap.confusion_of_labels(counts, labels)
        border = pool.submit(self._border_hd95_mm, *masks, memory)
        others = pool.submit(self._distances, *masks, memory)
        return lambda: RegionScore(
            **_overlaps(confusion, math.prod(self._spacing_mm), self._options.policy),
            accuracy_brain=self._accuracy_inside(*masks),
            hd95_voxel_mm=border.result(),
            **others.result(),
        )

    def _accuracy_inside(self, reference: Mask, prediction: Mask) -> float:
        """The share of the brain's voxels that are right; NaN without a brain."""
        if self._brain is None or not self._brain_voxels:
            return math.nan
        wrong = int(np.count_nonzero((reference ^ prediction) & self._brain))
        return 1 - wrong / self._brain_voxels

    def _border_hd95_mm(self, reference: Mask, prediction: Mask, memory: RegionMemory) -> float:
        return surface.voxel_border_hd95_mm(
            reference,
            prediction,
            self._spacing_mm,
            self._options.policy,
            memory.borders,
            self._origin,
        )

    def _distances(self, reference: Mask, prediction: Mask, memory: RegionMemory) -> dict[str, Any]:
        policy, spacing_mm, options = self._options.policy, self._spacing_mm, self._options
        found = surface.surface_distances(
            reference, prediction, spacing_mm, memory.surfaces, self._origin
        )
        by_lesion = lesionwise(
            reference,
            prediction,
            spacing_mm,
            options.challenge,
            policy,
            whole=found,
            origin=self._origin,
            memory=memory.lesions,
            nearest=memory.surfaces,
        )
        return {
            "hd_mm": surface.hausdorff_mm(found, 100, policy),
            "hd95_mm": surface.hausdorff_mm(found, 95, policy),
            "assd_mm": surface.mean_distance_mm(found, policy),
            "nsd": {t: surface.surface_dice(found, t, policy) for t in options.tolerances_mm},
            "lesionwise_dice": by_lesion.dice,
            "lesionwise_hd95_mm": by_lesion.hd95_mm,
            "lesions_found": by_lesion.found,
            "lesions_missed": by_lesion.missed,
            "lesions_false": by_lesion.false,
            "lesions": by_lesion.lesions,
            "false_lesions": by_lesion.false_lesions,
        }


def _overlaps(c: Confusion, voxel_mm3: float, policy: EmptyPolicy) -> dict[str, Any]:
    return {
        "dice": overlap.dice(c, policy),
        "iou": overlap.iou(c, policy),
        "accuracy": overlap.accuracy(c),
        "sensitivity": overlap.sensitivity(c, policy),
        "specificity": overlap.specificity(c, policy),
        "precision": overlap.precision(c, policy),
        "volume_similarity": overlap.volume_similarity(c, policy),
        "reference_ml": c.reference * voxel_mm3 / 1000,
        "prediction_ml": c.prediction * voxel_mm3 / 1000,
    }
