"""Distances between surfaces in mm: HD95, Hausdorff, mean distance, surface Dice.

The surface is the one of Nikolov et al. 2018 ("Deep learning to achieve clinically applicable
segmentation of head and neck anatomy"), as the BraTS challenge takes it: a surface element at every
corner of the voxel grid whose eight voxels are not all alike, weighted by the area of the
marching-cubes triangles there (Lorensen & Cline 1987). Distances run between such corners. The
voxel-border HD95 of other libraries is `voxel_border_hd95_mm`.

The geometry is computed once (`surface_distances`), in the bounding box of both masks; the readers
after it are cheap.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from napari_brats.core.boxes import Box, bounding_box
from napari_brats.core.geometry import Spacing
from napari_brats.core.labels import Mask
from napari_brats.metrics.empty import EmptyPolicy
from napari_brats.metrics.nearest import Floats, NearestPoints, keys_of

Corner = tuple[int, int, int]

_CORNERS: tuple[Corner, ...] = tuple(itertools.product((0, 1), repeat=3))  # type: ignore[arg-type]

_TRIANGLES: dict[tuple[Corner, ...], tuple[tuple[int, int, int], ...]] = {
    (): (),
    ((1, 1, 1),): ((1, 1, 1),),
    ((1, 1, 0), (1, 1, 1)): ((2, 2, 0), (2, 2, 0)),
    ((1, 0, 1), (1, 1, 0)): ((1, 1, 1), (1, 1, 1)),
    ((1, 0, 1), (1, 1, 0), (1, 1, 1)): ((1, 1, 1), (2, 2, 2), (4, 0, 0)),
    ((1, 0, 0), (1, 0, 1), (1, 1, 0), (1, 1, 1)): ((4, 0, 0), (4, 0, 0)),
    ((0, 1, 1), (1, 0, 1), (1, 1, 0)): ((1, 1, 1), (1, 1, 1), (1, 1, 1)),
    ((0, 1, 1), (1, 0, 1), (1, 1, 0), (1, 1, 1)): ((1, 1, 1), (1, 1, 1), (2, 2, 2), (2, 2, 2)),
    ((0, 1, 1), (1, 0, 0)): ((1, 1, 1), (1, 1, 1)),
    ((0, 1, 1), (1, 0, 0), (1, 1, 1)): ((0, 2, 2), (0, 2, 2), (1, 1, 1)),
    ((0, 1, 1), (1, 0, 0), (1, 1, 0), (1, 1, 1)): ((0, 2, 2), (1, 1, 1), (2, 0, 2), (3, 3, 3)),
    ((0, 1, 1), (1, 0, 0), (1, 0, 1), (1, 1, 0)): ((1, 1, 1), (1, 1, 1), (2, 2, 2), (4, 0, 0)),
    ((0, 1, 0), (0, 1, 1), (1, 0, 0), (1, 0, 1)): ((2, 2, 0), (2, 2, 0), (2, 2, 0), (2, 2, 0)),
    ((0, 0, 1), (0, 1, 0), (1, 0, 0), (1, 1, 1)): ((1, 1, 1), (1, 1, 1), (1, 1, 1), (1, 1, 1)),
}
"""The 14 marching-cubes cases: filled voxels -> triangles as |normal| in eighths of a voxel face.

A normal is as long as its triangle is large. All 256 follow by turning, mirroring and swapping
inside and outside. The triangulation is the one of the `surface-distance` package.
"""


@dataclass(frozen=True, eq=False)
class SurfaceDistances:
    """How far each element of two surfaces lies from the other surface.

    Attributes
    ----------
    reference_mm, prediction_mm
        Distance of each element of that surface to the other one, ascending; no elements where the
        side is empty, inf where only the other one is.
    reference_mm2, prediction_mm2
        The area of each, in the same order.
    """

    reference_mm: Floats
    reference_mm2: Floats
    prediction_mm: Floats
    prediction_mm2: Floats

    @property
    def empty_sides(self) -> int:
        """How many of the two surfaces do not exist."""
        return (not self.reference_mm.size) + (not self.prediction_mm.size)


def surface_distances(
    reference: Mask,
    prediction: Mask,
    spacing_mm: Spacing,
    nearest: NearestPoints | None = None,
    origin: tuple[int, ...] = (0, 0, 0),
) -> SurfaceDistances:
    """The distances between the surfaces of two (X, Y, Z) masks of one shape.

    Beyond the array everything is background.

    Parameters
    ----------
    reference, prediction
        The masks.
    spacing_mm
        Of the axes, in their order.
    nearest
        What is remembered of an earlier call, if anything.
    origin
        The voxel index of the masks' first voxel in the whole volume; only a memory needs it.
    """
    box = bounding_box(reference | prediction)
    if box is None:
        nothing = np.zeros(0)
        return SurfaceDistances(nothing, nothing, nothing, nothing)
    first = _first_voxel(box, origin)
    areas = neighbour_areas_mm2(spacing_mm)
    codes = [_neighbour_codes(mask[box]) for mask in (reference, prediction)]
    borders = [(code != 0) & (code != 255) for code in codes]
    distances = (nearest or NearestPoints(spacing_mm)).between(
        *(keys_of(border, first) for border in borders)
    )
    sides: list[Floats] = []
    for code, border, distance in zip(codes, borders, distances, strict=True):
        area = areas[code[border]]
        order = np.lexsort((area, distance))
        sides += [distance[order], area[order]]
    return SurfaceDistances(*sides)


def _first_voxel(box: Box, origin: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(side.start + first for side, first in zip(box, origin, strict=True))


def hausdorff_mm(
    distances: SurfaceDistances,
    percent: float = 95.0,
    policy: EmptyPolicy = EmptyPolicy.CHALLENGE,
) -> float:
    """The Hausdorff distance at ``percent`` of the area, the larger of the two directions.

    95 is the challenge's HD95, 100 the farthest element. Empty sides: by policy.
    """
    if distances.empty_sides:
        return policy.distance_mm(both=distances.empty_sides == 2)
    return max(
        _percentile(distances.reference_mm, distances.reference_mm2, percent),
        _percentile(distances.prediction_mm, distances.prediction_mm2, percent),
    )


def _percentile(distance: Floats, area: Floats, percent: float) -> float:
    if percent >= 100:
        return float(distance[-1])
    share = np.cumsum(area) / np.sum(area)
    index = int(np.searchsorted(share, percent / 100))
    return float(distance[min(index, len(distance) - 1)])


def mean_distance_mm(
    distances: SurfaceDistances, policy: EmptyPolicy = EmptyPolicy.CHALLENGE
) -> float:
    """The average symmetric surface distance: area-weighted mean over both. Empty: by policy."""
    if distances.empty_sides:
        return policy.distance_mm(both=distances.empty_sides == 2)
    weighted = (
        distances.reference_mm @ distances.reference_mm2
        + distances.prediction_mm @ distances.prediction_mm2
    )
    return float(weighted / (distances.reference_mm2.sum() + distances.prediction_mm2.sum()))


def surface_dice(
    distances: SurfaceDistances,
    tolerance_mm: float,
    policy: EmptyPolicy = EmptyPolicy.CHALLENGE,
) -> float:
    """The share of both surfaces within ``tolerance_mm`` of the other (NSD). Empty: by policy."""
    if distances.empty_sides:
        return policy.overlap(both=distances.empty_sides == 2)
    near = (
        distances.reference_mm2[distances.reference_mm <= tolerance_mm].sum()
        + distances.prediction_mm2[distances.prediction_mm <= tolerance_mm].sum()
    )
    return float(near / (distances.reference_mm2.sum() + distances.prediction_mm2.sum()))


def voxel_border_hd95_mm(
    reference: Mask,
    prediction: Mask,
    spacing_mm: Spacing,
    policy: EmptyPolicy = EmptyPolicy.CHALLENGE,
    nearest: NearestPoints | None = None,
    origin: tuple[int, ...] = (0, 0, 0),
) -> float:
    """The HD95 between border voxels, unweighted, as MONAI computes it. Empty sides: by policy.

    A border voxel has one of its six neighbours (or the array's edge) outside. The 95th percentile
    of each direction interpolates linearly; the larger one counts. ``nearest`` and ``origin`` as
    for `surface_distances`.
    """
    filled = [bool(mask.any()) for mask in (reference, prediction)]
    box = bounding_box(reference | prediction)
    if box is None or not all(filled):
        return policy.distance_mm(both=not any(filled))
    first = _first_voxel(box, origin)
    distances = (nearest or NearestPoints(spacing_mm)).between(
        *(keys_of(_border_voxels(mask[box]), first) for mask in (reference, prediction))
    )
    return max(float(np.percentile(distance, 95)) for distance in distances)


@cache
def neighbour_areas_mm2(spacing_mm: Spacing) -> Floats:
    """(256,) area of the surface element of each neighbour code; see `_neighbour_codes`."""
    faces = [math.prod(spacing_mm) / spacing for spacing in spacing_mm]
    areas = np.zeros(256)
    for corners, triangles in _TRIANGLES.items():
        for axes in itertools.permutations(range(3)):
            area = sum(
                math.hypot(
                    *(normal[axis] / 8 * face for axis, face in zip(axes, faces, strict=True))
                )
                for normal in triangles
            )
            for flips in _CORNERS:
                code = sum(
                    _weight(tuple(c[axis] ^ flip for axis, flip in zip(axes, flips, strict=True)))
                    for c in corners
                )
                areas[[code, 255 - code]] = area
    areas.flags.writeable = False  # cached: shared by all callers
    return areas


def _weight(corner: tuple[int, ...]) -> int:
    return 128 >> (4 * corner[0] + 2 * corner[1] + corner[2])


def _neighbour_codes(mask: Mask) -> npt.NDArray[np.uint8]:
    """(X+1, Y+1, Z+1): which of the eight voxels around each grid corner are in the mask.

    One bit each, the last voxel in the lowest bit.
    """
    padded = np.pad(mask, 1).view(np.uint8)
    one, two, four = np.uint8(1), np.uint8(2), np.uint8(4)
    pairs = padded[:, :, :-1] << one | padded[:, :, 1:]
    squares = pairs[:, :-1] << two | pairs[:, 1:]
    codes: npt.NDArray[np.uint8] = squares[:-1] << four | squares[1:]
    return codes


def _border_voxels(mask: Mask) -> Mask:
    padded = np.pad(mask, 1)
    inner = mask.copy()
    for axis in range(3):
        for start in (0, 2):
            window = [slice(1, -1)] * 3
            window[axis] = slice(start, start + mask.shape[axis])
            inner &= padded[tuple(window)]
    return mask & ~inner
