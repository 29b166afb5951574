"""All metrics of a pair of label maps, region by region, as frozen rows.

The fields of a row are the JSON keys and, with units, the column names.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from napari_brats.core.boxes import Box, bounding_box, grow_box
from napari_brats.core.errors import BratsError
from napari_brats.core.geometry import Spacing
from napari_brats.core.labels import REGION_LABELS, REGIONS, LabelMap, Mask, Region, region_mask
from napari_brats.metrics import overlap, surface
from napari_brats.metrics.empty import EmptyPolicy
from napari_brats.metrics.lesionwise import DEFAULT_CHALLENGE, Challenge, Lesion, lesionwise
from napari_brats.metrics.overlap import Confusion


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
    in mm. Lesion counts leave out lesions too small for the challenge.
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


def score_regions(
    reference: LabelMap,
    prediction: LabelMap,
    spacing_mm: Spacing,
    options: ScoreOptions | None = None,
    brain: Mask | None = None,
) -> dict[Region, RegionScore]:
    """The metrics of every region of two (X, Y, Z) label maps in internal labels.

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
    options = options or ScoreOptions()
    counts = overlap.joint_counts(reference, prediction)
    box = bounding_box((reference | prediction) != 0)
    # Room for the lesion-wise dilation, which goes as far as the volume does.
    box = grow_box(box or (slice(0, 1),) * 3, options.challenge.dilations, reference.shape)
    origin = tuple(side.start for side in box)
    scores = {}
    for region in REGIONS:
        masks = region_mask(reference[box], region), region_mask(prediction[box], region)
        confusion = overlap.confusion_of_labels(counts, REGION_LABELS[region])
        scores[region] = RegionScore(
            **_overlaps(confusion, math.prod(spacing_mm), options.policy),
            accuracy_brain=_accuracy_inside(*masks, box, brain),
            **_distances(*masks, spacing_mm, origin, options),
        )
    return scores


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


def _accuracy_inside(reference: Mask, prediction: Mask, box: Box, brain: Mask | None) -> float:
    """The share of the brain's voxels that are right; NaN without a brain."""
    size = 0 if brain is None else int(np.count_nonzero(brain))
    if brain is None or not size:
        return math.nan
    return 1 - int(np.count_nonzero((reference ^ prediction) & brain[box])) / size


def _distances(
    reference: Mask,
    prediction: Mask,
    spacing_mm: Spacing,
    origin: tuple[int, ...],
    options: ScoreOptions,
) -> dict[str, Any]:
    policy = options.policy
    found = surface.surface_distances(reference, prediction, spacing_mm)
    by_lesion = lesionwise(
        reference, prediction, spacing_mm, options.challenge, policy, whole=found, origin=origin
    )
    return {
        "hd_mm": surface.hausdorff_mm(found, 100, policy),
        "hd95_mm": surface.hausdorff_mm(found, 95, policy),
        "hd95_voxel_mm": surface.voxel_border_hd95_mm(reference, prediction, spacing_mm, policy),
        "assd_mm": surface.mean_distance_mm(found, policy),
        "nsd": {t: surface.surface_dice(found, t, policy) for t in options.tolerances_mm},
        "lesionwise_dice": by_lesion.dice,
        "lesionwise_hd95_mm": by_lesion.hd95_mm,
        "lesions_found": by_lesion.found,
        "lesions_missed": by_lesion.missed,
        "lesions_false": by_lesion.false,
        "lesions": by_lesion.lesions,
    }
