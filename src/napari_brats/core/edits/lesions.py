"""One lesion of a label map: found from a voxel inside it; deleted, relabelled or kept alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from napari_brats.core.boxes import Box, bounding_box
from napari_brats.core.components import label_components
from napari_brats.core.edits.edit import Edit
from napari_brats.core.labels import LabelMap, Mask, union_mask


@dataclass(frozen=True, eq=False)
class Lesion:
    """One connected component (26-connectivity) of a union of labels.

    Attributes
    ----------
    box
        Its bounding box in the label map.
    mask
        Where it is, of the shape of ``box``.
    others_box, others
        The same of all other components together; None where it is the only one.
    """

    box: Box
    mask: Mask
    others_box: Box | None = None
    others: Mask | None = None

    @property
    def voxels(self) -> int:
        """How many voxels it has."""
        return int(np.count_nonzero(self.mask))


def lesion_at(labels: LabelMap, voxel: Sequence[int], wanted: Iterable[int]) -> Lesion | None:
    """The component of the ``wanted`` labels that holds ``voxel``; None if it is none of them.

    ``labels``: 3-D, any axis order, that of ``voxel``.
    """
    at = tuple(int(index) for index in voxel)
    inside = all(0 <= index < size for index, size in zip(at, labels.shape, strict=True))
    mask = union_mask(labels, wanted)
    if not inside or not mask[at]:
        return None
    box = bounding_box(mask)
    if box is None:  # cannot be: the voxel is in the mask
        return None
    components, count = label_components(mask[box])
    number = components[tuple(i - side.start for i, side in zip(at, box, strict=True))]
    own, own_box = _cut_out(components == number, box)
    if count == 1:
        return Lesion(own_box, own)
    others, others_box = _cut_out((components != number) & (components != 0), box)
    return Lesion(own_box, own, others_box, others)


def relabelled(labels: LabelMap, lesion: Lesion, label: int) -> Edit:
    """The lesion in another label; 0 deletes it."""
    return _written(labels, lesion.box, lesion.mask, label)


def kept_alone(labels: LabelMap, lesion: Lesion) -> Edit | None:
    """All other components become background; None if there are no others."""
    if lesion.others_box is None or lesion.others is None:
        return None
    return _written(labels, lesion.others_box, lesion.others, 0)


def _written(labels: LabelMap, box: Box, mask: Mask, label: int) -> Edit:
    after = labels[box].copy()
    after[mask] = label
    return Edit(box, after)


def _cut_out(mask: Mask, box: Box) -> tuple[Mask, Box]:
    """A mask of ``box`` cut to what is in it, and the box of that in the label map."""
    inner = bounding_box(mask)
    if inner is None:
        return mask, box
    x, y, z = (
        slice(outer.start + part.start, outer.start + part.stop)
        for outer, part in zip(box, inner, strict=True)
    )
    return mask[inner], (x, y, z)
