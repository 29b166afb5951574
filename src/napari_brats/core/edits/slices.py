"""Edits of one slice: an outline filled, or one slice's labels copied onto another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from napari_brats.core.boxes import Box
from napari_brats.core.edits.edit import Edit
from napari_brats.core.labels import LabelMap, Mask


def outline_to_mask(
    points: npt.ArrayLike, shape: Sequence[int]
) -> tuple[tuple[slice, slice], Mask] | None:
    """The pixels whose centres a closed outline goes round, as a box and the mask of that box.

    Parameters
    ----------
    points
        (N, 2) in pixels of an image of ``shape``, (row, column); pixel (i, j) has its centre at
        (i, j). The last point is joined to the first. They may lie outside the image.
    shape
        Rows and columns of the image.

    Returns
    -------
    None if no pixel centre is inside. Where the outline crosses itself everything that it goes
    round is inside (nonzero winding number), as one expects of a line drawn by hand.
    """
    corners = np.asarray(points, float).reshape(-1, 2)
    if len(corners) < 3 or not np.isfinite(corners).all():
        return None
    low = np.maximum(np.ceil(corners.min(axis=0)).astype(int), 0)
    high = np.minimum(np.floor(corners.max(axis=0)).astype(int) + 1, shape)
    if np.any(high <= low):
        return None
    mask = _winding_numbers(corners - low, tuple(high - low)) != 0
    if not mask.any():
        return None
    return (slice(int(low[0]), int(high[0])), slice(int(low[1]), int(high[1]))), mask


def outline_filled(
    labels: LabelMap, axis: int, index: int, points: npt.ArrayLike, label: int
) -> Edit | None:
    """``label`` inside an outline on one slice; None if it goes round no voxel centre.

    Parameters
    ----------
    labels
        3-D, any axis order.
    axis, index
        The slice. ``points`` are (row, column) on it: the other two axes in their own order.
    points
        See `outline_to_mask`.
    label
        0 erases.
    """
    shape = [size for k, size in enumerate(labels.shape) if k != axis]
    found = outline_to_mask(points, shape)
    if found is None or not 0 <= index < labels.shape[axis]:
        return None
    (rows, columns), mask = found
    box = _slab(axis, index, rows, columns)
    after = labels[box].copy()
    after[np.expand_dims(mask, axis)] = label
    return Edit(box, after)


def slice_copied(
    labels: LabelMap, axis: int, source: int, target: int, label: int | None = None
) -> Edit | None:
    """What is labelled on slice ``source``, written onto slice ``target``; None if that is nothing.

    Background is not copied: what ``target`` has beside it stays. With ``label``, only that one.
    None as well where ``target`` lies outside or has all of it already.
    """
    if not (0 <= source < labels.shape[axis] and 0 <= target < labels.shape[axis]):
        return None
    slices = np.moveaxis(labels, axis, 0)  # `take` would copy the whole array first
    original, former = slices[source], slices[target]
    mask = (original != 0) if label is None else (original == label)
    mask &= original != former
    if not mask.any():
        return None
    rows, columns = (np.flatnonzero(mask.any(axis=1 - k)) for k in (0, 1))
    part = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
    after = np.where(mask, original, former)[part]
    return Edit(_slab(axis, target, *part), np.expand_dims(after, axis))


def _winding_numbers(
    corners: npt.NDArray[np.float64], shape: tuple[int, ...]
) -> npt.NDArray[np.int32]:
    """How often the outline goes round each pixel centre.

    Each edge turns the number by one to the right of where it crosses a row (Sunday 2001,
    "Inclusion of a point in a polygon").
    """
    turns = np.zeros((shape[0], shape[1] + 1), np.int32)
    for (row, column), (next_row, next_column) in zip(
        corners, np.roll(corners, -1, axis=0), strict=True
    ):
        if row == next_row:
            continue
        step = 1 if next_row > row else -1
        first, last = sorted((row, next_row))
        crossed = np.arange(max(0, np.ceil(first)), min(shape[0], np.ceil(last)), dtype=int)
        at = column + (crossed - row) * (next_column - column) / (next_row - row)
        start = np.clip(np.ceil(at), 0, shape[1]).astype(int)
        np.add.at(turns, (crossed, start), step)
    return turns.cumsum(axis=1, dtype=np.int32)[:, :-1]


def _slab(axis: int, index: int, rows: slice, columns: slice) -> Box:
    sides = [rows, columns]
    sides.insert(axis, slice(index, index + 1))
    x, y, z = sides
    return x, y, z
