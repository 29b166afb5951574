"""Coordinates of the phantom, smooth noise on them, and the shapes it is built of.

Positions are (a, v, w) in mm: u to the patient's left, v to the front, w upwards, from the middle
of the brain; ``a`` is the distance from the midplane, so that one shape serves both hemispheres.
Signed distances are negative inside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Field = npt.NDArray[np.floating[Any]]
Position = tuple[Field, Field, Field]
Point = tuple[float, float, float]

FIELD_OF_VIEW_MM = (240.0, 240.0, 155.0)
CENTRE_MM = (119.5, 125.0, 72.0)
"""Middle of the brain: where it lies in BraTS volumes, counted from the first voxel's centre."""
BRAIN_BOX_MM = ((44.0, 195.0), (30.0, 222.0), (0.0, 155.0))
"""The part of the field of view that is computed; the rest is background."""
NOISE_REACH_MM = 112.0
"""Noise is defined this far from the middle along each axis: more than the brain's box."""
_SPLINE_SPREAD = (151 / 315) ** 1.5
"""Standard deviation of a 3-D sum of cubic B-splines with weights of unit variance."""


@dataclass(frozen=True, eq=False)
class Space:
    """A regular grid of positions; all fields of the phantom live on one.

    Attributes
    ----------
    u, v, w
        Coordinates in mm along each array axis, ascending or descending.
    """

    u: Field
    v: Field
    w: Field

    @property
    def shape(self) -> tuple[int, int, int]:
        """(X, Y, Z) points."""
        return len(self.u), len(self.v), len(self.w)

    @property
    def axes(self) -> tuple[Field, Field, Field]:
        """The three coordinate vectors."""
        return self.u, self.v, self.w

    @property
    def steps_mm(self) -> tuple[float, float, float]:
        """Distance from one point to the next along each axis, with its sign."""
        u, v, w = (float(axis[1] - axis[0]) for axis in self.axes)
        return u, v, w

    def mesh(self) -> Position:
        """(u, v, w), each broadcastable to the grid's shape."""
        return self.u[:, None, None], self.v[None, :, None], self.w[None, None, :]


def voxel_space(shape: tuple[int, int, int]) -> tuple[Space, tuple[slice, slice, slice]]:
    """The grid of the brain's box in a volume of ``shape`` voxels, and the box's place in it."""
    axes, slices = [], []
    for count, field, box, centre in zip(
        shape, FIELD_OF_VIEW_MM, BRAIN_BOX_MM, CENTRE_MM, strict=True
    ):
        step = field / count
        place = (np.arange(count) + 0.5) * step - 0.5
        first, last = np.searchsorted(place, box[0]), np.searchsorted(place, box[1])
        slices.append(slice(int(first), int(last)))
        axes.append((place[first:last] - centre).astype(np.float32))
    return Space(axes[0], -axes[1], axes[2]), (slices[0], slices[1], slices[2])


def coarse_space(step_mm: float) -> Space:
    """A grid over the brain's box with a margin of 6 mm, for fields that are smooth anyway."""
    u, v, w = (
        np.arange(low - 6 - centre, high + 6 - centre, step_mm, dtype=np.float32)
        for (low, high), centre in zip(BRAIN_BOX_MM, CENTRE_MM, strict=True)
    )
    return Space(u, -v, w)


def _splines(coefficients: Field, knots: Sequence[npt.NDArray[np.float64]]) -> Field:
    """Sums of cubic B-splines at positions counted in knot intervals, axis by axis; 0 far outside.

    Written without matrix products, whose rounding would depend on the number of threads.
    """
    out = np.pad(coefficients, 2)
    for axis, places in enumerate(knots):
        place = np.clip(places + 2, 1, out.shape[axis] - 2.001)
        whole = np.floor(place)
        first, t = whole.astype(np.intp) - 1, place - whole
        weights = ((1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, 1 + 3 * t + 3 * t**2 - 3 * t**3, t**3)
        shape = [1, 1, 1]
        shape[axis] = -1
        taps = [
            out.take(first + tap, axis) * (weight / 6).astype(np.float32).reshape(shape)
            for tap, weight in enumerate(weights)
        ]
        out = taps[0] + taps[1] + taps[2] + taps[3]
    return out


def resample(field: Field, source: Space, target: Space) -> Field:
    """``field`` of ``source`` on the points of ``target`` by cubic splines, axis by axis."""
    from scipy.ndimage import spline_filter

    coefficients = spline_filter(field, order=3, output=np.float32, mode="mirror")
    knots = [
        (t.astype(np.float64) - s[0]) / step
        for s, t, step in zip(source.axes, target.axes, source.steps_mm, strict=True)
    ]
    return _splines(coefficients, knots)


def smooth_noise(space: Space, wavelength_mm: float, rng: np.random.Generator) -> Field:
    """Noise of unit variance and about one wavelength, the same in mm on every grid."""
    knot_mm = wavelength_mm / 3.0
    count = int(np.ceil(2 * NOISE_REACH_MM / knot_mm)) + 3
    knots = [(axis.astype(np.float64) + NOISE_REACH_MM) / knot_mm + 1 for axis in space.axes]
    noise = _splines(rng.standard_normal((count,) * 3, dtype=np.float32), knots)
    return noise / np.float32(_SPLINE_SPREAD)


def ellipsoid(position: Position, centre: Point, radii: Point) -> Field:
    """Approximate signed distance to an ellipsoid; exact on its surface to first order."""
    scaled = [(p - c) / r for p, c, r in zip(position, centre, radii, strict=True)]
    k0 = np.sqrt(sum(s * s for s in scaled))
    k1 = np.sqrt(sum((s / r) ** 2 for s, r in zip(scaled, radii, strict=True)))
    return k0 * (k0 - 1) / np.maximum(k1, 1e-6)


def tube(position: Position, points: Sequence[Point], radii: Sequence[float]) -> Field:
    """Signed distance to a chain of cones with round ends."""
    best: Field | None = None
    for start, end, r0, r1 in zip(points, points[1:], radii, radii[1:], strict=False):
        along = np.subtract(end, start)
        offset = [p - s for p, s in zip(position, start, strict=True)]
        t = sum(o * float(d) for o, d in zip(offset, along, strict=True)) / float(along @ along)
        t = np.clip(t, 0, 1)
        gap = np.sqrt(sum((o - t * float(d)) ** 2 for o, d in zip(offset, along, strict=True)))
        distance = gap - (r0 + t * (r1 - r0))
        best = distance if best is None else np.minimum(best, distance)
    if best is None:
        raise ValueError("A tube needs at least two points.")
    return best.astype(np.float32)


def blend(first: Field, second: Field, radius_mm: float) -> Field:
    """The union of two shapes, with the groove between them filled over ``radius_mm``."""
    h = np.clip(0.5 + 0.5 * (second - first) / radius_mm, 0, 1)
    return second + (first - second) * h - radius_mm * h * (1 - h)


def inside(distance: Field, width_mm: float = 0.9) -> Field:
    """How much of a voxel lies inside a shape, 0..1, from the signed distance at its centre."""
    return np.clip(0.5 - distance / width_mm, 0, 1).astype(np.float32)
