"""The labels of the slice looked at, for its neighbour."""

from __future__ import annotations

from napari.layers import Labels

from napari_brats.core.edits.edit import Edit
from napari_brats.core.edits.planes import Plane
from napari_brats.core.edits.slices import slice_copied
from napari_brats.core.labels import Label

NOTHING_TO_COPY = "Nothing to copy: slice {source} holds no {what}, or slice {target} has it."
NO_NEIGHBOUR = "There is no {where} slice: this one is at the end."


def neighbour(layer: Labels, plane: Plane, step: int) -> Plane | None:
    """The slice ``step`` further; None beside the label map."""
    index = plane.index + step
    return Plane(plane.axis, index) if 0 <= index < layer.data.shape[plane.axis] else None


def copied(layer: Labels, plane: Plane, target: Plane, label: int | None) -> Edit | str:
    """What copies one label (None: all) from one slice to the other; why not, if nothing does.

    Slices are numbered as the view numbers them, from 1.
    """
    edit = slice_copied(layer.data, plane.axis, plane.index, target.index, label)
    if edit is not None:
        return edit
    names = {int(each): each.name for each in Label}
    what = "label" if label is None else names.get(label, f"label {label}")
    return NOTHING_TO_COPY.format(what=what, source=plane.index + 1, target=target.index + 1)
