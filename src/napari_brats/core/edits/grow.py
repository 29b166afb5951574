"""Region growing from a voxel: what looks like it and is connected with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from napari_brats.core.boxes import Box
from napari_brats.core.components import label_components
from napari_brats.core.edits.edit import Edit
from napari_brats.core.edits.similar import Appearance, FloatArray
from napari_brats.core.geometry import Spacing
from napari_brats.core.labels import LabelMap, Mask


@dataclass(frozen=True, eq=False)
class Growth:
    """A region about to grow from a voxel: all that takes long is done, any limit is quick.

    Attributes
    ----------
    box
        How far it may reach, in the label map.
    unlikeness
        Of each voxel of the box against the seed; infinite where it may not reach.
    seed
        Index of the seed in the box.
    """

    box: Box
    unlikeness: FloatArray
    seed: tuple[int, int, int]

    def region(self, limit: float) -> Mask:
        """What is grown, of the box's shape: the seed itself at the least."""
        passing = self.unlikeness <= limit
        passing[self.seed] = True
        components, _count = label_components(passing, 6)
        region: Mask = components == components[self.seed]
        return region


def start_growth(
    appearance: Appearance,
    shape: tuple[int, ...],
    voxel: Sequence[int],
    spacing_mm: Spacing,
    *,
    reach_mm: float | None = None,
    axis: int | None = None,
) -> Growth | None:
    """A growth from ``voxel`` of a label map of ``shape``; None where no modality shows anything.

    Parameters
    ----------
    appearance, spacing_mm
        In the axis order of the label map.
    reach_mm
        Radius around the voxel; None: the whole brain.
    axis
        The axis across a slice that it stays on; None: through the volume.
    """
    look = appearance.look_at(voxel)
    if look is None:
        return None
    sides = []
    for k, (index, size, mm) in enumerate(zip(voxel, shape, spacing_mm, strict=True)):
        brain = appearance.box[k]
        reach = size if reach_mm is None else int(reach_mm / mm)
        if k == axis:
            sides.append(slice(int(index), int(index) + 1))
        else:
            sides.append(slice(max(brain.start, index - reach), min(brain.stop, index + reach + 1)))
    box = (sides[0], sides[1], sides[2])
    i, j, k = (int(index) - side.start for index, side in zip(voxel, box, strict=True))
    unlikeness = appearance.unlikeness(look, box)
    if reach_mm is not None:
        unlikeness[~_ball((i, j, k), unlikeness.shape, spacing_mm, reach_mm)] = np.inf
    return Growth(box, unlikeness, (i, j, k))


def grown(labels: LabelMap, growth: Growth, limit: float, label: int) -> Edit:
    """The region in ``label``; 0 erases."""
    after = labels[growth.box].copy()
    after[growth.region(limit)] = label
    return Edit(growth.box, after)


def _ball(
    centre: Sequence[int], shape: tuple[int, ...], spacing_mm: Spacing, radius_mm: float
) -> Mask:
    x, y, z = (
        ((np.arange(n, dtype=np.float32) - c) * mm) ** 2
        for c, n, mm in zip(centre, shape, spacing_mm, strict=True)
    )
    inside: Mask = x[:, None, None] + y[:, None] + z <= radius_mm**2
    return inside
