"""What looks like a place: every voxel against the place where a stroke or a region begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_brats.core.boxes import Box, bounding_box, grow_box
from napari_brats.core.components import label_components
from napari_brats.core.labels import Mask
from napari_brats.core.progress import Job, Progress

FloatArray = npt.NDArray[np.float32]

CLIP_PERCENTILES = (0.5, 99.5)
SMOOTHING_VOXELS = 3
"""Side of the box whose mean a voxel is judged by: single voxels are mostly noise."""

_NEIGHBOURS = np.indices((3, 3, 3)).reshape(3, -1).T - 1

LOOSEST, STRICTEST = 4.0, 0.45
"""Largest unlikeness that strictness 0 and 100 let pass, in spreads of the brain.

Their middle, 1.34, is where the brush agreed best with the reference, on 9 of the 17 cases of BraTS
2021 that the choice was made on.
"""

LEAST_WEIGHT = 0.6
"""Weight of a modality on which the place is not brighter than the brain."""


@dataclass(frozen=True, eq=False)
class Appearance:
    """How the brain looks on all modalities together.

    Attributes
    ----------
    images
        (C, X, Y, Z) float32 of ``box``, any axis order: each modality with mean 0 and spread 1 in
        the brain, slightly smoothed; infinite where no modality shows anything, and so like
        nothing.
    box
        Where they lie in the label map.
    """

    images: FloatArray
    box: Box

    def look_at(self, voxel: Sequence[int]) -> FloatArray | None:
        """(C,) how a place of the label map looks, the median of the voxels around it.

        None where no modality shows anything.
        """
        if not all(s.start <= i < s.stop for i, s in zip(voxel, self.box, strict=True)):
            return None
        at = [int(i) - s.start for i, s in zip(voxel, self.box, strict=True)]
        if not np.isfinite(self.images[(slice(None), *at)]).all():
            return None
        x, y, z = (slice(i, i + 1) for i in at)
        around = self.images[(slice(None), *grow_box((x, y, z), 1, self.images.shape[1:]))]
        seen = around.reshape(len(around), -1)
        look: FloatArray = np.median(seen[:, np.isfinite(seen).all(axis=0)], axis=1)
        return look.astype(np.float32)

    def unlikeness(self, look: FloatArray, box: Box) -> FloatArray:
        """How far each voxel of ``box`` is from ``look``: the root mean square over modalities.

        A modality counts the more the brighter the place stands out on it: there it is that one
        sees where it ends. float32 of the box's shape, in spreads of the brain; infinite outside
        the brain.
        """
        result = np.full([s.stop - s.start for s in box], np.inf, np.float32)
        inner = [
            slice(max(b.start, own.start), min(b.stop, own.stop))
            for b, own in zip(box, self.box, strict=True)
        ]
        if any(s.stop <= s.start for s in inner):
            return result
        there = tuple(
            slice(s.start - own.start, s.stop - own.start)
            for s, own in zip(inner, self.box, strict=True)
        )
        here = tuple(
            slice(s.start - b.start, s.stop - b.start) for s, b in zip(inner, box, strict=True)
        )
        total = np.zeros(result[here].shape, np.float32)
        weights = np.maximum(look, 0) + LEAST_WEIGHT
        for image, value, weight in zip(self.images, look, weights / weights.sum(), strict=True):
            gap = image[there] - value
            gap *= gap
            gap *= weight
            total += gap
        result[here] = np.sqrt(total, out=total)
        return result


def appearance_of(
    images: Sequence[npt.NDArray[Any]], foregrounds: Sequence[Mask]
) -> Job[Appearance | None]:
    """What `Appearance` the images give, one by one; None where there is nothing in them.

    Parameters
    ----------
    images
        3-D, on the grid and in the axis order of the label map, any real dtype. Voxels that are
        not finite count as background.
    foregrounds
        Where each image is not background.
    """
    inside = [
        mask & np.isfinite(image) if image.dtype.kind == "f" else mask
        for image, mask in zip(images, foregrounds, strict=True)
    ]
    brain = np.logical_or.reduce(inside) if inside else np.zeros((0, 0, 0), bool)
    box = bounding_box(brain) if brain.size else None
    if box is None:
        return None
    stack = np.empty((len(images), *brain[box].shape), np.float32)
    for index, (image, mask) in enumerate(zip(images, inside, strict=True)):
        yield Progress(index, len(images), "reading what the modalities show")
        stack[index] = _comparable(image[box], mask[box])
    stack[:, ~brain[box]] = np.inf
    return Appearance(stack, box)


def strictness_to_limit(strictness: float) -> float:
    """The largest unlikeness that still passes, from a strictness of 0 to 100.

    Each step of the slider changes it by the same share.
    """
    share = min(max(strictness, 0.0), 100.0) / 100
    return float(LOOSEST * (STRICTEST / LOOSEST) ** share)


def similar_part(
    unlikeness: FloatArray, brush: Mask, path: npt.NDArray[np.int_], limit: float
) -> Mask:
    """What of a brush looks alike and is connected with its path through such voxels.

    Parameters
    ----------
    unlikeness, brush
        (X, Y, Z) of one box: what the brush passes over.
    path
        (N, 3) indices in that box that its centre passes; they may lie outside it.
    limit
        Largest unlikeness that passes.

    Returns
    -------
    Of the shape of ``brush``. If no voxel of the path itself passes, its neighbours will do: a
    single odd voxel does not stop a stroke. All False if none passes.
    """
    passing = brush & (unlikeness <= limit)
    inside = path[((path >= 0) & (path < passing.shape)).all(axis=1)]
    if not passing.any() or not len(inside):
        return np.zeros_like(brush)
    components, count = label_components(passing, 6)
    wanted = np.unique(components[tuple(inside.T)])
    if not wanted.any():
        steps = inside[:, np.newaxis] + _NEIGHBOURS
        near = np.clip(steps.reshape(-1, 3), 0, np.array(passing.shape) - 1)
        wanted = np.unique(components[tuple(near.T)])
    chosen = np.zeros(count + 1, bool)
    chosen[wanted] = True
    chosen[0] = False
    part: Mask = chosen[components]
    return part


def _comparable(image: npt.NDArray[Any], foreground: Mask) -> FloatArray:
    """The image with mean 0 and spread 1 inside ``foreground``, smoothed; zeros if constant."""
    from scipy.ndimage import uniform_filter

    inside = image[foreground]
    if not inside.size:
        return np.zeros(image.shape, np.float32)
    sample = inside[:: max(1, inside.size // 200_000)].astype(np.float32)
    low, high = np.percentile(sample, CLIP_PERCENTILES)
    np.clip(sample, low, high, out=sample)
    spread = float(sample.std())
    if spread <= 1e-6 * max(1.0, abs(float(sample.mean()))):
        return np.zeros(image.shape, np.float32)
    scaled = np.nan_to_num(image.astype(np.float32), nan=low, posinf=high, neginf=low)
    np.clip(scaled, low, high, out=scaled)
    scaled -= sample.mean()
    scaled /= spread
    smooth: FloatArray = uniform_filter(scaled, SMOOTHING_VOXELS, mode="nearest")
    return smooth
