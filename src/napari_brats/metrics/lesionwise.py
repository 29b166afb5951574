"""The lesion-wise scores of the BraTS challenges since 2023.

Source: the scoring rules of BraTS 2023 ("lesion-wise" Dice and HD95). Reference components that
merge when dilated are one lesion; every predicted component that touches a dilated lesion belongs
to it; a predicted component that belongs to none is a false positive. Small lesions do not count.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_brats.core.boxes import Box, bounding_box, grow_box
from napari_brats.core.components import label_components
from napari_brats.core.geometry import Spacing
from napari_brats.core.labels import Mask
from napari_brats.metrics.empty import WORST_DISTANCE_MM, EmptyPolicy
from napari_brats.metrics.surface import SurfaceDistances, hausdorff_mm, surface_distances

Numbered = npt.NDArray[np.int32]
"""(X, Y, Z): 0 is the background, each object has its number from 1."""


@dataclass(frozen=True)
class Challenge:
    """The parameters of a challenge.

    Attributes
    ----------
    name
        Its short name.
    dilations
        How often the reference is dilated to join components into lesions.
    min_lesion_mm3
        Lesions of this volume or less are left out.
    """

    name: str
    dilations: int
    min_lesion_mm3: float


CHALLENGES: Mapping[str, Challenge] = {
    c.name: c
    for c in (
        Challenge("GLI", 3, 50.0),
        Challenge("SSA", 3, 50.0),
        Challenge("PED", 3, 50.0),
        Challenge("MEN", 1, 50.0),
        Challenge("MET", 1, 2.0),
    )
}
DEFAULT_CHALLENGE = CHALLENGES["GLI"]


@dataclass(frozen=True)
class Lesion:
    """One lesion of the reference, and how the prediction meets it.

    Attributes
    ----------
    volume_mm3
        Its volume.
    centre
        Its centre of mass in voxel indices (x, y, z) of the whole array.
    dice, hd95_mm
        Against the union of its predicted components; 0 and 374 without one.
    found
        Whether a predicted component belongs to it.
    counted
        Whether it is large enough to count.
    """

    volume_mm3: float
    centre: tuple[float, float, float]
    dice: float
    hd95_mm: float
    found: bool
    counted: bool


@dataclass(frozen=True)
class LesionwiseScore:
    """The lesion-wise scores of one region.

    Attributes
    ----------
    dice, hd95_mm
        Means over the lesions that count and the false positives, each of which has 0 and 374.
    found, missed, false
        How many lesions (that count) have, or lack, a predicted component; how many predicted
        components belong to no lesion.
    lesions
        Every lesion of the reference, those that do not count included.
    """

    dice: float
    hd95_mm: float
    found: int
    missed: int
    false: int
    lesions: tuple[Lesion, ...]


def lesionwise(
    reference: Mask,
    prediction: Mask,
    spacing_mm: Spacing,
    challenge: Challenge = DEFAULT_CHALLENGE,
    policy: EmptyPolicy = EmptyPolicy.CHALLENGE,
    *,
    whole: SurfaceDistances | None = None,
    origin: tuple[int, ...] = (0, 0, 0),
) -> LesionwiseScore:
    """The lesion-wise scores of two (X, Y, Z) masks of one shape.

    No lesion that counts and no false positive: by policy (Dice 1, HD95 0).

    Parameters
    ----------
    reference, prediction
        The masks.
    spacing_mm
        Of the axes, in their order.
    challenge, policy
        The rules.
    whole
        The surface distances of both masks, if at hand: they serve where there is one lesion.
    origin
        The voxel index of the masks' first voxel in the whole volume, for the lesions' centres.
    """
    box = bounding_box(reference | prediction)
    if box is None:
        return _mean_of([], 0, policy)
    box = grow_box(box, challenge.dilations, reference.shape)
    scene = _scene(reference[box], prediction[box], challenge.dilations)
    lesions = []
    for number in range(1, len(scene.members) + 1):
        volume_mm3 = float(scene.lesion_voxels[number]) * math.prod(spacing_mm)
        lesions.append(
            Lesion(
                volume_mm3=volume_mm3,
                centre=_centre(scene, number, box, origin),
                dice=_dice(scene, number),
                hd95_mm=_hd95_mm(scene, number, spacing_mm, whole),
                found=bool(scene.members[number - 1].size),
                counted=volume_mm3 > challenge.min_lesion_mm3 * (1 + 1e-6),  # spacing has noise
            )
        )
    return _mean_of(lesions, scene.false, policy)


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


@dataclass(frozen=True, eq=False)
class _Scene:
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
    def false(self) -> int:
        """How many parts belong to no lesion."""
        taken = {int(part) for members in self.members for part in members}
        return len(self.part_boxes) - len(taken)


def _scene(reference: Mask, prediction: Mask, dilations: int) -> _Scene:
    from scipy.ndimage import find_objects

    parts, part_count = _numbered(prediction)
    # Each lesion dilated again is exactly its component of the dilated reference.
    zones, count = _numbered(dilate(reference, dilations))
    lesions = np.where(reference, zones, 0)
    return _Scene(
        lesions=lesions,
        parts=parts,
        members=_touching(zones, parts, count, part_count),
        lesion_voxels=np.bincount(lesions.ravel(), minlength=count + 1),
        part_voxels=np.bincount(parts.ravel(), minlength=part_count + 1),
        shared_voxels=np.bincount(lesions[prediction], minlength=count + 1),
        lesion_boxes=find_objects(lesions),
        part_boxes=find_objects(parts),
    )


def _numbered(mask: Mask) -> tuple[Numbered, int]:
    components, count = label_components(mask)
    return components.astype(np.int32), count


def _touching(
    zones: Numbered, parts: Numbered, zone_count: int, part_count: int
) -> list[npt.NDArray[np.intp]]:
    """For each zone, ascending, the parts that share a voxel with it."""
    both = (zones > 0) & (parts > 0)
    pairs = np.unique(zones[both].astype(np.intp) * (part_count + 1) + parts[both])
    zone, part = np.divmod(pairs, part_count + 1)
    return [part[zone == number] for number in range(1, zone_count + 1)]


def _dice(scene: _Scene, number: int) -> float:
    predicted = scene.part_voxels[scene.members[number - 1]].sum()
    shared = scene.shared_voxels[number]
    return float(2 * shared / (scene.lesion_voxels[number] + predicted))


def _hd95_mm(
    scene: _Scene, number: int, spacing_mm: Spacing, whole: SurfaceDistances | None
) -> float:
    members = scene.members[number - 1]
    if not members.size:
        return WORST_DISTANCE_MM
    if whole is not None and len(scene.members) == 1 and members.size == len(scene.part_boxes):
        return hausdorff_mm(whole)
    boxes = [scene.lesion_boxes[number - 1], *(scene.part_boxes[part - 1] for part in members)]
    here = tuple(
        slice(min(box[axis].start for box in boxes), max(box[axis].stop for box in boxes))
        for axis in range(3)
    )
    belongs = np.zeros(len(scene.part_boxes) + 1, np.bool_)
    belongs[members] = True
    return hausdorff_mm(
        surface_distances(scene.lesions[here] == number, belongs[scene.parts[here]], spacing_mm)
    )


def _centre(
    scene: _Scene, number: int, box: Box, origin: tuple[int, ...]
) -> tuple[float, float, float]:
    inner = scene.lesion_boxes[number - 1]
    voxels = np.argwhere(scene.lesions[inner] == number).mean(axis=0)
    x, y, z = (
        float(v + side.start + outer.start + first)
        for v, side, outer, first in zip(voxels, inner, box, origin, strict=True)
    )
    return x, y, z


def _mean_of(lesions: list[Lesion], false: int, policy: EmptyPolicy) -> LesionwiseScore:
    counted = [lesion for lesion in lesions if lesion.counted]
    found, total = sum(lesion.found for lesion in counted), len(counted) + false
    return LesionwiseScore(
        dice=sum(le.dice for le in counted) / total if total else policy.overlap(both=True),
        hd95_mm=(sum(le.hd95_mm for le in counted) + false * WORST_DISTANCE_MM) / total
        if total
        else policy.distance_mm(both=True),
        found=found,
        missed=len(counted) - found,
        false=false,
        lesions=tuple(lesions),
    )
