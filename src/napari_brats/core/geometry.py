"""Voxel grids: spacing, orientation, comparison, and axis orders such as the display's (I, P, L).

Arrays are (X, Y, Z) in the order of their file; an affine maps voxel indices to scanner
millimetres, RAS+ as in nibabel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_brats.core.errors import GeometryError

Affine = npt.NDArray[np.float64]
Spacing = tuple[float, float, float]

DISPLAY_CODES = "IPL"
"""Axis 0 runs superior to inferior, axis 1 anterior to posterior, axis 2 right to left, so napari's
three views are upright and radiological without touching the camera."""

AFFINE_TOLERANCE_MM = 1e-3
"""Float noise of 1e-5 is common in headers; a real misalignment is far above a micrometre."""

SHORTEST_EDGE_MM, LONGEST_EDGE_MM = 1e-5, 1e5
"""Voxel edges outside these come from a damaged header."""


@dataclass(frozen=True, eq=False)
class Grid:
    """The voxel grid of a volume.

    Attributes
    ----------
    shape
        (X, Y, Z) voxels.
    affine
        4x4, voxel index -> scanner mm (RAS+).
    """

    shape: tuple[int, int, int]
    affine: Affine

    def __post_init__(self) -> None:
        if not _is_usable(self.affine):
            raise GeometryError(
                f"The affine is singular or not finite, so its voxels have no place in the "
                f"scanner:\n{self.affine}\nExpected an invertible 4x4 matrix. "
                f"Export the image again from its source."
            )

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Voxel edge lengths in mm, in the array's own axis order."""
        x, y, z = np.sqrt((self.affine[:3, :3] ** 2).sum(axis=0))
        return float(x), float(y), float(z)

    @property
    def voxel_mm3(self) -> float:
        """Volume of one voxel in mm^3."""
        return float(abs(np.linalg.det(self.affine[:3, :3])))

    @property
    def axis_codes(self) -> str:
        """The direction in which each array axis runs, e.g. ``LPS`` for BraTS."""
        from nibabel.orientations import aff2axcodes

        return "".join(aff2axcodes(self.affine))

    @property
    def is_oblique(self) -> bool:
        """Whether an axis leaves the scanner's axes by more than about 0.06 degrees."""
        cosines = self.affine[:3, :3] / np.array(self.spacing_mm)
        return bool((np.abs(cosines).max(axis=0) < 1 - 5e-7).any())

    def difference(self, other: Grid) -> str:
        """How ``other`` differs, in words; empty if both are one grid within the tolerance."""
        if self.shape != other.shape:
            return f"shapes {self.shape} and {other.shape}"
        corners = np.array(np.meshgrid(*[(0, n - 1) for n in self.shape])).reshape(3, -1)
        ends = np.vstack([corners, np.ones(8)])
        gap_mm = float(np.linalg.norm(((self.affine - other.affine) @ ends)[:3], axis=0).max())
        if gap_mm <= AFFINE_TOLERANCE_MM * max(1.0, max(self.shape) / 100):
            return ""
        return (
            f"one shape {self.shape}, but affines that place the voxels up to {gap_mm:.3g} mm "
            f"apart ({self.axis_codes} from {_origin(self)} and {other.axis_codes} from "
            f"{_origin(other)})"
        )

    def is_same(self, other: Grid) -> bool:
        """Whether both are one grid within the tolerance."""
        return not self.difference(other)

    def describe(self) -> str:
        """Shape, spacing, orientation and origin in one line."""
        spacing = " x ".join(f"{s:.4g}" for s in self.spacing_mm)
        shape = "x".join(map(str, self.shape))
        tilt = ", oblique" if self.is_oblique else ""
        return f"{shape} voxels of {spacing} mm, {self.axis_codes}{tilt}, origin {_origin(self)}"


def _is_usable(affine: Affine) -> bool:
    """Whether voxels have edges of a sane length along three clearly different directions."""
    if not np.isfinite(affine).all():
        return False
    with np.errstate(over="ignore"):
        edges_mm = np.linalg.norm(affine[:3, :3], axis=0)
    if edges_mm.min() < SHORTEST_EDGE_MM or edges_mm.max() > LONGEST_EDGE_MM:
        return False
    return bool(abs(np.linalg.det(affine[:3, :3] / edges_mm)) > 1e-4)


def _origin(grid: Grid) -> str:
    return "(" + ", ".join(f"{v + 0.0:.4g}" for v in grid.affine[:3, 3]) + ") mm"


@dataclass(frozen=True)
class AxisOrder:
    """The strides-only change from an (X, Y, Z) array to axes of given directions, and its inverse.

    Attributes
    ----------
    axes
        For each ordered axis, the array axis it takes.
    flips
        For each ordered axis, whether it runs against the array axis.
    """

    axes: tuple[int, int, int]
    flips: tuple[bool, bool, bool]

    def from_disk(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """A view of an (X, Y, Z) array in this order."""
        return array.transpose(self.axes)[self._slices()]

    def to_disk(self, view: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The (X, Y, Z) view of an array in this order; inverse of `from_disk`."""
        return view[self._slices()].transpose(np.argsort(self.axes))

    def spacing_from_disk(self, spacing_mm: Spacing) -> Spacing:
        """Spacing of the array axes, in this order."""
        x, y, z = self.axes
        return spacing_mm[x], spacing_mm[y], spacing_mm[z]

    def index_to_disk(self, index: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, int, int]:
        """The array index (x, y, z) of an index in this order; ``shape`` is the array's."""
        out = [0, 0, 0]
        for value, axis, flip in zip(index, self.axes, self.flips, strict=True):
            out[axis] = shape[axis] - 1 - value if flip else value
        return out[0], out[1], out[2]

    def index_from_disk(
        self, index: tuple[int, int, int], shape: tuple[int, ...]
    ) -> tuple[int, ...]:
        """The index in this order of an array index (x, y, z); inverse of `index_to_disk`."""
        return tuple(
            shape[axis] - 1 - index[axis] if flip else index[axis]
            for axis, flip in zip(self.axes, self.flips, strict=True)
        )

    def point_from_disk(
        self, point: tuple[float, float, float], shape: tuple[int, ...]
    ) -> tuple[float, float, float]:
        """As `index_from_disk`, for a place between voxels."""
        a, b, c = (
            shape[axis] - 1 - point[axis] if flip else point[axis]
            for axis, flip in zip(self.axes, self.flips, strict=True)
        )
        return a, b, c

    def point_to_disk(
        self, point: tuple[float, float, float], shape: tuple[int, ...]
    ) -> tuple[float, float, float]:
        """The place (x, y, z) in the array of one in this order; inverse of `point_from_disk`."""
        out = [0.0, 0.0, 0.0]
        for value, axis, flip in zip(point, self.axes, self.flips, strict=True):
            out[axis] = shape[axis] - 1 - value if flip else value
        return out[0], out[1], out[2]

    def _slices(self) -> tuple[slice, ...]:
        return tuple(slice(None, None, -1 if flip else 1) for flip in self.flips)


def axis_order(affine: Affine, codes: str) -> AxisOrder:
    """The order whose axes run in the directions ``codes``, e.g. `DISPLAY_CODES`.

    Axes of an oblique affine go to their closest directions.
    """
    from nibabel.orientations import axcodes2ornt, io_orientation

    axes, flips = [], []
    have = io_orientation(affine)  # per array axis: its world axis, and +1 towards R, A, S
    world = [int(axis) for axis in have[:, 0]]
    for target, sign in axcodes2ornt(tuple(codes)):
        axis = world.index(int(target))
        axes.append(axis)
        flips.append(bool(have[axis, 1] != sign))
    return AxisOrder((axes[0], axes[1], axes[2]), (flips[0], flips[1], flips[2]))


def display_order(affine: Affine) -> AxisOrder:
    """The order in which an array is shown, see `DISPLAY_CODES`."""
    return axis_order(affine, DISPLAY_CODES)
