"""A brain without a tumour: what fraction of each voxel is which tissue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_brats.phantom.folding import grow_folds
from napari_brats.phantom.space import (
    Field,
    Space,
    blend,
    coarse_space,
    ellipsoid,
    inside,
    resample,
    smooth_noise,
    tube,
)

COARSE_STEP_MM = 3.0
GYRUS_MM = 12.5
CORTEX_MM = 2.7


@dataclass(frozen=True, eq=False)
class Anatomy:
    """The tissues of a healthy brain, listed over the N voxels in and near it.

    Attributes
    ----------
    near
        (X, Y, Z) bool: which voxels those are.
    tissues
        Name -> (N,) fraction of the voxel, 0..1; they add up to ``brain``.
    brain
        (N,) fraction inside the outline that skull stripping leaves.
    surface_mm
        (N,) signed distance to that outline.
    sulcus_mm
        (N,) signed distance to the CSF around the cerebrum and in its folds.
    """

    near: npt.NDArray[np.bool_]
    tissues: Mapping[str, Field]
    brain: Field
    surface_mm: Field
    sulcus_mm: Field


Position = tuple[Field, Field, Field]


def _cerebrum(position: Position) -> Field:
    """Both hemispheres as one smooth body, without fissures."""
    a, v, w = position
    narrow = 1 - 0.09 * np.clip(v / 86, -0.6, 1)  # the frontal lobes are narrower than the parietal
    rise = w - 18 - 4 * np.clip(-v / 86, 0, 1)
    up, down = np.maximum(rise, 0) / 56, np.minimum(rise, 0) / (40 - 0.10 * v)
    k = (np.abs(a / (66 * narrow)) ** 2.15 + np.abs((v - 0) / 85) ** 2.15) + np.abs(up + down) ** 2.15
    body = (k ** (1 / 2.15) - 1) * 58
    tilted = (a - 0.12 * v, v, w - 0.10 * v)
    temporal = ellipsoid(tilted, (41, 6, -22), (22, 46, 20))
    return blend(body, temporal, 5)


def _cerebellum(position: Position) -> Field:
    lobe = ellipsoid(position, (25, -53, -36), (28, 28, 25))
    vermis = ellipsoid(position, (0, -52, -36), (10, 25, 23))
    return blend(lobe, vermis, 8)


def _brainstem(position: Position) -> Field:
    chain = tube(
        position,
        [(0, -15, -8), (0, -14, -16), (0, -16, -46), (0, -21, -63)],
        [12, 10, 9, 8],
    )
    return blend(chain, ellipsoid(position, (0, -7, -29), (18, 13, 13)), 4)


def _ventricles(position: Position) -> Field:
    a, v, w = position
    lateral = tube(
        (a * 1.25, v, w),
        [(13, 34, 10), (10, 23, 17), (8, 2, 23), (13, -20, 24), (27, -36, 15), (29, -60, 10)],
        [4, 7, 6, 6, 8.5, 2],
    )
    temporal = tube(position, [(24, -36, 14), (34, -24, -6), (32, -4, -18)], [5, 2.5, 1.5])
    third = ellipsoid(position, (0, -8, 3), (2.1, 15, 11))
    fourth = ellipsoid(position, (0, -28, -33), (7, 5, 10))
    septum = 1.0 - a  # keeps the two lateral ventricles apart
    return np.minimum(
        np.maximum(np.minimum(lateral, temporal), septum), np.minimum(third, fourth)
    )


def _nuclei(position: Position) -> dict[str, Field]:
    caudate = np.minimum(
        ellipsoid(position, (14, 21, 8), (5.5, 11, 9)),
        tube(position, [(15, 14, 16), (17, 0, 23), (20, -18, 23)], [4, 3, 1.5]),
    )
    a, v, w = position
    bent = (a - 0.004 * (v - 4) ** 2, v, w)
    putamen = ellipsoid(bent, (25, 4, 3), (5, 17, 11))
    return {
        "nuclei": np.minimum(caudate, putamen),
        "thalamus": ellipsoid((a - 0.25 * (v + 16) * -1, v, w), (12, -16, 7), (9, 15, 9)),
        "pallidum": ellipsoid(bent, (17.5, 0, 1), (4.5, 9, 7)),
    }


def _core(position: Position) -> Field:
    """Where no fold reaches: between the corpus callosum and the brainstem."""
    callosum = ellipsoid(position, (0, -2, 9), (26, 40, 25))
    return blend(callosum, _brainstem(position) - 3, 6)


def _sylvian(position: Position) -> Field:
    """Signed distance to the CSF of the Sylvian fissure and of the insula's cleft."""
    a, v, w = position
    height = -6 - 0.30 * (v - 10) + 2.5 * np.sin(v / 11)
    ends = np.maximum(np.maximum(v - 34, -40 - v), 0)
    lateral = np.sqrt((w - height) ** 2 + ends**2 + np.maximum(37 - a, 0) ** 2)
    reach = np.maximum(np.abs(w - height - 3) - 12, 0)
    along = np.maximum(np.maximum(v - 24, -18 - v), 0)
    cleft = np.sqrt((a - 37 - 0.004 * (v - 4) ** 2 - 1.2 * np.sin(v / 5 + w / 9)) ** 2 + reach**2 + along**2)
    return np.minimum(lateral - 0.7, cleft - 0.45)


def _wobble(space: Space, wavelength_mm: float, size_mm: float, rng: np.random.Generator) -> Position:
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


@dataclass(frozen=True, eq=False)
class _Layout:
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

    near: npt.NDArray[np.bool_]
    position: Position
    hull: Field
    primary: Field
    secondary: Field
    variation: Field


def _layout(
    voxels: Space, push: Callable[[Position], Position], rng: np.random.Generator
) -> _Layout:
    space = coarse_space(COARSE_STEP_MM)
    u, v, w = (np.broadcast_to(axis, space.shape) for axis in space.mesh())
    rest = (u, v, w)
    wobble = _wobble(space, 70, 1.6, rng)
    shape = _mirrored(_shifted(rest, wobble))
    hull = _redistanced(_cerebrum(shape), COARSE_STEP_MM)
    pushed = _shifted(rest, push(rest))
    wavy = _shifted(pushed, _wobble(space, 20, 1.7, rng))
    near = resample(_outline(shape, hull), space, voxels) < 3
    sheets = [
        _zero_sheets(_folds(hull, shape[0], wavy, space, voxels, rng), voxels)[near]
        for _ in ("primary", "secondary")
    ]
    fine = _shifted(_shifted(pushed, wobble), _wobble(space, 22, 0.9, rng))
    u, v, w = (resample(p.astype(np.float32), space, voxels)[near] for p in fine)
    return _Layout(
        near,
        _mirrored((u, v, w)),
        resample(hull, space, voxels)[near],
        *sheets,
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


def _outline(position: Position, cerebrum: Field) -> Field:
    """Signed distance to what skull stripping leaves: all parts, the cisterns between them filled."""
    both = blend(cerebrum, _cerebellum(position), 7)
    return blend(both, _brainstem(position), 7) - 0.5


def _zero_sheets(field: Field, space: Space) -> Field:
    """Distance to the zero sheets of ``field``, to first order."""
    slope = np.sqrt(sum(g * g for g in np.gradient(field, *map(abs, space.steps_mm))))
    flat = np.maximum(0.13 - slope, 0)  # where stripes meet, a small value is no sulcus
    distance: Field = np.abs(field) / np.maximum(slope, 0.03) + 30 * flat
    return distance


def _sulcus(sheet: Field, depth: Field, reach_mm: Field) -> Field:
    """Distance to sheets that end ``reach_mm`` below the surface."""
    distance: Field = np.hypot(sheet, np.maximum(depth - reach_mm, 0))
    return distance


def _sulcus_distance(layout: _Layout) -> Field:
    """Distance in mm from the cerebrum's tissue to its surface in all folds; negative in CSF."""
    a = layout.position[0]
    depth = np.minimum(-layout.hull, a)
    opening = (0.55 + 0.4 * layout.variation) * np.exp(-np.clip(depth, 0, None) / 5)
    deep = np.clip(17 + 6 * layout.variation, 4, 27)
    primary = _sulcus(layout.primary, depth, deep) - 0.2 - opening  # sulci gape at the surface
    secondary = _sulcus(layout.secondary, depth, deep * 0.45) - 0.1 - opening
    folds = np.minimum(np.minimum(primary, secondary), _sylvian(layout.position))
    folds = np.minimum(folds, np.minimum(a - 0.6, -layout.hull))
    return np.maximum(folds, -4 * _core(layout.position))


def _cerebellar_tissues(layout: _Layout) -> tuple[Field, Field, Field]:
    """Signed distance to the cerebellum, its white matter and the CSF between its folia."""
    a, v, w = layout.position
    body = np.maximum(_cerebellum(layout.position), 2 - layout.hull)
    angle = np.arctan2(w + 34, -(v + 29))
    bend = layout.variation
    ragged = 9.5 + 5.0 * np.cos(11 * angle + 1.2 * bend + 0.03 * a)
    white = inside(body + ragged, 2)
    folia = np.sin(38 * angle + 3 * bend + 0.06 * a)
    gaps = 0.55 * np.clip((folia - 0.35) / 0.65, 0, 1) * inside(-body - 6, 3)
    return body, white, gaps


def make_anatomy(
    voxels: Space, push: Callable[[Position], Position], rng: np.random.Generator
) -> Anatomy:
    """The healthy brain on ``voxels``.

    Parameters
    ----------
    voxels
        Its grid.
    push
        From positions (u, v, w) to the way in mm to the place in the undeformed brain; the mass
        effect of a tumour.
    rng
        Decides the course of the folds and the shape of the rest.
    """
    layout = _layout(voxels, push, rng)
    sulcus = _sulcus_distance(layout)
    cerebellum, arbor, gaps = _cerebellar_tissues(layout)
    outline = _outline(layout.position, layout.hull)
    outline += 0.5 * smooth_noise(voxels, 14, rng)[layout.near]
    brain = inside(outline, 0.5)
    parenchyma = inside(-sulcus) * inside(layout.hull)
    ribbon = parenchyma * inside(sulcus - CORTEX_MM + 0.3 * layout.variation, 1.1)
    body = inside(cerebellum)
    parts = {"gm": ribbon, "wm": parenchyma - ribbon}
    _paint(parts, "cerebellar_gm", body * (1 - gaps) * (1 - arbor))
    _paint(parts, "wm", body * arbor)
    _paint(parts, "brainstem", inside(_brainstem(layout.position)) * (1 - parts["gm"]))
    for name, distance in _nuclei(layout.position).items():
        _paint(parts, name, inside(distance, 1.6))
    _paint(parts, "csf", inside(_ventricles(layout.position)))
    tissues = {name: part * brain for name, part in parts.items()}
    tissues["csf"] += brain - sum(tissues.values())
    return Anatomy(layout.near, tissues, brain, outline, sulcus)


def _paint(parts: dict[str, Field], name: str, cover: Field) -> None:
    for other in parts:
        parts[other] = parts[other] * (1 - cover)
    parts[name] = parts.get(name, np.float32(0)) + cover
