"""The border of a region solved again near a stroke that says what belongs to it, or does not.

A person draws the stroke along the middle of what is wrong. So the border lies about as far beyond
the stroke as the present one lies on this side of it; how far exactly, and how the error goes on
along the border, the images tell: what looks like the stroke and the region goes with it, what
looks like the surroundings does not, and the new border keeps to edges. In numbers, the log-odds of
a voxel are the sum of

- twice its depth in the region in mm, after the border was moved by twice the distance of the
  nearest stroke voxel from the border, times the influence exp(-(d / reach)^2 / 2), d being the
  distance from the stroke; the reach is 13 times the distance from the border, at most 15 mm;
- the influence times the log-ratio of two kernel densities of all modalities together: of the
  stroke and of the region near it, and of what lies near it beyond the moved border;
- where a network has seen the case, a share of the log-odds of its probability.

They are the prior of a random walker on the images (`core.edits.random_walk`). A stroke only adds,
or only takes away: what it was not about stays, and so does what is not connected with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_brats.core.boxes import Box, bounding_box, grow_box
from napari_brats.core.components import label_components
from napari_brats.core.edits.edit import Edit, changed_part
from napari_brats.core.edits.random_walk import walk
from napari_brats.core.edits.scheme import NESTED, Scheme, added_to, without
from napari_brats.core.edits.targets import Target, labels_in
from napari_brats.core.geometry import Spacing
from napari_brats.core.labels import LabelMap, Mask, union_mask

FloatArray = npt.NDArray[np.float32]

DEPTH_WEIGHT = 2.0
"""Log-odds per mm of depth. This and the weights below: `benchmarks/scribbles.py`."""

REACH_PER_DEPTH = 13.0
"""A thin error is a local one: reach of a stroke per mm of its distance from the border."""

LEAST_REACH_MM = 5.0
FURTHEST = 3.0
"""No border moves by more than so many times the stroke's distance from it, times the influence."""

LEAST_INFLUENCE = 0.28
"""Below this nothing changes: at 1.6 times the reach."""

SAMPLES = 128
"""Voxels of each kind that a look is compared with."""

KERNEL = 0.3
"""Spread of the kernel, in spreads of the brain."""

MOST_LOOK = 3.0
"""Largest log-ratio that looks alone can give."""

EMPTY_DENSITY = 1e-3
"""Added to the densities: what looks like nothing near is judged by its depth."""

NETWORK_SHARE = 0.5
EDGE_WEIGHT = 2.0
OPEN, CERTAIN = 3.0, 50.0
"""How firmly the walker holds to the prior: where the border may move, and elsewhere."""


@dataclass(frozen=True)
class RefineOptions:
    """How far and how much a stroke changes.

    Attributes
    ----------
    reach_mm
        At this distance from a stroke in a thick error the border is moved by 0.6 of what it is
        beside it.
    look
        Weight of what the images show against the depth.
    """

    reach_mm: float = 15.0
    look: float = 1.0

    @property
    def limit_mm(self) -> float:
        """Nothing further from the stroke changes."""
        return 1.6 * self.reach_mm


DEFAULTS = RefineOptions()


def stroke_box(
    stroke: npt.NDArray[np.int_], shape: tuple[int, ...], spacing_mm: Spacing, limit_mm: float
) -> Box:
    """The box in which a stroke may change something: (N, 3) voxels with ``limit_mm`` around."""
    low, high = stroke.min(axis=0), stroke.max(axis=0)
    margins = [int(limit_mm / edge) + 1 for edge in spacing_mm]
    x, y, z = (
        slice(max(0, int(a) - margin), min(size, int(b) + margin + 1))
        for a, b, margin, size in zip(low, high, margins, shape, strict=True)
    )
    return x, y, z


def refine(
    mask: Mask,
    images: FloatArray,
    stroke: Mask,
    *,
    belongs: bool,
    spacing_mm: Spacing,
    probability: FloatArray | None = None,
    options: RefineOptions = DEFAULTS,
) -> Mask:
    """The mask of a region after a stroke: a new array.

    Parameters
    ----------
    mask
        (X, Y, Z) of the box around the stroke, see `stroke_box`; any axis order.
    images
        (C, X, Y, Z) float32, each with a spread of about 1 in the brain. Voxels that are not finite
        are outside it and stay as they are.
    stroke
        (X, Y, Z), not empty.
    belongs
        Whether the stroke lies on what belongs to the region, and adds; else it takes away.
    probability
        (X, Y, Z) of the region by a network, 0 to 1.
    """
    own = mask if belongs else ~mask
    if probability is not None and not belongs:
        probability = 1 - probability
    shown = np.isfinite(images).all(axis=0)
    images = np.where(shown, images, np.float32(0))
    prior, open_ = _prior(own, images, stroke, spacing_mm, probability, options)
    open_ &= shown
    prior[own | stroke] = 1.0
    prior[~own & ~open_ & ~stroke] = 0.0
    certainty = np.where(open_ & ~stroke, np.float32(OPEN), np.float32(CERTAIN))
    share = walk(images, prior, certainty, spacing_mm, EDGE_WEIGHT)
    parts, count = label_components((open_ & (share > 0.5)) | (stroke & ~own))
    wanted = np.zeros(count + 1, dtype=bool)
    wanted[np.unique(parts[stroke])] = True
    wanted[0] = False
    refined: Mask = own | wanted[parts]
    return refined if belongs else ~refined


def refined_labels(
    labels: LabelMap,
    target: Target,
    before: Mask,
    after: Mask,
    spacing_mm: Spacing,
    scheme: Scheme = NESTED,
) -> Edit | None:
    """What makes ``target`` of a label map lose and gain what differs between two of its masks.

    Arrays of one shape. Who gets what is lost, and what is gained by a region: `core.edits.scheme`.
    """
    changed = bounding_box(before != after)
    if changed is None:
        return None
    box = grow_box(changed, 1, labels.shape)  # with the neighbours that what is lost goes to
    part = np.ascontiguousarray(labels[box])
    own = union_mask(part, labels_in(target))
    lost, gained = before[box] & ~after[box] & own, after[box] & ~before[box] & ~own
    result = without(part, target, lost, spacing_mm, scheme)
    result[gained] = added_to(part, target, gained, spacing_mm)
    return changed_part(labels, box, result)


def _prior(
    own: Mask,
    images: FloatArray,
    stroke: Mask,
    spacing_mm: Spacing,
    probability: FloatArray | None,
    options: RefineOptions,
) -> tuple[FloatArray, Mask]:
    """What is believed of each voxel, 0 to 1, and where that is in question."""
    from scipy.ndimage import distance_transform_edt

    far_mm, nearest = distance_transform_edt(~stroke, sampling=spacing_mm, return_indices=True)
    depth_mm = _depth_mm(own, spacing_mm)
    at_stroke = np.maximum(-depth_mm, min(spacing_mm) / 2)[tuple(nearest)]
    reach_mm = np.clip(REACH_PER_DEPTH * at_stroke, LEAST_REACH_MM, options.reach_mm)
    influence = np.exp(-((far_mm / reach_mm) ** 2) / 2)
    moved = 2 * at_stroke * influence
    near = influence > LEAST_INFLUENCE
    furthest_mm = FURTHEST * at_stroke * influence
    open_ = near & ~own & (depth_mm > -furthest_mm)
    odds = (DEPTH_WEIGHT * (depth_mm + moved)).astype(np.float32)
    beyond = near & ~own & (depth_mm < -moved - 1)
    looks = _looks(images, stroke, own & near, beyond, open_)
    odds[open_] += options.look * (influence[open_] * looks).astype(np.float32)
    if probability is not None:
        sure = np.clip(probability, 0.05, 0.95)
        odds += NETWORK_SHARE * np.log(sure / (1 - sure))
    prior: FloatArray = 1 / (1 + np.exp(-np.clip(odds, -8, 8)))
    return prior, open_


def _depth_mm(mask: Mask, spacing_mm: Spacing) -> FloatArray:
    """Distance to the border in mm, positive inside; far inside where there is nothing outside."""
    import edt

    half = min(spacing_mm) / 2
    longest = float(np.dot(mask.shape, spacing_mm))
    inside, outside = (edt.edt(side, anisotropy=spacing_mm) for side in (mask, ~mask))
    depth: FloatArray = np.clip(np.where(mask, inside - half, half - outside), -longest, longest)
    return depth


def _looks(images: FloatArray, stroke: Mask, own: Mask, other: Mask, at: Mask) -> FloatArray:
    """The log-ratio of how like stroke and region, and how like the surroundings, voxels look."""
    if not other.any():
        return np.zeros(np.count_nonzero(at), np.float32)
    random = np.random.default_rng(0)  # the same stroke gives the same border
    looks = np.ascontiguousarray(images[:, at].T)
    like = _density(looks, _some(images, stroke, random))
    if own.any():
        like = np.maximum(like, _density(looks, _some(images, own, random)))
    unlike = _density(looks, _some(images, other, random))
    ratio: FloatArray = np.log((like + EMPTY_DENSITY) / (unlike + EMPTY_DENSITY))
    return np.clip(ratio, -MOST_LOOK, MOST_LOOK)


def _some(images: FloatArray, mask: Mask, random: np.random.Generator) -> FloatArray:
    """(N, C) looks of at most `SAMPLES` voxels of a mask."""
    places = np.flatnonzero(mask)
    if len(places) > SAMPLES:
        places = random.choice(places, SAMPLES, replace=False)
    some: FloatArray = images.reshape(len(images), -1)[:, places].T
    return some


def _density(looks: FloatArray, samples: FloatArray) -> FloatArray:
    """(N,) mean of Gaussian kernels at the samples, each 1 at its top."""
    gaps = looks @ (2 * samples.T)
    gaps -= np.einsum("ij,ij->i", samples, samples)
    gaps -= np.einsum("ij,ij->i", looks, looks)[:, None]
    gaps *= np.float32(0.5 / KERNEL**2)
    np.exp(gaps, out=gaps)
    mean: FloatArray = gaps.mean(axis=1)
    return mean
