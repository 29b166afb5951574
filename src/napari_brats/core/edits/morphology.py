"""Smooth, fill holes, remove islands, keep the largest part, grow and shrink: in mm.

Each tool acts on a label or region, in the volume or on one slice, and gives one `Edit`, or None
where it changes nothing. Label maps are 3-D of any axis order; ``spacing_mm`` is in that order, and
lengths are true on anisotropic voxels. What added and removed voxels become: see
`core.edits.scheme`. Nothing is known beyond the edges of the array: a mask is not cut there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_brats.core.boxes import Box, bounding_box
from napari_brats.core.components import label_components
from napari_brats.core.edits.edit import Edit, changed_part
from napari_brats.core.edits.planes import Plane, scope_box
from napari_brats.core.edits.scheme import (
    NESTED,
    Scheme,
    added_to,
    may_fill,
    may_take,
    nearest_labels,
    without,
)
from napari_brats.core.edits.targets import Target, labels_in
from napari_brats.core.geometry import Spacing
from napari_brats.core.labels import LabelMap, Mask, union_mask

LENGTH_TOLERANCE_MM = 1e-3
"""Voxel edges come from float headers."""

BLUR_REACH = 3.0
"""Standard deviations after which a Gaussian is cut."""


@dataclass(frozen=True, eq=False)
class _Work:
    """The part of a label map that a tool looks at: what it is about with a margin around it."""

    box: Box
    labels: LabelMap
    mask: Mask


def grow(
    labels: LabelMap,
    target: Target,
    by_mm: float,
    spacing_mm: Spacing,
    *,
    plane: Plane | None = None,
    scheme: Scheme = NESTED,
) -> Edit | None:
    """``target`` with every voxel it may take whose centre is within ``by_mm`` of one of its."""
    import edt

    work = _work_on(labels, target, plane, by_mm, spacing_mm)
    if work is None:
        return None
    near = edt.edt(~work.mask, anisotropy=spacing_mm) <= by_mm + LENGTH_TOLERANCE_MM
    added = near & may_take(work.labels, target, scheme)
    after = work.labels.copy()
    after[added] = added_to(work.labels, target, added, spacing_mm)
    return changed_part(labels, work.box, after)


def shrink(
    labels: LabelMap,
    target: Target,
    by_mm: float,
    spacing_mm: Spacing,
    *,
    plane: Plane | None = None,
    scheme: Scheme = NESTED,
) -> Edit | None:
    """``target`` without the voxels whose centre is within ``by_mm`` of one outside it."""
    import edt

    work = _work_on(labels, target, plane, 0.0, spacing_mm)
    if work is None:
        return None
    kept = edt.edt(work.mask, anisotropy=spacing_mm) > by_mm + LENGTH_TOLERANCE_MM
    after = without(work.labels, target, work.mask & ~kept, spacing_mm, scheme)
    return changed_part(labels, work.box, after)


def smooth(
    labels: LabelMap,
    target: Target,
    by_mm: float,
    spacing_mm: Spacing,
    *,
    plane: Plane | None = None,
    scheme: Scheme = NESTED,
) -> Edit | None:
    """``target`` with a smooth outline, and with smooth borders between its labels.

    Each label is blurred by a Gaussian of ``by_mm`` standard deviation. Inside is where they add up
    to more than a half; there the largest wins.
    """
    work = _work_on(labels, target, plane, BLUR_REACH * by_mm, spacing_mm)
    if work is None:
        return None
    sigmas = [
        0.0 if plane is not None and axis == plane.axis else by_mm / edge
        for axis, edge in enumerate(spacing_mm)
    ]
    present = [label for label in labels_in(target) if (work.labels == label).any()]
    shares = np.stack([_blurred(work.labels == label, sigmas) for label in present])
    inside = shares.sum(axis=0) > 0.5
    winner = np.array(present, np.uint8)[shares.argmax(axis=0)]
    taken = inside & (work.mask | may_take(work.labels, target, scheme))
    after = without(work.labels, target, work.mask & ~inside, spacing_mm, scheme)
    after[taken] = winner[taken]
    return changed_part(labels, work.box, after)


def fill_holes(
    labels: LabelMap,
    target: Target,
    spacing_mm: Spacing,
    *,
    plane: Plane | None = None,
    scheme: Scheme = NESTED,
) -> Edit | None:
    """``target`` with its holes filled by its nearest label.

    A hole is what has no way out through faces of voxels: of the volume, or of the slice.
    """
    work = _work_on(labels, target, plane, 0.0, spacing_mm)
    if work is None:
        return None
    rim = [(0, 0) if plane is not None and axis == plane.axis else (1, 1) for axis in range(3)]
    inner = tuple(slice(before, -after or None) for before, after in rim)
    outside, _ = label_components(np.pad(~work.mask, rim, constant_values=True), 6)
    corner = outside[tuple(0 for _ in rim)]
    holes = (outside != corner)[inner] & ~work.mask & may_fill(work.labels, target, scheme)
    after = work.labels.copy()
    after[holes] = nearest_labels(work.labels, labels_in(target), holes, spacing_mm, 0)
    return changed_part(labels, work.box, after)


def remove_islands(
    labels: LabelMap,
    target: Target,
    below_mm3: float,
    spacing_mm: Spacing,
    *,
    plane: Plane | None = None,
    scheme: Scheme = NESTED,
) -> Edit | None:
    """``target`` without its connected parts (by corners) of less than ``below_mm3``.

    Regions inside go with their part. A part of one slice is as thick as that slice.
    """
    work = _work_on(labels, target, plane, 0.0, spacing_mm)
    if work is None:
        return None
    parts, count = label_components(work.mask)
    volumes_mm3 = np.bincount(parts.ravel(), minlength=count + 1) * float(np.prod(spacing_mm))
    return _without_parts(
        labels, work, parts, volumes_mm3 < below_mm3, (target, spacing_mm, scheme)
    )


def keep_largest(
    labels: LabelMap,
    target: Target,
    spacing_mm: Spacing,
    *,
    plane: Plane | None = None,
    scheme: Scheme = NESTED,
) -> Edit | None:
    """``target`` without its connected parts (by corners) but the largest, as `remove_islands`."""
    work = _work_on(labels, target, plane, 0.0, spacing_mm)
    if work is None:
        return None
    parts, count = label_components(work.mask)
    sizes = np.bincount(parts.ravel(), minlength=count + 1)
    dropped = np.ones(count + 1, dtype=bool)
    dropped[1 + sizes[1:].argmax()] = False
    return _without_parts(labels, work, parts, dropped, (target, spacing_mm, scheme))


def _without_parts(
    labels: LabelMap,
    work: _Work,
    parts: npt.NDArray[np.unsignedinteger],
    dropped: npt.NDArray[np.bool_],
    rule: tuple[Target, Spacing, Scheme],
) -> Edit | None:
    target, spacing_mm, scheme = rule
    dropped[0] = False
    cut = Scheme(scheme.keep_nested, cut_inner=True)
    after = without(work.labels, target, dropped[parts], spacing_mm, cut)
    return changed_part(labels, work.box, after)


def _work_on(
    labels: LabelMap, target: Target, plane: Plane | None, margin_mm: float, spacing_mm: Spacing
) -> _Work | None:
    """The box around ``target`` with that margin and a voxel more; None if it does not occur."""
    scope = scope_box(plane, labels.shape)
    found = bounding_box(union_mask(labels[scope], labels_in(target)))
    if found is None:
        return None
    x, y, z = (
        slice(
            max(outer.start, outer.start + side.start - margin),
            min(outer.stop, outer.start + side.stop + margin),
        )
        for outer, side, margin in zip(
            scope, found, (int(margin_mm / edge) + 1 for edge in spacing_mm), strict=True
        )
    )
    part = np.ascontiguousarray(labels[x, y, z])
    return _Work((x, y, z), part, union_mask(part, labels_in(target)))


def _blurred(mask: Mask, sigmas: list[float]) -> npt.NDArray[np.float32]:
    from scipy.ndimage import gaussian_filter

    blurred: npt.NDArray[np.float32] = gaussian_filter(
        mask.astype(np.float32), sigmas, mode="nearest", truncate=BLUR_REACH
    )
    return blurred
