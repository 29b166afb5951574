"""Where two label maps differ: the parts of the disagreement, and edits that settle them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from napari_brats.core.boxes import Box, bounding_box
from napari_brats.core.components import label_parts
from napari_brats.core.edits.edit import Edit
from napari_brats.core.labels import REGION_LABELS, LabelMap, Region, union_mask


class Difference(IntEnum):
    """What a voxel is in a comparison of two label maps A and B."""

    NONE = 0
    ONLY_A = 1
    ONLY_B = 2
    OTHER_LABEL = 3
    AGREED = 4

    @property
    def title(self) -> str:
        """A name for people, e.g. ``only A``."""
        return _TITLES[self]


_TITLES = {
    Difference.NONE: "background in both",
    Difference.ONLY_A: "only A",
    Difference.ONLY_B: "only B",
    Difference.OTHER_LABEL: "other label",
    Difference.AGREED: "agreed",
}


@dataclass(frozen=True)
class Part:
    """One connected part of the disagreement, all of one kind.

    Attributes
    ----------
    number
        Its value in `Comparison.parts`.
    kind
        Only in A, only in B, or in both with another label.
    voxels, volume_mm3
        How large it is.
    labels
        The pair of labels, in A and in B, that is most frequent in it.
    box
        Where it lies in the label maps.
    centre
        Mean of its voxels' indices in the label maps.
    """

    number: int
    kind: Difference
    voxels: int
    volume_mm3: float
    labels: tuple[int, int]
    box: Box
    centre: tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two label maps compared. What is stored lies in one box, outside of which they agree.

    Attributes
    ----------
    box
        The smallest one that holds the disagreement; empty if there is none.
    a, b
        Both label maps in that box.
    parts
        Number of the part that a voxel of the box belongs to; 0 where A and B agree.
    items
        The parts, from large to small.
    """

    box: Box
    a: LabelMap
    b: LabelMap
    parts: npt.NDArray[np.unsignedinteger]
    items: tuple[Part, ...]

    def voxel_in(self, part: Part) -> tuple[int, int, int]:
        """The voxel of a part, in the indices of the label maps, that is nearest to its centre."""
        inside = np.argwhere(self.parts[_shifted(part.box, self.box)] == part.number)
        start = np.array([side.start for side in part.box])
        gaps = inside + start - np.array(part.centre)
        x, y, z = inside[(gaps**2).sum(axis=1).argmin()] + start
        return int(x), int(y), int(z)

    def take(self, current: LabelMap, items: Sequence[Part], side: Difference) -> Edit | None:
        """What gives parts of ``current`` the labels that A (`ONLY_A`) or B (`ONLY_B`) has there.

        ``current`` has the shape of the label maps. An edit that changes nothing is one, too; None
        without parts.
        """
        if not items:
            return None
        box = _around([item.box for item in items])
        inner = _shifted(box, self.box)
        source = self.a if side is Difference.ONLY_A else self.b
        wanted = np.zeros(len(self.items) + 1, np.bool_)
        wanted[[item.number for item in items]] = True
        labels = np.where(wanted[self.parts[inner]], source[inner], current[box])
        return Edit(box, labels.astype(current.dtype, copy=False))


def kinds_of(a: LabelMap, b: LabelMap, region: Region | None = None) -> npt.NDArray[np.uint8]:
    """`Difference` of every voxel of two label maps of one shape, in their axis order.

    For a region, a voxel counts by whether it is in it, whatever its label; there is then no
    `OTHER_LABEL`. All 0 for two empty label maps.
    """
    if region is None:
        in_a, in_b, same = a != 0, b != 0, a == b
    else:
        in_a, in_b = (union_mask(side, REGION_LABELS[region]) for side in (a, b))
        same = in_a == in_b
    kinds = np.zeros(a.shape, np.uint8, order="F" if np.isfortran(a) else "C")
    kinds[in_a & ~in_b] = Difference.ONLY_A
    kinds[in_b & ~in_a] = Difference.ONLY_B
    both = in_a & in_b
    kinds[both & same] = Difference.AGREED
    kinds[both & ~same] = Difference.OTHER_LABEL
    return kinds


def compare(
    a: LabelMap,
    b: LabelMap,
    kinds: npt.NDArray[np.uint8],
    spacing_mm: tuple[float, float, float],
) -> Comparison:
    """The parts of the disagreement of two label maps, 26-connected and each of one kind.

    Parameters
    ----------
    a, b
        Of one shape, any axis order; what is kept of them is copied.
    kinds
        What `kinds_of` gave for them.
    spacing_mm
        Of the axes, in their order.
    """
    box = bounding_box((kinds != Difference.NONE) & (kinds != Difference.AGREED))
    if box is None:
        empty = np.zeros((0, 0, 0), np.uint8)
        return Comparison((slice(0, 0),) * 3, empty, empty, empty, ())
    inner = kinds[box].copy()
    inner[inner == Difference.AGREED] = Difference.NONE
    parts, count = label_parts(inner)
    inner_a, inner_b = a[box].copy(), b[box].copy()
    items = _items(parts, count, inner, inner_a, inner_b, box, float(np.prod(spacing_mm)))
    return Comparison(box, inner_a, inner_b, parts, items)


def _items(
    parts: npt.NDArray[np.unsignedinteger],
    count: int,
    kinds: npt.NDArray[np.uint8],
    a: LabelMap,
    b: LabelMap,
    box: Box,
    voxel_mm3: float,
) -> tuple[Part, ...]:
    where = np.nonzero(parts)
    numbers = parts[where].astype(np.int64)
    sizes = np.bincount(numbers, minlength=count + 1)
    kind = np.zeros(count + 1, np.uint8)
    kind[numbers] = kinds[where]
    pairs = _commonest(numbers, a[where].astype(np.int64) << 8 | b[where], count)
    lows, highs, centres = [], [], []
    for axis, side in zip(where, box, strict=True):
        low, high = np.full(count + 1, np.iinfo(np.int64).max), np.zeros(count + 1, np.int64)
        np.minimum.at(low, numbers, axis)
        np.maximum.at(high, numbers, axis)
        sums = np.bincount(numbers, weights=axis, minlength=count + 1)
        lows.append(low + side.start)
        highs.append(high + side.start + 1)
        centres.append(sums / np.maximum(sizes, 1) + side.start)
    order = np.argsort(-sizes[1:], kind="stable") + 1
    return tuple(
        Part(
            int(n),
            Difference(int(kind[n])),
            int(sizes[n]),
            float(sizes[n]) * voxel_mm3,
            (int(pairs[n]) >> 8, int(pairs[n]) & 255),
            _box([int(low[n]) for low in lows], [int(high[n]) for high in highs]),
            (float(centres[0][n]), float(centres[1][n]), float(centres[2][n])),
        )
        for n in order
    )


def _commonest(
    numbers: npt.NDArray[np.int64], codes: npt.NDArray[np.int64], count: int
) -> npt.NDArray[np.int64]:
    """For each number the code (below 2**16) that it meets most often; 0 for none."""
    found, times = np.unique(numbers << 16 | codes, return_counts=True)
    commonest = np.zeros(count + 1, np.int64)
    order = np.argsort(times, kind="stable")  # the last one written wins: the most frequent
    commonest[found[order] >> 16] = found[order] & 0xFFFF
    return commonest


def _around(boxes: Sequence[Box]) -> Box:
    sides = zip(*boxes, strict=True)
    spans = [(min(s.start for s in side), max(s.stop for s in side)) for side in map(list, sides)]
    return _box([low for low, _ in spans], [high for _, high in spans])


def _box(low: Sequence[int], high: Sequence[int]) -> Box:
    x, y, z = (slice(a, b) for a, b in zip(low, high, strict=True))
    return x, y, z


def _shifted(box: Box, frame: Box) -> Box:
    """``box`` in the indices of an array that was cut out at ``frame``."""
    return _box(
        [side.start - base.start for side, base in zip(box, frame, strict=True)],
        [side.stop - base.start for side, base in zip(box, frame, strict=True)],
    )
