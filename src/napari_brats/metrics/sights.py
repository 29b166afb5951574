"""Where to look in a label map: its lesions, and the largest cross-section of a region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from napari_brats.core.boxes import Box, bounding_box
from napari_brats.core.components import label_components
from napari_brats.core.labels import REGIONS, LabelMap, Mask, Region, region_mask

Voxel = tuple[int, int, int]

MOST_LESIONS = 200
"""Of each region, the largest ones; a label map of noise has thousands."""


@dataclass(frozen=True)
class LesionSight:
    """One lesion: a component (26-connected) of a region, and where to look at it.

    Attributes
    ----------
    region
        Which it is a component of.
    volume_ml
        By its voxels.
    voxel
        One of its voxels (x, y, z), near the middle of its largest cross-section.
    """

    region: Region
    volume_ml: float
    voxel: Voxel


def list_lesions(
    labels: LabelMap,
    voxel_mm3: float,
    axis: int,
    regions: Sequence[Region] = REGIONS,
    most: int = MOST_LESIONS,
) -> tuple[LesionSight, ...]:
    """The lesions of an (X, Y, Z) label map, the largest first; empty where there are none.

    Parameters
    ----------
    labels
        uint8, internal labels.
    voxel_mm3
        Volume of a voxel.
    axis
        The array axis across which the cross-sections lie that are looked at.
    regions
        Those whose lesions are wanted.
    most
        How many of each region at most.
    """
    box = bounding_box(labels != 0)
    if box is None:
        return ()
    inside = labels[box]
    found: list[LesionSight] = []
    for region in regions:
        mask = region_mask(inside, region)
        found += _lesions_of(mask, region, voxel_mm3, axis, most, box)
    return tuple(sorted(found, key=lambda lesion: -lesion.volume_ml))


def largest_cross_section(labels: LabelMap, region: Region, axis: int) -> Voxel | None:
    """A voxel of the region near the middle of its largest cross-section; None without any.

    Parameters
    ----------
    labels
        3-D, internal labels, any axis order: that of the result.
    region
        Which region.
    axis
        The array axis across the cross-sections. The first of several equal ones is taken.
    """
    box = bounding_box(labels != 0)
    if box is None:
        return None
    mask = region_mask(labels[box], region)
    return _shifted(_middle_of_largest(mask, axis), box) if mask.any() else None


def _lesions_of(
    mask: Mask, region: Region, voxel_mm3: float, axis: int, most: int, box: Box
) -> list[LesionSight]:
    from scipy.ndimage import find_objects

    components, count = label_components(mask)
    if not count:
        return []
    sizes = np.bincount(components.ravel(), minlength=count + 1)[1:]
    boxes = find_objects(components)
    found = []
    for number in np.argsort(-sizes, kind="stable")[:most]:
        own = boxes[number]
        voxel = _middle_of_largest(components[own] == number + 1, axis)
        volume_ml = float(sizes[number]) * voxel_mm3 / 1000
        found.append(LesionSight(region, volume_ml, _shifted(_shifted(voxel, own), box)))
    return found


def _middle_of_largest(mask: Mask, axis: int) -> Voxel:
    """The voxel of the largest slice of a mask (not empty) that is nearest to its centre."""
    others = tuple(each for each in range(3) if each != axis)
    index = int(np.count_nonzero(mask, axis=others).argmax())
    points = np.argwhere(np.take(mask, index, axis=axis))
    nearest = points[((points - points.mean(axis=0)) ** 2).sum(axis=1).argmin()]
    x, y, z = (int(at) for at in np.insert(nearest, axis, index))
    return x, y, z


def _shifted(voxel: Voxel, box: Box) -> Voxel:
    x, y, z = (at + side.start for at, side in zip(voxel, box, strict=True))
    return x, y, z
