"""Where a region is new, stable or resolved between two time points, voxel by voxel."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from napari_brats.core.boxes import bounding_box, grow_box
from napari_brats.core.case import Volume
from napari_brats.core.errors import GeometryError
from napari_brats.core.geometry import Grid
from napari_brats.core.labels import Label, LabelMap, Mask, Region, region_mask
from napari_brats.io.resample import resample_volume

ChangeMap = npt.NDArray[np.uint8]


class Change(IntEnum):
    """What an integer of a change map means. These are written to files: never renumber them."""

    NONE = 0
    STABLE = 1
    NEW = 2
    RESOLVED = 3
    UNSEEN = 4

    @property
    def title(self) -> str:
        """A name for people."""
        return _TITLES[self]


_TITLES = {
    Change.NONE: "outside the region both times",
    Change.STABLE: "stable",
    Change.NEW: "new",
    Change.RESOLVED: "resolved",
    Change.UNSEEN: "not seen later",
}

CHANGES = (Change.STABLE, Change.NEW, Change.RESOLVED, Change.UNSEEN)

CHANGE_COLORS: Mapping[Change, tuple[float, float, float, float]] = {
    Change.STABLE: (0.941, 0.894, 0.259, 1.0),
    Change.NEW: (0.835, 0.369, 0.000, 1.0),
    Change.RESOLVED: (0.337, 0.706, 0.914, 1.0),
    Change.UNSEEN: (0.600, 0.600, 0.600, 1.0),
}
"""RGBA from Okabe and Ito (2008): yellow, vermillion, sky blue; and grey."""


def change_map(
    before: LabelMap, after: LabelMap, region: Region, seen: Mask | None = None
) -> ChangeMap:
    """(X, Y, Z) uint8 in `Change` values of two label maps on one grid.

    Parameters
    ----------
    before, after
        Internal labels of the earlier and the later time point.
    region
        The region that is compared.
    seen
        Where the later time point's field of view reaches (everywhere if None): what was there
        before and lies outside is not resolved, but not seen.

    Raises
    ------
    GeometryError
        If the shapes differ.
    """
    if before.shape != after.shape:
        raise GeometryError(
            f"The label maps have the shapes {before.shape} and {after.shape}. Expected both on "
            f"one grid; register the later one onto the earlier one first."
        )
    changes = np.zeros(before.shape, np.uint8)
    box = bounding_box((before | after) != 0)
    if box is None:
        return changes
    was, is_now = region_mask(before[box], region), region_mask(after[box], region)
    part = changes[box]
    part[was & is_now] = Change.STABLE
    part[~was & is_now] = Change.NEW
    part[was & ~is_now] = Change.RESOLVED
    if seen is not None:
        part[was & ~is_now & ~seen[box]] = Change.UNSEEN
    return changes


def change_volumes_ml(changes: ChangeMap, voxel_mm3: float) -> dict[Change, float]:
    """The volume of each kind of change in ml."""
    counts = np.bincount(changes.ravel(order="K"), minlength=len(Change))
    return {change: float(counts[change]) * voxel_mm3 / 1000 for change in CHANGES}


def carry_labels(labels: Volume, onto: Volume) -> Volume:
    """A label map (internal labels) on another grid, each voxel with the likeliest label there.

    Each label is carried as a mask by linear interpolation, and the label with the largest share
    wins, the background included: borders move less than by the nearest voxel's label. The labels
    themselves where both grids are one.
    """
    box = bounding_box(labels.data != 0)
    if labels.grid.is_same(onto.grid) or box is None:
        return resample_volume(labels, onto, nearest=True)
    part = _part(labels, grow_box(box, 2, labels.grid.shape))
    winner = np.zeros(onto.grid.shape, np.uint8)
    share = np.zeros(onto.grid.shape, np.float32)
    total = np.zeros(onto.grid.shape, np.float32)
    for label in (label for label in Label if label and (part.data == label).any()):
        mask = Volume((part.data == label).astype(np.float32), part.grid, part.header)
        here = resample_volume(mask, onto).data
        total += here
        larger = here > share
        winner[larger], share[larger] = label, here[larger]
    winner[1 - total >= share] = Label.BACKGROUND
    return Volume(winner, onto.grid, onto.header, labels.path, labels.notes)


def field_of_view(volume: Volume, onto: Volume) -> Mask:
    """Where the grid of ``volume`` reaches on the grid of ``onto``."""
    if volume.grid.is_same(onto.grid):
        return np.ones(onto.grid.shape, np.bool_)
    everywhere = np.broadcast_to(np.uint8(1), volume.grid.shape)
    whole = Volume(everywhere, volume.grid, volume.header)
    there: Mask = resample_volume(whole, onto, nearest=True).data != 0
    return there


def _part(volume: Volume, box: tuple[slice, slice, slice]) -> Volume:
    """A box of a volume with its own grid."""
    affine = volume.grid.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ [side.start for side in box]
    data = volume.data[box]
    x, y, z = data.shape
    return Volume(data, Grid((x, y, z), affine), volume.header)
