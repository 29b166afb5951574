"""Which slice of a label map a tool works on."""

from __future__ import annotations

from dataclasses import dataclass

from napari_brats.core.boxes import Box


@dataclass(frozen=True)
class Plane:
    """One slice of an array: the axis across it, and its index on that axis."""

    axis: int
    index: int


def scope_box(plane: Plane | None, shape: tuple[int, ...]) -> Box:
    """The box of one slice of an array of ``shape``, or of all of it where there is no plane."""
    x, y, z = (
        slice(plane.index, plane.index + 1)
        if plane is not None and axis == plane.axis
        else slice(0, size)
        for axis, size in enumerate(shape)
    )
    return x, y, z
