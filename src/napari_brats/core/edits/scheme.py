"""What becomes of voxels that a tool adds to a label or region, or takes from it.

A label map is one partition: each voxel has one label, and the regions are unions of labels, ET in
TC in WT. So what is taken from one label has to go to another, or to the background, and what is
added is taken from others. This table says from and to whom, with ``keep_nested`` on:

=================  ===========================  ==============================================
target             may take                     what it loses becomes
=================  ===========================  ==============================================
WT                 background                   background
TC                 ED                           the nearest label of the tumour outside TC (ED)
ET, NCR, NET,      the other labels of WT       the nearest other label of the tumour
CYST
ED                 background                   the nearest other label, or background
RC                 background                   the nearest other label, or background
=================  ===========================  ==============================================

"The tumour" is the connected part of WT that the voxel is in; where that has no other label, what
is lost becomes background. So growing or shrinking what lies inside never moves the outline of WT,
and growing WT, ED or RC never eats into the core.

With ``keep_nested`` off a target may take any voxel, and what it loses becomes what is nearest
outside it, the background included.

Voxels added to a region never widen the regions inside it: WT gains ED, TC gains what is nearest of
NCR, NET and CYST (NCR where there is none of them). When a region shrinks, ``cut_inner`` decides
about the regions inside that stick out of its new outline (TC out of WT, ET out of TC): they are
cut with it, or stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_brats.core.components import label_components
from napari_brats.core.edits.targets import Target, labels_in
from napari_brats.core.geometry import Spacing
from napari_brats.core.labels import REGION_LABELS, Label, LabelMap, Mask, Region, union_mask

WT_LABELS, TC_LABELS = REGION_LABELS[Region.WT], REGION_LABELS[Region.TC]
CORE_LABELS = (Label.NCR, Label.NET, Label.CYST)
"""TC without ET."""


@dataclass(frozen=True)
class Scheme:
    """How growing and shrinking treat the labels around and inside; see the module.

    Attributes
    ----------
    keep_nested
        Keep ET and NCR inside WT, and WT where it is while what lies inside changes.
    cut_inner
        Whether a region that shrinks cuts the regions inside that stick out, or leaves them.
    """

    keep_nested: bool = True
    cut_inner: bool = True


NESTED = Scheme()
"""What tools do unless told otherwise."""


def may_take(labels: LabelMap, target: Target, scheme: Scheme) -> Mask:
    """Where a voxel outside ``target`` may be added to it; array of any shape."""
    own = labels_in(target)
    if not scheme.keep_nested:
        return ~union_mask(labels, own)
    if target is Region.TC:
        return labels == Label.ED
    if _is_inner(target):
        return union_mask(labels, set(WT_LABELS) - set(own))
    return labels == 0


def may_fill(labels: LabelMap, target: Target, scheme: Scheme) -> Mask:
    """As `may_take`, for holes: the necrosis that ET goes round is no hole of it."""
    if not scheme.keep_nested:
        return ~union_mask(labels, labels_in(target))
    if target is Region.TC or _is_inner(target):
        return union_mask(labels, (Label.BACKGROUND, Label.ED))
    return labels == 0


def added_to(
    labels: LabelMap, target: Target, added: Mask, spacing_mm: Spacing
) -> npt.NDArray[np.uint8]:
    """The new labels of the ``added`` voxels, in the order of a boolean index."""
    if target is Region.WT:
        return np.full(np.count_nonzero(added), Label.ED, np.uint8)
    if target is Region.TC:
        return nearest_labels(labels, CORE_LABELS, added, spacing_mm, Label.NCR)
    return np.full(np.count_nonzero(added), labels_in(target)[0], np.uint8)


def without(
    labels: LabelMap, target: Target, removed: Mask, spacing_mm: Spacing, scheme: Scheme
) -> LabelMap:
    """A copy with the ``removed`` voxels of ``target`` given to others; 3-D."""
    if not scheme.cut_inner:
        removed = removed & ~union_mask(labels, _inside(target))
    after = labels.copy()
    if scheme.keep_nested and target is Region.WT:
        after[removed] = 0
    elif scheme.keep_nested and (target is Region.TC or _is_inner(target)):
        _give_inside(after, labels, target, removed, spacing_mm)
    else:
        others = set(range(max(Label) + 1)) - set(labels_in(target))
        after[removed] = nearest_labels(labels, others, removed, spacing_mm, 0)
    return after


def nearest_labels(
    labels: LabelMap, wanted: Iterable[int], at: Mask, spacing_mm: Spacing, default: int
) -> npt.NDArray[np.uint8]:
    """For each voxel of ``at``, the label of the nearest voxel that has a ``wanted`` one.

    In the order of a boolean index; ``default`` where there is no such voxel. 3-D; voxels of ``at``
    have no wanted label themselves.
    """
    from scipy.spatial import KDTree

    places = np.argwhere(at)
    rim = _rim(union_mask(labels, wanted))
    sources = np.argwhere(rim)
    if not len(sources) or not len(places):
        return np.full(len(places), default, np.uint8)
    values = labels[rim]
    if (values == values[0]).all():
        return np.full(len(places), values[0], np.uint8)
    _, found = KDTree(sources * np.array(spacing_mm)).query(places * np.array(spacing_mm))
    return values[found]


def _give_inside(
    after: LabelMap, labels: LabelMap, target: Target, removed: Mask, spacing_mm: Spacing
) -> None:
    """Give ``removed`` to the tumour around it, each connected part on its own."""
    others = set(WT_LABELS) - set(labels_in(target))
    parts, _ = label_components(union_mask(labels, WT_LABELS))
    for number in np.unique(parts[removed]):
        here = removed & (parts == number)
        alone = np.where(parts == number, labels, 0)
        after[here] = nearest_labels(alone, others, here, spacing_mm, 0)


def _rim(mask: Mask) -> Mask:
    """The voxels of a 3-D mask with a face neighbour outside it.

    The voxel of a mask that is nearest to a place outside is always one of them.
    """
    inner = mask.copy()
    for axis in range(3):
        lines = np.moveaxis(inner, axis, 0)
        source = np.moveaxis(mask, axis, 0)
        lines[1:] &= source[:-1]
        lines[:-1] &= source[1:]
    return mask & ~inner


def _is_inner(target: Target) -> bool:
    """Whether it is a label or region that lies in TC, but TC itself."""
    return target is not Region.TC and set(labels_in(target)) <= set(TC_LABELS)


def _inside(target: Target) -> tuple[Label, ...]:
    """The labels of the regions inside ``target``."""
    if target is Region.WT:
        return TC_LABELS
    return (Label.ET,) if target is Region.TC else ()
