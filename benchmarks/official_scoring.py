"""The scores of BraTS 2023 by the published rules, written out step by step: slow and plain.

This is what our metrics are compared with, in the tests and in `agreement.py`. It shares no code
with them: components and dilation are scipy's, surfaces and their HD95 those of the
surface-distance package (Nikolov et al. 2018), which the challenge's own scoring uses, too.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import surface_distance
from scipy import ndimage

Array = np.ndarray[Any, np.dtype[Any]]
NEAR = ndimage.generate_binary_structure(3, 2)
ALL = np.ones((3, 3, 3))
WORST_MM = 374.0
PARAMETERS = {"GLI": (3, 50), "SSA": (3, 50), "PED": (3, 50), "MEN": (1, 50), "MET": (1, 2)}
REGIONS = {"WT": (1, 2, 3), "TC": (1, 3), "ET": (3,)}


def official_scores(
    reference: Array, prediction: Array, spacing_mm: tuple[float, ...], challenge: str
) -> dict[str, dict[str, float]]:
    """Region -> metric -> value for two label maps (1 NCR, 2 ED, 3 ET) of one shape."""
    return {
        region: official_region(
            np.isin(reference, labels), np.isin(prediction, labels), spacing_mm, challenge
        )
        for region, labels in REGIONS.items()
    }


def official_region(
    reference: Array, prediction: Array, spacing_mm: tuple[float, ...], challenge: str
) -> dict[str, float]:
    """Metric -> value for two masks of one shape."""
    tp = int((reference & prediction).sum())
    fp, fn = int((~reference & prediction).sum()), int((reference & ~prediction).sum())
    tn = reference.size - tp - fp - fn
    empty = not reference.any() and not prediction.any()
    # What follows is the same in the box around both as in the volume, but much quicker.
    box = _box(reference | prediction, margin=4)
    return {
        "dice": 1.0 if empty else 2 * tp / (2 * tp + fp + fn),
        "hd95_mm": 0.0 if empty else hd95_mm(reference[box], prediction[box], spacing_mm),
        "sensitivity": 1.0 if empty else tp / (tp + fn) if tp + fn else 0.0,
        "specificity": tn / (tn + fp) if tn + fp else 0.0,
        **lesionwise(reference[box], prediction[box], spacing_mm, *PARAMETERS[challenge]),
    }


def hd95_mm(reference: Array, prediction: Array, spacing_mm: tuple[float, ...]) -> float:
    """The robust Hausdorff distance of two masks, at least one of them not empty."""
    if not reference.any() or not prediction.any():
        return WORST_MM
    found = surface_distance.compute_surface_distances(reference, prediction, spacing_mm)
    return float(surface_distance.compute_robust_hausdorff(found, 95))


def lesionwise(
    reference: Array,
    prediction: Array,
    spacing_mm: tuple[float, ...],
    dilations: int,
    limit_mm3: float,
) -> dict[str, float]:
    """The lesion-wise scores of two masks, one lesion after the other."""
    parts, part_count = ndimage.label(prediction, ALL)
    grown = ndimage.binary_dilation(reference, NEAR, iterations=dilations)
    zones, zone_count = ndimage.label(grown, ALL)
    taken: set[int] = set()
    dices, distances, found = [], [], 0
    for zone in range(1, zone_count + 1):
        lesion = reference & (zones == zone)
        here = _box(lesion, margin=dilations)
        around = ndimage.binary_dilation(lesion[here], NEAR, iterations=dilations)
        mine = set(parts[here][around].tolist()) - {0}
        taken |= mine
        if lesion.sum() * math.prod(spacing_mm) <= limit_mm3:
            continue
        found += bool(mine)
        union = np.isin(parts, list(mine)) if mine else np.zeros_like(lesion)
        dices.append(2 * (lesion & union).sum() / (lesion.sum() + union.sum()))
        distances.append(hd95_mm(lesion, union, spacing_mm) if mine else WORST_MM)
    false = part_count - len(taken)
    total = len(dices) + false
    return {
        "lesionwise_dice": float(sum(dices) / total) if total else 1.0,
        "lesionwise_hd95_mm": (sum(distances) + WORST_MM * false) / total if total else 0.0,
        "lesions_found": found,
        "lesions_missed": len(dices) - found,
        "lesions_false": false,
    }


def _box(mask: Array, margin: int) -> tuple[slice, ...]:
    points = np.argwhere(mask)
    if not points.size:
        return (slice(0, 1),) * 3
    low, high = points.min(axis=0) - margin, points.max(axis=0) + 1 + margin
    return tuple(slice(max(0, int(a)), int(b)) for a, b in zip(low, high, strict=True))
