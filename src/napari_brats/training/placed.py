"""A lesion made for a case, and where in it: what transplanting and growing have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_brats.core.labels import LabelMap, Mask
from napari_brats.training.crop import Voxel
from napari_brats.training.tissue import COARSE, FloatArray, Tissues

MIN_INSIDE = 0.9
"""Share of a lesion that has to lie in the brain, unless said otherwise."""
CANDIDATES = 8


@dataclass(frozen=True, eq=False)
class PlacedLesion:
    """Voxels to blend into a case.

    Attributes
    ----------
    corner
        (3,) where the first voxel goes, in the case's voxels; may lie outside.
    image
        (C, X, Y, Z), in the intensities of that case.
    weight
        (X, Y, Z) from 0 (the case stays) to 1 (the lesion alone).
    labels
        (X, Y, Z); 0 where the case keeps its own.
    """

    corner: Voxel
    image: FloatArray
    weight: FloatArray
    labels: LabelMap

    @property
    def centre(self) -> Voxel:
        """(3,) the middle of its box, in the case's voxels."""
        return np.asarray(self.corner + np.array(self.labels.shape) // 2)

    def paste(self, image: npt.NDArray[np.float16], labels: LabelMap, start: Voxel) -> None:
        """Write it into a copied part of the case whose first voxel is ``start`` there.

        Nothing changes outside the brain, nor in modalities that are missing: what is 0 stays 0.
        """
        shift = self.corner - start
        begin = np.maximum(shift, 0)
        end = np.minimum(shift + self.labels.shape, labels.shape)
        if (end <= begin).any():
            return
        there = tuple(slice(b, e) for b, e in zip(begin, end, strict=True))
        here = tuple(slice(b, e) for b, e in zip(begin - shift, end - shift, strict=True))
        target = image[(slice(None), *there)]
        weight = self.weight[here]
        blended = target + (self.image[(slice(None), *here)] - target) * weight
        changed = (target != 0) & (weight > 0)
        np.copyto(target, blended, where=changed, casting="same_kind")
        drawn = (self.labels[here] > 0) & (target != 0).any(axis=0)
        np.copyto(labels[there], self.labels[here], where=drawn)


def choose_corner(
    mask: Mask,
    tissues: Tissues,
    shape: tuple[int, ...],
    homes: Sequence[npt.NDArray[Any]],
    rng: np.random.Generator,
    min_inside: float = MIN_INSIDE,
    avoid_tumour: bool | None = None,
) -> Voxel | None:
    """Where to put a lesion's (X, Y, Z) mask in a case of ``shape``; None if nothing fits.

    The best of a few places near ``homes`` (centres in the case's voxels, preferred) and as many
    anywhere in the brain: at least ``min_inside`` of it inside, on little fluid, and off the tumour
    that is there (or, without ``avoid_tumour``, in half of the draws).
    """
    points = np.argwhere(mask[(slice(None, None, COARSE),) * 3])
    inside = np.argwhere(tissues.brain) * COARSE
    if not len(points) or not len(inside):
        return None
    half = np.array(mask.shape) // 2
    avoids = rng.random() < 0.5 if avoid_tumour is None else avoid_tumour
    anywhere = inside[rng.integers(len(inside), size=CANDIDATES)]
    near = [home + rng.normal(0, 8, 3) for home in homes for _ in range(CANDIDATES)]
    best, best_score = None, -np.inf
    for number, centre in enumerate([*near, *anywhere]):
        corner = np.rint(centre - half).astype(np.int64)
        brain, fluid, tumour = _shares(points + corner // COARSE, tissues)
        score = brain - 1.5 * fluid - avoids * tumour + 0.1 * (number < len(near))
        score += rng.normal(0, 0.04)
        if brain >= min_inside and score > best_score:
            best, best_score = corner, score
    return best


def _shares(points: npt.NDArray[np.int64], tissues: Tissues) -> tuple[float, float, float]:
    """Shares of coarse voxels in the brain, in fluid, in the tumour."""
    extents = np.array(tissues.brain.shape)
    kept = points[((points >= 0) & (points < extents)).all(axis=1)]
    where = tuple(kept.T)
    brain, fluid, tumour = (
        float(np.count_nonzero(m[where])) / len(points)
        for m in (tissues.brain, tissues.fluid, tissues.tumour)
    )
    return brain, fluid, tumour
