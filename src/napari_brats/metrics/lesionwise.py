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

from napari_brats.core.boxes import Box, bounding_box, grow_box
from napari_brats.core.geometry import Spacing
from napari_brats.core.labels import Mask
from napari_brats.metrics.empty import WORST_DISTANCE_MM, EmptyPolicy
from napari_brats.metrics.matching import LesionMemory, Matching, Numbered, match
from napari_brats.metrics.nearest import NearestPoints
from napari_brats.metrics.surface import SurfaceDistances, hausdorff_mm, surface_distances


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
    """One lesion of the reference, or a false one of the prediction.

    Attributes
    ----------
    volume_mm3, prediction_mm3
        Its volume in the reference, and that of its predicted components together.
    centre
        Its centre of mass in voxel indices (x, y, z) of the whole array.
    dice, hd95_mm
        Against the union of its predicted components; 0 and 374 without one, and for a false one.
    found
        Whether a predicted component belongs to it.
    counted
        Whether it is large enough to count. A false one always is.
    """

    volume_mm3: float
    prediction_mm3: float
    centre: tuple[float, float, float]
    dice: float
    hd95_mm: float
    found: bool
    counted: bool

    @property
    def outcome(self) -> str:
        """``found``, ``missed`` or ``false``."""
        return "found" if self.found else "missed" if self.volume_mm3 else "false"


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
    false_lesions
        The predicted components that belong to none.
    """

    dice: float
    hd95_mm: float
    found: int
    missed: int
    false: int
    lesions: tuple[Lesion, ...]
    false_lesions: tuple[Lesion, ...] = ()


def lesionwise(
    reference: Mask,
    prediction: Mask,
    spacing_mm: Spacing,
    challenge: Challenge = DEFAULT_CHALLENGE,
    policy: EmptyPolicy = EmptyPolicy.CHALLENGE,
    *,
    whole: SurfaceDistances | None = None,
    origin: tuple[int, ...] = (0, 0, 0),
    memory: LesionMemory | None = None,
    nearest: NearestPoints | None = None,
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
        The voxel index of the masks' first voxel in the whole volume.
    memory
        What is remembered of an earlier call, if anything.
    nearest
        The nearest points of both masks, if at hand, found with this ``origin``.
    """
    box = bounding_box(reference | prediction)
    if box is None:
        return _score([], [], policy)
    box = grow_box(box, challenge.dilations, reference.shape)
    memory = memory or LesionMemory(spacing_mm)
    matching = match(reference[box], prediction[box], challenge.dilations, memory)
    scene = _Scene(
        matching,
        spacing_mm,
        tuple(side.start + first for side, first in zip(box, origin, strict=True)),
        memory,
        whole,
        nearest,
    )
    lesions = [scene.lesion(n, challenge) for n in range(1, len(matching.members) + 1)]
    return _score(lesions, [scene.false_lesion(part) for part in matching.false_parts], policy)


@dataclass(frozen=True, eq=False)
class _Scene:
    """Measures lesions of a matching whose first voxel lies at ``origin``."""

    matching: Matching
    spacing_mm: Spacing
    origin: tuple[int, ...]
    memory: LesionMemory
    whole: SurfaceDistances | None
    nearest: NearestPoints | None

    def lesion(self, number: int, challenge: Challenge) -> Lesion:
        """Lesion ``number`` of the reference."""
        m = self.matching
        members = m.members[number - 1]
        voxels, predicted = int(m.lesion_voxels[number]), int(m.part_voxels[members].sum())
        volume_mm3 = voxels * math.prod(self.spacing_mm)
        return Lesion(
            volume_mm3=volume_mm3,
            prediction_mm3=predicted * math.prod(self.spacing_mm),
            centre=self._centre(m.lesions, number, m.lesion_boxes[number - 1]),
            dice=2 * int(m.shared_voxels[number]) / (voxels + predicted),
            hd95_mm=self._hd95_mm(number),
            found=bool(members.size),
            counted=volume_mm3 > challenge.min_lesion_mm3 * (1 + 1e-6),  # spacing has noise
        )

    def false_lesion(self, part: int) -> Lesion:
        """The predicted component ``part``, which belongs to no lesion."""
        m = self.matching
        return Lesion(
            volume_mm3=0.0,
            prediction_mm3=float(m.part_voxels[part]) * math.prod(self.spacing_mm),
            centre=self._centre(m.parts, part, m.part_boxes[part - 1]),
            dice=0.0,
            hd95_mm=WORST_DISTANCE_MM,
            found=False,
            counted=True,
        )

    def _hd95_mm(self, number: int) -> float:
        m = self.matching
        members = m.members[number - 1]
        if not members.size:
            return WORST_DISTANCE_MM
        if self.whole is not None and len(m.members) == 1 and members.size == len(m.part_boxes):
            return hausdorff_mm(self.whole)
        boxes = [m.lesion_boxes[number - 1], *(m.part_boxes[part - 1] for part in members)]
        here = tuple(
            slice(min(box[axis].start for box in boxes), max(box[axis].stop for box in boxes))
            for axis in range(3)
        )
        belongs = np.zeros(len(m.part_boxes) + 1, np.bool_)
        belongs[members] = True
        return hausdorff_mm(
            surface_distances(
                m.lesions[here] == number,
                belongs[m.parts[here]],
                self.spacing_mm,
                self.memory.nearest(number, self.nearest),
                tuple(side.start + first for side, first in zip(here, self.origin, strict=True)),
            )
        )

    def _centre(self, numbered: Numbered, number: int, box: Box) -> tuple[float, float, float]:
        voxels = np.argwhere(numbered[box] == number).mean(axis=0)
        x, y, z = (
            float(v + side.start + first)
            for v, side, first in zip(voxels, box, self.origin, strict=True)
        )
        return x, y, z


def _score(lesions: list[Lesion], false: list[Lesion], policy: EmptyPolicy) -> LesionwiseScore:
    counted = [lesion for lesion in lesions if lesion.counted]
    found, total = sum(lesion.found for lesion in counted), len(counted) + len(false)
    rows = [*counted, *false]
    return LesionwiseScore(
        dice=sum(le.dice for le in rows) / total if total else policy.overlap(both=True),
        hd95_mm=sum(le.hd95_mm for le in rows) / total if total else policy.distance_mm(both=True),
        found=found,
        missed=len(counted) - found,
        false=len(false),
        lesions=tuple(lesions),
        false_lesions=tuple(false),
    )
