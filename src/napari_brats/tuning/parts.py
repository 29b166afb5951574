"""A predicted region as its connected parts: any limit of size is then scored without voxels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_brats.core.boxes import bounding_box, grow_box
from napari_brats.core.components import label_components
from napari_brats.core.geometry import Spacing
from napari_brats.core.labels import Mask
from napari_brats.metrics.lesionwise import Challenge
from napari_brats.metrics.matching import dilate

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Reference:
    """One region of a reference, ready to be compared with many predictions.

    Attributes
    ----------
    mask
        (X, Y, Z).
    zones
        (X, Y, Z): around each lesion, its number from 1; what touches it belongs to the lesion.
    lesion_voxels
        (Z,) voxels of each lesion.
    counted
        (Z,) whether the lesion is large enough to count.
    """

    mask: Mask
    zones: npt.NDArray[np.int64]
    lesion_voxels: Counts
    counted: npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Parts:
    """The connected parts of a predicted region, and how each meets the reference.

    Attributes
    ----------
    voxels
        (P,) of each part.
    shared
        (Z, P) voxels that lesion and part share.
    touches
        (Z, P) whether the part belongs to the lesion.
    """

    voxels: Counts
    shared: Counts
    touches: npt.NDArray[np.bool_]


def prepare_reference(mask: Mask, spacing_mm: Spacing, challenge: Challenge) -> Reference:
    """The lesions of an (X, Y, Z) reference, by the rules of `metrics.lesionwise`."""
    zones = np.zeros(mask.shape, np.int64)
    box = bounding_box(mask)
    if box is not None:
        box = grow_box(box, challenge.dilations, mask.shape)
        zones[box] = label_components(dilate(mask[box], challenge.dilations))[0]
    voxels = np.bincount(zones[mask], minlength=int(zones.max()) + 1)[1:]
    limit = challenge.min_lesion_mm3 * (1 + 1e-6)  # spacing has noise
    return Reference(mask, zones, voxels, voxels * math.prod(spacing_mm) > limit)


def find_parts(prediction: Mask, reference: Reference) -> Parts:
    """The 26-connected parts of an (X, Y, Z) prediction on the reference's grid."""
    lesions = len(reference.lesion_voxels)
    box = bounding_box(prediction)
    if box is None:
        none = np.zeros((lesions, 0), np.int64)
        return Parts(np.zeros(0, np.int64), none, none.astype(np.bool_))
    components, count = label_components(prediction[box])
    inside = np.flatnonzero(components)
    part = components.ravel()[inside].astype(np.int64)
    pairs = reference.zones[box].ravel()[inside] * (count + 1) + part
    size, shape = (lesions + 1) * (count + 1), (lesions + 1, count + 1)
    met = np.bincount(pairs, minlength=size).reshape(shape)
    hits = reference.mask[box].ravel()[inside]
    shared = np.bincount(pairs[hits], minlength=size).reshape(shape)
    return Parts(met[:, 1:].sum(axis=0), shared[1:, 1:], met[1:, 1:] > 0)


def score_parts(
    parts: Parts, reference: Reference, kept: npt.NDArray[np.bool_] | slice = slice(None)
) -> tuple[float, float]:
    """Whole-volume and lesion-wise Dice of the kept parts alone, as `metrics` defines them.

    ``kept`` is a (P,) mask. Empty regions score as in the challenge: 1 where both are, else 0.
    """
    voxels, touches = parts.voxels[kept], parts.touches[:, kept]
    shared = parts.shared[:, kept].sum(axis=1)
    size = int(voxels.sum() + reference.lesion_voxels.sum())
    whole = 2 * float(shared.sum()) / size if size else 1.0
    false = int(np.count_nonzero(~touches.any(axis=0)))
    total = int(np.count_nonzero(reference.counted)) + false
    by_lesion = 2 * shared / (reference.lesion_voxels + touches @ voxels)
    return whole, float(by_lesion[reference.counted].sum()) / total if total else 1.0
