"""Fills the slices between painted ones with shapes that lead from one to the next.

Shape-based interpolation by signed distance (Raya and Udupa, "Shape-based interpolation of
multidimensional objects", IEEE Transactions on Medical Imaging 9, 1990), of several labels at once:
a voxel inside the union gets the label whose interpolated distance is largest, so that labels which
touch or lie within each other on the painted slices do so between them, without gaps.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_brats.core.boxes import bounding_box
from napari_brats.core.components import label_components
from napari_brats.core.edits.edit import Edit, changed_part
from napari_brats.core.labels import LabelMap, Mask, union_mask

Distance = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Gap:
    """A part that ends on one slice and goes on at a later one, with nothing between.

    Attributes
    ----------
    first, last
        The painted slices; at least one lies between them.
    start, end
        The part on these, masks of one slice.
    """

    first: int
    last: int
    start: Mask
    end: Mask


def interpolate_slices(
    labels: LabelMap,
    chosen: Collection[int],
    axis: int,
    spacing_mm: tuple[float, float, float],
    *,
    over: Collection[int] = (),
    longest_gap_mm: float = np.inf,
    only_slice: int | None = None,
) -> Edit | None:
    """The slices that were left out between painted ones, filled in; None if there is no gap.

    Parameters
    ----------
    labels
        3-D, any axis order.
    chosen
        The labels to interpolate. A slice that holds any of them counts as painted with all of
        them there; a label that is on one side of a gap only ends half-way.
    axis
        The axis across the slices.
    spacing_mm
        Voxel edges, in the order of the axes.
    over
        Other labels that may be painted over. By default only background is.
    longest_gap_mm
        Painted slices that lie further apart are not connected.
    only_slice
        Fill this slice only.

    Notes
    -----
    A part of a slice ends where nothing of the chosen labels lies next to it on the following
    slice; its gap is closed towards the nearest slice where something begins that overlaps it, seen
    along ``axis``. So lesions that are painted on different slices have gaps of their own, and
    lesions beside each other are not connected.
    """
    box = bounding_box(union_mask(labels, chosen))
    if box is None:
        return None
    stack = np.ascontiguousarray(np.moveaxis(labels[box], axis, 0))
    in_plane = tuple(np.delete(spacing_mm, axis))
    reach = longest_gap_mm / spacing_mm[axis]
    filled = stack.copy()
    takes = (stack == 0) | union_mask(stack, set(over) - set(chosen))
    for gap in find_gaps(union_mask(stack, chosen), reach):
        _fill(filled, takes, gap, sorted(chosen), in_plane)
    if only_slice is not None:
        skipped = np.arange(len(stack)) != only_slice - box[axis].start
        filled[skipped] = stack[skipped]
    return changed_part(labels, box, np.moveaxis(filled, 0, axis))


def find_gaps(stack: Mask, longest: float = np.inf) -> list[Gap]:
    """The gaps of an (N, Y, X) mask along its first axis, at most ``longest`` slices wide."""
    parts = [_parts_of(plane) for plane in stack]
    joined: dict[tuple[int, int], tuple[Mask, Mask]] = {}
    for first in range(len(stack) - 2):
        for part in _without_neighbour(parts[first], stack[first + 1]):
            last = _next_slice(stack, part, first + 2)
            if last is None or last - first > longest:
                continue
            begun = _without_neighbour(parts[last], stack[last - 1])
            found = [each for each in begun if (each & part).any()]
            if found:
                none = np.zeros(stack.shape[1:], dtype=bool)
                start, end = joined.setdefault((first, last), (none, none.copy()))
                start |= part
                end |= np.any(found, axis=0)
    return [Gap(first, last, *masks) for (first, last), masks in joined.items()]


def _parts_of(plane: Mask) -> npt.NDArray[np.unsignedinteger]:
    """The 8-connected parts of one slice, numbered from 1."""
    return label_components(plane[None])[0][0]


def _without_neighbour(parts: npt.NDArray[np.unsignedinteger], other: Mask) -> list[Mask]:
    """The parts of a slice that nothing on the ``other`` slice touches."""
    numbers = np.setdiff1d(np.unique(parts), np.append(np.unique(parts[other]), 0))
    return [parts == number for number in numbers]


def _next_slice(stack: Mask, part: Mask, begin: int) -> int | None:
    """The first slice from ``begin`` on where something lies in the outline of ``part``."""
    rows, columns = np.nonzero(part)
    hits = np.flatnonzero(stack[begin:, rows, columns].any(axis=1))
    return begin + int(hits[0]) if hits.size else None


def _fill(
    filled: LabelMap, takes: Mask, gap: Gap, chosen: list[int], spacing_mm: tuple[float, ...]
) -> None:
    """Write the slices of one gap into ``filled`` where it ``takes`` labels."""
    rows, columns = _flat_box(gap.start | gap.end)
    start, end = gap.start[rows, columns], gap.end[rows, columns]
    first = np.where(start, filled[gap.first, rows, columns], 0)
    last = np.where(end, filled[gap.last, rows, columns], 0)
    present = [label for label in chosen if (first == label).any() or (last == label).any()]
    union = _both_distances(start, end, spacing_mm)
    each = [_both_distances(first == label, last == label, spacing_mm) for label in present]
    for index in range(gap.first + 1, gap.last):
        share = (index - gap.first) / (gap.last - gap.first)
        inside = _between(*union, share) > 0
        nearest = np.argmax([_between(*pair, share) for pair in each], axis=0)
        writes = inside & takes[index, rows, columns]
        filled[index, rows, columns][writes] = np.array(present, filled.dtype)[nearest[writes]]


def _both_distances(
    start: Mask, end: Mask, spacing_mm: tuple[float, ...]
) -> tuple[Distance, Distance]:
    """The signed distances of a shape on two slices; one that is missing ends half-way."""
    first, last = (signed_distance_mm(mask, spacing_mm) for mask in (start, end))
    if not start.any():
        first = np.full_like(last, -last.max())
    if not end.any():
        last = np.full_like(first, -first.max())
    return first, last


def signed_distance_mm(mask: Mask, spacing_mm: tuple[float, ...]) -> Distance:
    """Distance of each pixel to the outline of a 2-D mask in mm, positive inside.

    Outlines run half-way between pixels, and outside the array there is background.
    """
    import edt

    padded = np.pad(mask, 1)
    inside, outside = (edt.edt(side, anisotropy=spacing_mm) for side in (padded, ~padded))
    signed = (inside - outside)[1:-1, 1:-1]
    to_outline: Distance = signed - np.sign(signed) * np.float32(min(spacing_mm) / 2)
    return to_outline


def _between(start: Distance, end: Distance, share: float) -> Distance:
    between: Distance = (1 - share) * start + share * end
    return between


def _flat_box(mask: Mask) -> tuple[slice, slice]:
    """The box around a mask of one slice that is not empty."""
    rows, columns = np.nonzero(mask)
    return slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1)
