"""The two lines that RANO measures a lesion by: its longest axial diameter and the one across it.

Points of a line are corners of the lesion's outline: the middle of a voxel face that separates the
lesion from what surrounds it, as the vertices of the iso-surface mesh of the Image Biomarker
Standardisation Initiative (Zwanenburg et al. 2020, "The image biomarker standardization
initiative", Radiology 295). A single voxel is thus as long as it is wide, and a digital sphere
measures up to one voxel more than the sphere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import nibabel.orientations as nio
import numpy as np
import numpy.typing as npt

from napari_brats.core.errors import BratsError
from napari_brats.core.geometry import Affine
from napari_brats.core.labels import Mask

Floats = npt.NDArray[np.float64]
Point = tuple[float, float, float]
Halves = npt.NDArray[np.intp]
Chooser = Callable[[slice, Floats], Mask]
"""From some corners, and the squared lengths of their lines to all, to the lines wanted."""

RIGHT_ANGLE_TOLERANCE_DEG = 5.0
"""So much may the perpendicular leave the right angle: the corners of an outline lie on a grid."""

_MOST_CORNERS = 4000  # of a slice; of noise, that has more, only every n-th is looked at
_ROWS = 512  # corners whose lines to all others are looked at together
_BLOCK = 2048  # lines whose way is looked at together
_STAGES = tuple(np.arange(1, parts, 2) / parts for parts in (4, 8, 16, 32))
"""At which shares of its way a line is looked at first: most of those that leave a lesion are found
out so, before all of their way is followed."""


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
    """One slice of a lesion: the corners of its outline, and where a line may run.

    Corners are kept in half voxels, which are whole numbers.
    """

    def __init__(self, lesion: Mask, passable: Mask, edges: Floats) -> None:
        corners = _outline_corners(lesion)
        self._halves = corners[:: 1 + len(corners) // _MOST_CORNERS]
        self._metric = edges @ edges.T / 4  # of steps in half voxels, in mm^2
        self._way = _half_steps(passable)

    def length_mm(self, start: Floats, end: Floats) -> float:
        """The length of a line in the slice."""
        steps = 2 * (end - start)
        return math.sqrt(float(steps @ self._metric @ steps))

    def longest(self, longer_than_mm: float) -> tuple[Floats, Floats] | None:
        """The ends of the longest line, None if none is longer than that."""
        least = (longer_than_mm + 1e-9) ** 2
        return self._first_inside(lambda _part, squares: squares > least)

    def across(self, start: Floats, end: Floats) -> tuple[Floats, Floats]:
        """The ends of the longest line at right angles to the one between two corners."""
        along = self._metric @ (end - start)
        places = self._halves @ (along / math.sqrt(float((end - start) @ along)))
        tolerance_deg = RIGHT_ANGLE_TOLERANCE_DEG
        while True:
            sine = math.sin(math.radians(min(tolerance_deg, 90.0))) + 1e-9
            line = self._first_inside(_at_right_angles(places, sine))
            if line is not None:
                return line
            tolerance_deg *= 2

    def _first_inside(self, choose: Chooser) -> tuple[Floats, Floats] | None:
        """The ends of the longest of the chosen lines that run where they may."""
        first, second, squares = self._with_middle_inside(choose)
        order = np.argsort(-squares, kind="stable")
        for at in range(0, len(order), _BLOCK):
            block = order[at : at + _BLOCK]
            starts, ends = self._halves[first[block]], self._halves[second[block]]
            hopeful = np.arange(len(block))
            for shares in _STAGES:
                hopeful = hopeful[self._runs_inside(starts[hopeful], ends[hopeful], shares)]
            for number in hopeful:
                samples = int(np.abs(ends[number] - starts[number]).max()) + 2
                line = slice(number, number + 1)
                if self._runs_inside(starts[line], ends[line], np.linspace(0, 1, samples))[0]:
                    return starts[number] / 2, ends[number] / 2
        return None

    def _with_middle_inside(self, choose: Chooser) -> tuple[Halves, Halves, Floats]:
        """The corners of the chosen lines whose middle is where they may run; squared lengths."""
        (a, b), (_, c) = self._metric.tolist()
        rows, columns = self._halves.T
        found: list[tuple[Halves, Halves, Floats]] = []
        for at in range(0, len(rows), _ROWS):
            part = slice(at, at + _ROWS)
            down, right = rows[part, None] - rows, columns[part, None] - columns
            squares = a * (down * down) + 2 * b * (down * right) + c * (right * right)
            middles = (rows[part, None] + rows + 2) // 2, (columns[part, None] + columns + 2) // 2
            chosen = np.triu(choose(part, squares), at + 1) & self._way[middles]
            first, second = np.nonzero(chosen)
            found.append((first + at, second, squares[first, second]))
        first, second, lengths = (np.concatenate(column) for column in zip(*found, strict=True))
        return first, second, lengths

    def _runs_inside(self, starts: Halves, ends: Halves, shares: Floats) -> Mask:
        """For each line whether it is within the passable area at these shares of its way."""
        rows, columns = (
            np.rint(starts[:, None, axis] + shares * (ends - starts)[:, None, axis]).astype(np.intp)
            for axis in (0, 1)
        )
        return np.asarray(self._way[rows + 1, columns + 1].all(axis=1))


def _at_right_angles(places: Floats, sine: float) -> Chooser:
    """Chooses lines at right angles to one along which corners lie at these places, in mm.

    ``sine`` is that of the angle by which a line may be off.
    """

    def choose(part: slice, squares: Floats) -> Mask:
        chosen: Mask = np.abs(places[part, None] - places) <= sine * np.sqrt(squares)
        return chosen

    return choose


def _outline_corners(flat: Mask) -> Halves:
    """(n, 2) in half voxels: the middle of every edge between the mask and what is outside."""
    return np.concatenate(list(_edge_middles(flat)))


def _edge_middles(flat: Mask) -> Iterator[Halves]:
    padded = np.pad(flat, 1)
    for axis in range(2):
        changes = 2 * np.argwhere(np.diff(padded, axis=axis)) - 2  # the padding
        changes[:, axis] += 1
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
