"""The shape of a lesion: its surface, how round it is, and its largest diameter in space."""

from __future__ import annotations

import itertools
import math
from functools import cache

import numpy as np
import numpy.typing as npt

from napari_brats.core.geometry import Affine
from napari_brats.core.labels import Mask

Floats = npt.NDArray[np.float64]
Steps = tuple[int, int, int]

_DIRECTIONS: tuple[Steps, ...] = tuple(
    (x, y, z)
    for x, y, z in itertools.product((-1, 0, 1), repeat=3)
    if (x, y, z) > (0, 0, 0)  # one of each pair of opposite neighbours
)
_HALF_VOXELS = np.vstack([np.eye(3), -np.eye(3)]) / 2


def surface_mm2(mask: Mask, affine: Affine) -> float:
    """The surface area of an (X, Y, Z) mask in mm^2; 0 if it is empty.

    By the Crofton formula: how often lines in 13 directions through the voxels cross the border,
    each direction weighted by its share of all directions (Legland, Kieu & Devaux 2007,
    "Computation of Minkowski measures on 2D and 3D binary images", Image Anal Stereol 26). Unlike
    the marching-cubes elements of `metrics.surface`, about 9 % too large on spheres at every
    resolution, it converges: within 1.5 % on spheres of 5 voxels radius and more (4 % with slices
    three times as thick). Its worst case are faces along the grid, 7 % too small, and sharp edges
    (a cube of 10 voxels: 14 %).
    """
    padded = np.pad(mask, 1)
    voxel_mm3 = abs(float(np.linalg.det(affine[:3, :3])))
    lengths_mm = _direction_lengths_mm(affine)
    area = 0.0
    for step, share, length_mm in zip(
        _DIRECTIONS, _direction_shares(_frozen(affine)), lengths_mm, strict=True
    ):
        here, there = _shifted(padded, step)
        area += 2 * share * np.count_nonzero(here != there) * voxel_mm3 / length_mm
    return float(area)


def sphericity(volume_mm3: float, area_mm2: float) -> float:
    """The surface of a ball of this volume over the surface: 1 for a ball, less for all else.

    Wadell 1935; feature QCFX of the Image Biomarker Standardisation Initiative. Never above 1,
    which the estimated surface of a few voxels would give. NaN without a surface.
    """
    if not area_mm2:
        return math.nan
    return min(1.0, (36 * math.pi * volume_mm3**2) ** (1 / 3) / area_mm2)


def largest_diameter_mm(mask: Mask, affine: Affine) -> float:
    """The distance of the two points of a mask's surface that are farthest apart; 0 if empty.

    Exact, between the middles of voxel faces (as in `measures_lines`): the two points are corners
    of the convex hull, and that hull is the one of the voxels' centres widened by half a voxel
    along each axis. Feature L0JK of the Image Biomarker Standardisation Initiative.
    """
    from scipy.spatial.distance import cdist

    corners = _hull_corners(_row_ends(mask))
    if not corners.size:
        return 0.0
    edges = affine[:3, :3].T
    distances = cdist(corners @ edges, corners @ edges)
    slack_mm = float(np.linalg.norm(edges, axis=1).max())
    first, second = np.nonzero(distances >= distances.max() - slack_mm)
    steps = corners[second] - corners[first]
    wider = _HALF_VOXELS[:, None] - _HALF_VOXELS[None]
    widest = [np.linalg.norm((steps + extra) @ edges, axis=1).max() for extra in _unique(wider)]
    return float(max(widest))


def _unique(wider: Floats) -> Floats:
    different: Floats = np.unique(wider.reshape(-1, 3), axis=0)
    return different


def _row_ends(mask: Mask) -> Floats:
    """(n, 3): the first and the last voxel of every row along axis 2; the hull has no others."""
    rows = np.argwhere(mask.any(axis=2))
    lines = mask[rows[:, 0], rows[:, 1]]
    first = lines.argmax(axis=1)
    last = mask.shape[2] - 1 - lines[:, ::-1].argmax(axis=1)
    ends = np.concatenate([np.column_stack([rows, first]), np.column_stack([rows, last])])
    return np.unique(ends, axis=0).astype(np.float64)


def _hull_corners(points: Floats) -> Floats:
    """The corners of the convex hull; all points where they are few or lie in one plane."""
    from scipy.spatial import ConvexHull, QhullError

    if len(points) < 50:
        return points
    try:
        return points[ConvexHull(points).vertices]
    except QhullError:
        return _flat_hull_corners(points)


def _flat_hull_corners(points: Floats) -> Floats:
    """The corners of the hull of points in one plane, from those widened out of it.

    Widening makes a body whose corners lie above and below the corners that are wanted.
    """
    from scipy.spatial import ConvexHull

    widened = (points[:, None] + _HALF_VOXELS[None]).reshape(-1, 3)
    owners = ConvexHull(widened).vertices // len(_HALF_VOXELS)
    return points[np.unique(owners)]


def _shifted(padded: Mask, step: Steps) -> tuple[Mask, Mask]:
    """The mask and its neighbour in the direction ``step``, as far as both exist."""
    here = tuple(slice(max(0, -s), n - max(0, s)) for s, n in zip(step, padded.shape, strict=True))
    there = tuple(slice(max(0, s), n - max(0, -s)) for s, n in zip(step, padded.shape, strict=True))
    return padded[here], padded[there]


def _direction_lengths_mm(affine: Affine) -> Floats:
    lengths: Floats = np.linalg.norm(np.array(_DIRECTIONS) @ affine[:3, :3].T, axis=1)
    return lengths


def _frozen(affine: Affine) -> tuple[float, ...]:
    return tuple(np.round(affine[:3, :3], 9).ravel().tolist())


@cache
def _direction_shares(matrix: tuple[float, ...]) -> tuple[float, ...]:
    """Each direction's share of all directions in space: its and its opposite's Voronoi cell."""
    from scipy.spatial import SphericalVoronoi

    steps = np.array(_DIRECTIONS) @ np.reshape(matrix, (3, 3)).T
    units = steps / np.linalg.norm(steps, axis=1, keepdims=True)
    areas = SphericalVoronoi(np.concatenate([units, -units])).calculate_areas()
    half = len(units)
    return tuple(((areas[:half] + areas[half:]) / areas.sum()).tolist())
