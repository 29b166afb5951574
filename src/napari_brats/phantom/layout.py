"""What of the brain is worked out on a coarse grid: its deformation, its hull, its folds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from napari_brats.core.labels import Mask
from napari_brats.phantom.folding import grow_folds
from napari_brats.phantom.parts import cerebrum, outline
from napari_brats.phantom.space import (
    Field,
    Position,
    Space,
    coarse_space,
    resample,
    smooth_noise,
)

COARSE_STEP_MM = 3.0
GYRUS_MM = 12.5


@dataclass(frozen=True, eq=False)
class Layout:
    """What is worked out once on the coarse grid and then refined to the voxels near the brain.

    Attributes
    ----------
    near
        (X, Y, Z) bool: those voxels; all others below are (N,).
    position
        Where each voxel lies in the undeformed brain: (a, v, w).
    hull
        Signed distance to the surface of the cerebrum, as if it had no folds.
    primary, secondary
        Distance to the sheets of the deep and of the shallow sulci.
    variation
        Smooth noise that makes sulci deeper here than there.
    """

    near: Mask
    position: Position
    hull: Field
    primary: Field
    secondary: Field
    variation: Field


def make_layout(
    voxels: Space, push: Callable[[Position], Position], rng: np.random.Generator
) -> Layout:
    """The layout of a brain; parameters as in `anatomy.make_anatomy`."""
    space = coarse_space(COARSE_STEP_MM)
    u, v, w = (np.broadcast_to(axis, space.shape) for axis in space.mesh())
    rest = (u, v, w)
    wobble = _wobble(space, 70, 1.6, rng)
    shape = _mirrored(_shifted(rest, wobble))
    hull = _redistanced(cerebrum(shape), COARSE_STEP_MM)
    pushed = _shifted(rest, push(rest))
    wavy = _shifted(pushed, _wobble(space, 20, 1.7, rng))
    near = resample(outline(shape, hull), space, voxels) < 3
    primary, secondary = (
        _zero_sheets(_folds(hull, shape[0], wavy, space, voxels, rng), voxels)[near]
        for _ in range(2)
    )
    fine = _shifted(_shifted(pushed, wobble), _wobble(space, 22, 0.9, rng))
    u, v, w = (resample(p.astype(np.float32), space, voxels)[near] for p in fine)
    return Layout(
        near,
        _mirrored((u, v, w)),
        resample(hull, space, voxels)[near],
        primary,
        secondary,
        smooth_noise(voxels, 34, rng)[near],
    )


def _folds(
    hull: Field, a: Field, places: Position, space: Space, voxels: Space, rng: np.random.Generator
) -> Field:
    """Folds at ``places``, for each hemisphere its own, on the voxels."""
    from scipy.ndimage import gaussian_filter, map_coordinates

    sides = []
    folded = gaussian_filter(np.maximum(hull, -a), 0.7)
    for side in (1, -1):
        keep = space.u * side > -10
        half = Space(space.u[keep], space.v, space.w)
        within = np.where(half.mesh()[0] * side < 0, np.abs(half.mesh()[0]), folded[keep])
        field = grow_folds(within.astype(np.float32), half, 2 * GYRUS_MM, rng)
        index = [
            (p[keep] - axis[0]) / step
            for p, axis, step in zip(places, half.axes, half.steps_mm, strict=True)
        ]
        moved = map_coordinates(field, index, order=3, mode="nearest")
        sides.append(resample(moved, half, voxels))
    return np.where(voxels.mesh()[0] > 0, *sides)


def _mirrored(position: Position) -> Position:
    return np.abs(position[0]), position[1], position[2]


def _wobble(
    space: Space, wavelength_mm: float, size_mm: float, rng: np.random.Generator
) -> Position:
    u, v, w = (smooth_noise(space, wavelength_mm, rng) * np.float32(size_mm) for _ in range(3))
    return u, v, w


def _shifted(position: Position, by: Position) -> Position:
    u, v, w = (p + d for p, d in zip(position, by, strict=True))
    return u, v, w


def _redistanced(body: Field, step_mm: float) -> Field:
    """True signed distance to the surface of a body given by any function's sign, smoothed."""
    from scipy.ndimage import distance_transform_edt, gaussian_filter

    within = body < 0
    outer = distance_transform_edt(~within) - 0.5
    inner = distance_transform_edt(within) - 0.5
    distance = np.where(within, -inner, outer) * step_mm
    return gaussian_filter(distance.astype(np.float32), 0.8)


def _zero_sheets(field: Field, space: Space) -> Field:
    """Distance to the zero sheets of ``field``, to first order."""
    slope = np.sqrt(sum(g * g for g in np.gradient(field, *map(abs, space.steps_mm))))
    flat = np.maximum(0.13 - slope, 0)  # where stripes meet, a small value is no sulcus
    distance: Field = np.abs(field) / np.maximum(slope, 0.03) + 30 * flat
    return distance
