"""What a tool changes, and what it may change."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from napari_brats.core.boxes import Box, bounding_box
from napari_brats.core.labels import LabelMap, Mask


@dataclass(frozen=True)
class Edit:
    """New labels of one box of a label map; the rest of it stays as it is.

    ``labels`` has the shape of ``box`` and the axis order of the label map that it was made from.
    """

    box: Box
    labels: LabelMap


def changed_part(labels: LabelMap, box: Box, after: LabelMap) -> Edit | None:
    """The smallest edit that makes ``box`` of ``labels`` as ``after``; None if it is so."""
    inner = bounding_box(labels[box] != after)
    if inner is None:
        return None
    x, y, z = (
        slice(outer.start + part.start, outer.start + part.stop)
        for outer, part in zip(box, inner, strict=True)
    )
    return Edit((x, y, z), after[inner].copy())


class PaintOver(Enum):
    """Which voxels a tool may change."""

    EVERYTHING = "everything"
    BACKGROUND = "background only"
    UNLOCKED = "unlocked only"


@dataclass(frozen=True)
class PaintRules:
    """Locks of labels, and what may be painted over.

    A locked label neither gains nor loses a voxel, whatever ``over`` says, unless that is
    `PaintOver.EVERYTHING`: then locks are not looked at.
    """

    locked: frozenset[int] = frozenset()
    over: PaintOver = PaintOver.UNLOCKED

    def changeable(self, before: LabelMap, after: LabelMap) -> Mask:
        """Where ``before`` may become ``after``: arrays of one shape; True where they are equal."""
        if self.over is PaintOver.EVERYTHING:
            return np.ones(before.shape, dtype=bool)
        kept = _is_any(before, self.locked) | _is_any(after, self.locked)
        if self.over is PaintOver.BACKGROUND:
            kept |= (before != 0) & (after != 0)
        allowed: Mask = ~kept | (before == after)
        return allowed

    def apply(self, before: LabelMap, after: LabelMap) -> LabelMap:
        """``after`` where that is allowed, else ``before``; a new array."""
        return np.where(self.changeable(before, after), after, before)


def _is_any(labels: LabelMap, values: frozenset[int]) -> Mask:
    found: Mask = np.zeros(labels.shape, dtype=bool)
    for value in values:
        found |= labels == value
    return found
