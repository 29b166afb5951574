"""Which predicted components belong to which lesion of the reference.

By the rules of the BraTS challenges since 2023: reference components that merge when dilated are
one lesion; every predicted component that touches a dilated lesion belongs to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_brats.core.boxes import Box
from napari_brats.core.components import label_components
from napari_brats.core.geometry import Spacing
from napari_brats.core.labels import Mask
from napari_brats.metrics.nearest import NearestPoints

Numbered = npt.NDArray[np.int32]
"""(X, Y, Z): 0 is the background, each object has its number from 1."""


@dataclass(frozen=True, eq=False)
class Matching:
    """Lesions and predicted components ("parts") of one region, in its box.

    ``members[k - 1]`` are the parts of lesion k; voxel counts have the background first.
    """

    lesions: Numbered
    parts: Numbered
    members: list[npt.NDArray[np.intp]]
    lesion_voxels: npt.NDArray[np.intp]
    part_voxels: npt.NDArray[np.intp]
    shared_voxels: npt.NDArray[np.intp]
    lesion_boxes: list[Box]
    part_boxes: list[Box]

    @property
    def false_parts(self) -> list[int]:
        """The parts that belong to no lesion, ascending."""
        taken = {int(part) for members in self.members for part in members}
        return [part for part in range(1, len(self.part_boxes) + 1) if part not in taken]


class LesionMemory:
    """What one region's lesions may be asked again: their zones and their nearest points.

    Parameters
    ----------
    spacing_mm
        Of the axes, in their order.
    """

    def __init__(self, spacing_mm: Spacing) -> None:
        self._spacing_mm = spacing_mm
        self._nearest: dict[int, NearestPoints] = {}
        self._zones: tuple[Mask, int, Numbered, int] | None = None

    def nearest(self, lesion: int, whole: NearestPoints | None) -> NearestPoints:
        """The nearest points of a lesion and its parts; begun the first time with the whole's."""
        if lesion not in self._nearest:
            self._nearest[lesion] = (
                whole.start_of_part() if whole else NearestPoints(self._spacing_mm)
            )
        return self._nearest[lesion]

    def zones(self, reference: Mask, dilations: int) -> tuple[Numbered, int]:
        """The components of the dilated reference, and how many there are."""
        known = self._zones
        if known is None or known[1] != dilations or not np.array_equal(known[0], reference):
            self._zones = known = (
                reference.copy(),
                dilations,
                *_numbered(dilate(reference, dilations)),
            )
        return known[2], known[3]


def match(reference: Mask, prediction: Mask, dilations: int, memory: LesionMemory) -> Matching:
    """The lesions of one (X, Y, Z) mask with the components of another of the same shape.

    The array must leave the dilation as much room as the volume does.
    """
    from scipy.ndimage import find_objects

    parts, part_count = _numbered(prediction)
    # Each lesion dilated again is exactly its component of the dilated reference.
    zones, count = memory.zones(reference, dilations)
    lesions = np.where(reference, zones, np.int32(0))
    return Matching(
        lesions=lesions,
        parts=parts,
        members=_touching(zones[prediction], parts[prediction], count, part_count),
        lesion_voxels=np.bincount(lesions[reference], minlength=count + 1),
        part_voxels=np.bincount(parts[prediction], minlength=part_count + 1),
        shared_voxels=np.bincount(lesions[prediction], minlength=count + 1),
        lesion_boxes=find_objects(lesions),
        part_boxes=find_objects(parts),
    )


def dilate(mask: Mask, times: int) -> Mask:
    """The mask grown by the 18-neighbour structuring element, within its array.

    As `scipy.ndimage.binary_dilation` with ``generate_binary_structure(3, 2)`` and as many
    iterations: the element is the union of three squares, and a square is two lines.
    """
    for _ in range(times):
        along_x = _smear(mask, 0)
        mask = _smear(along_x, 1) | _smear(along_x, 2) | _smear(_smear(mask, 1), 2)
    return mask


def _smear(mask: Mask, axis: int) -> Mask:
    """The mask grown by one voxel both ways along one axis."""
    grown = mask.copy()
    source, target = np.moveaxis(mask, axis, 0), np.moveaxis(grown, axis, 0)
    target[1:] |= source[:-1]
    target[:-1] |= source[1:]
    return grown


def _numbered(mask: Mask) -> tuple[Numbered, int]:
    components, count = label_components(mask)
    return components.astype(np.int32), count


def _touching(
    zones: Numbered, parts: Numbered, zone_count: int, part_count: int
) -> list[npt.NDArray[np.intp]]:
    """For each zone, ascending, the parts that share a voxel with it; both (N,) by voxel."""
    pairs = np.bincount(zones.astype(np.int64) * (part_count + 1) + parts)
    zone, part = np.divmod(np.flatnonzero(pairs), part_count + 1)
    return [part[zone == number] for number in range(1, zone_count + 1)]
