"""The two lines that RANO measures a lesion by: its longest axial diameter and the one across it.

Points of a line are corners of the lesion's outline: the middle of a voxel face that separates the
lesion from what surrounds it, as the vertices of the iso-surface mesh of the Image Biomarker
Standardisation Initiative (Zwanenburg et al. 2020, "The image biomarker standardization
initiative", Radiology 295). A single voxel is thus as long as it is wide, and a digital sphere
measures up to one voxel more than the sphere.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import nibabel.orientations as nio
import numpy as np
import numpy.typing as npt

from napari_brats.core.errors import BratsError
from napari_brats.core.geometry import Affine
from napari_brats.core.labels import Mask

Floats = npt.NDArray[np.float64]
Point = tuple[float, float, float]
Ranked = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Floats]
"""Numbers of two points each, and how far they are apart, the longest first."""

RIGHT_ANGLE_TOLERANCE_DEG = 5.0
"""So much may the perpendicular leave the right angle: the corners of an outline lie on a grid."""

_BLOCK = 2048  # lines whose way is looked at together
_COARSE = np.linspace(0, 1, 17)[1:-1]
_SAMPLES_PER_VOXEL = 2


@dataclass(frozen=True)
class Line:
    """A straight line in a volume.

    Attributes
    ----------
    start, end
        Voxel coordinates (x, y, z); whole numbers are the centres of voxels.
    length_mm
        Between them.
    """

    start: Point
    end: Point
    length_mm: float


@dataclass(frozen=True)
class Diameters:
    """The bidimensional measure of a lesion.

    As in the Response Assessment in Neuro-Oncology criteria (RANO: Wen et al. 2010, J Clin Oncol
    28:1963; RANO 2.0: Wen et al. 2023, J Clin Oncol 41:5187).

    Attributes
    ----------
    longest
        The longest line within one axial slice of the lesion, of all slices.
    perpendicular
        The longest one in the same slice at right angles to it.
    by_hand
        Whether a person drew or moved them.
    """

    longest: Line
    perpendicular: Line
    by_hand: bool = False

    @property
    def longest_mm(self) -> float:
        """Length of the longest line."""
        return self.longest.length_mm

    @property
    def perpendicular_mm(self) -> float:
        """Length of the line across it."""
        return self.perpendicular.length_mm

    @property
    def product_mm2(self) -> float:
        """The product of both."""
        return self.longest_mm * self.perpendicular_mm


def line_between(start: Point, end: Point, affine: Affine) -> Line:
    """The line between two voxel coordinates of a volume with this affine."""
    steps = np.subtract(end, start)
    return Line(start, end, float(np.linalg.norm(affine[:3, :3] @ steps)))


def axial_axis(affine: Affine) -> int:
    """The array axis whose slices are closest to axial (it runs closest to head and feet)."""
    return int(np.flatnonzero(nio.io_orientation(affine)[:, 0] == 2)[0])


def axial_diameters(lesion: Mask, passable: Mask, affine: Affine) -> Diameters:
    """The longest line in an axial slice of a lesion and the longest one across it.

    A line starts and ends at the outline of the lesion and runs within ``passable``: a point of
    it counts as within if its voxel, or one that touches it there, is. The two largest lines need
    not cross. Where the grid is so coarse that no line is within `RIGHT_ANGLE_TOLERANCE_DEG` of a
    right angle (lesions of few voxels), that angle is doubled until one is.

    Parameters
    ----------
    lesion
        (X, Y, Z), one lesion.
    passable
        The same shape; what a line may cross, ``lesion`` included.
    affine
        4x4, voxel -> scanner mm (RAS+). Its slices closest to axial are measured.

    Raises
    ------
    BratsError
        If ``lesion`` is empty.
    """
    axis = axial_axis(affine)
    plane = [other for other in range(3) if other != axis]
    edges = affine[:3, plane].T
    found: tuple[_Slice, int, Floats, Floats] | None = None
    best_mm = 0.0
    lesions, ways = np.moveaxis(lesion, axis, 0), np.moveaxis(passable, axis, 0)
    for bound_mm, index in _by_bound(lesions, edges):
        if bound_mm <= best_mm:
            break
        here = _Slice(lesions[index], ways[index], edges)
        line = here.longest(longer_than_mm=best_mm)
        if line is not None:
            found = (here, index, *line)
            best_mm = here.length_mm(*line)
    if found is None:
        raise BratsError("A lesion without a voxel has no diameter. Measure regions that occur.")
    here, index, start, end = found
    longest, across = (
        line_between(_point(first, index, axis), _point(second, index, axis), affine)
        for first, second in ((start, end), here.across(start, end))
    )
    return Diameters(longest, across)


def _point(corner: Floats, index: int, axis: int) -> Point:
    x, y, z = np.insert(corner, axis, index).tolist()
    return x, y, z


def _by_bound(slices: Mask, edges: Floats) -> list[tuple[float, int]]:
    """Each filled slice with a length that no line in it exceeds, the greatest first.

    Among slices with one bound the largest comes first.
    """
    bounds = []
    slack_mm = float(np.linalg.norm(edges, axis=1).max())  # a half voxel at both ends
    for index in np.flatnonzero(slices.any(axis=(1, 2))):
        flat = slices[index]
        rows = np.flatnonzero(flat.any(axis=1))
        first = flat[rows].argmax(axis=1)
        last = flat.shape[1] - 1 - flat[rows, ::-1].argmax(axis=1)
        ends = np.concatenate([np.column_stack([rows, first]), np.column_stack([rows, last])])
        points = ends @ edges
        reach = float(np.sqrt(_squared_distances(points).max()))
        bounds.append((reach + slack_mm, int(np.count_nonzero(flat)), int(index)))
    return [(bound, index) for bound, _, index in sorted(bounds, reverse=True)]


def _squared_distances(points: Floats) -> Floats:
    squares = (points**2).sum(axis=1)
    distances: Floats = squares[:, None] + squares[None] - 2 * (points @ points.T)
    return distances


class _Slice:
    """One slice of a lesion: the corners of its outline, and where a line may run."""

    def __init__(self, lesion: Mask, passable: Mask, edges: Floats) -> None:
        self._corners = _outline_corners(lesion)
        self._points = self._corners @ edges
        self._edges = edges
        self._way = _half_steps(passable)

    def length_mm(self, start: Floats, end: Floats) -> float:
        """The length of a line in the slice."""
        return float(np.linalg.norm((end - start) @ self._edges))

    def longest(self, longer_than_mm: float) -> tuple[Floats, Floats] | None:
        """The ends of the longest line, None if none is longer than that."""
        first, second = np.triu_indices(len(self._corners), 1)
        length = np.linalg.norm(self._points[second] - self._points[first], axis=1)
        longer: Mask = length > longer_than_mm + 1e-9
        return self._first_inside(_ranked(first, second, length, longer))

    def across(self, start: Floats, end: Floats) -> tuple[Floats, Floats]:
        """The ends of the longest line at right angles to the one between two corners."""
        along = (end - start) @ self._edges
        along = along / np.linalg.norm(along)
        first, second = np.triu_indices(len(self._corners), 1)
        steps = self._points[second] - self._points[first]
        length = np.linalg.norm(steps, axis=1)
        cosine = np.abs(steps @ along) / length
        tolerance_deg = RIGHT_ANGLE_TOLERANCE_DEG
        while True:
            fits: Mask = cosine <= math.sin(math.radians(min(tolerance_deg, 90.0)))
            line = self._first_inside(_ranked(first, second, length, fits))
            if line is not None:
                return line
            tolerance_deg *= 2

    def _first_inside(self, pairs: Ranked) -> tuple[Floats, Floats] | None:
        """The ends of the first line that runs where it may."""
        first, second, _ = pairs
        for at in range(0, len(first), _BLOCK):
            starts = self._corners[first[at : at + _BLOCK]]
            ends = self._corners[second[at : at + _BLOCK]]
            hopeful = np.flatnonzero(self._runs_inside(starts, ends, _COARSE))
            for number in hopeful:
                steps = int(np.abs(ends[number] - starts[number]).max() * _SAMPLES_PER_VOXEL) + 2
                way = slice(number, number + 1)
                if self._runs_inside(starts[way], ends[way], np.linspace(0, 1, steps))[0]:
                    return starts[number], ends[number]
        return None

    def _runs_inside(self, starts: Floats, ends: Floats, shares: Floats) -> Mask:
        """For each line whether it is within the passable area at these shares of its way."""
        samples = starts[:, None] + shares[None, :, None] * (ends - starts)[:, None]
        steps = np.rint(2 * samples).astype(np.intp) + 1
        return np.asarray(self._way[steps[..., 0], steps[..., 1]].all(axis=1))


def _ranked(
    first: npt.NDArray[np.intp], second: npt.NDArray[np.intp], length: Floats, chosen: Mask
) -> Ranked:
    first, second, length = first[chosen], second[chosen], length[chosen]
    order = np.argsort(-length, kind="stable")
    return first[order], second[order], length[order]


def _outline_corners(flat: Mask) -> Floats:
    """(n, 2): the middle of every edge between a pixel of the mask and one outside."""
    return np.concatenate(list(_edge_middles(flat)))


def _edge_middles(flat: Mask) -> Iterator[Floats]:
    padded = np.pad(flat, 1)
    for axis in range(2):
        changes = np.argwhere(np.diff(padded, axis=axis)).astype(np.float64)
        changes -= 1.0  # the padding
        changes[:, axis] += 0.5
        yield changes


def _half_steps(flat: Mask) -> Mask:
    """Where a line may run, in half pixels: element (2 i + 1, 2 j + 1) is pixel (i, j).

    Between pixels it may where one of those that touch there is in the mask.
    """
    way = np.zeros((2 * flat.shape[0] + 1, 2 * flat.shape[1] + 1), np.bool_)
    for row in range(3):
        for column in range(3):
            way[row : row + 2 * flat.shape[0] : 2, column : column + 2 * flat.shape[1] : 2] |= flat
    return way
