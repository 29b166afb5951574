"""A glioma: necrotic core, enhancing rim, oedema in the white matter, and what it pushes aside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_brats.core.labels import Mask
from napari_brats.phantom.anatomy import Anatomy
from napari_brats.phantom.space import (
    Field,
    Point,
    Position,
    Space,
    ellipsoid,
    inside,
    resample,
    smooth_noise,
)

CENTRE_MM: Point = (33.0, -10.0, 36.0)
"""In the white matter of the LEFT hemisphere, between ventricle and parietal cortex."""
RADII_MM: Point = (19.0, 22.5, 18.5)
PUSH_MM = 10.0
OEDEMA_ML = 42.0
OEDEMA_REACH_MM = 60.0


@dataclass(frozen=True, eq=False)
class Tumour:
    """Fractions of the N voxels of an `Anatomy`, 0..1, none of them in another.

    Attributes
    ----------
    necrosis, rim
        Necrotic core and enhancing tumour.
    oedema
        How much water the tissue around them holds: 1 at the rim, falling outwards.
    oedema_mask
        (N,) bool: where that counts as oedema.
    """

    necrosis: Field
    rim: Field
    oedema: Field
    oedema_mask: Mask


def mass_effect(
    position: Position,
) -> Position:
    """The way in mm from a place to where its tissue was before the tumour grew."""
    offset = [p - c for p, c in zip(position, CENTRE_MM, strict=True)]
    radius = np.sqrt(sum(o * o for o in offset))
    strength = -PUSH_MM * np.exp(-((radius / 34) ** 2)) / np.maximum(radius, PUSH_MM)
    room = np.clip((70 - np.sqrt(sum(p * p for p in position))) / 25, 0, 1)  # none at the skull
    u, v, w = (o * strength * room for o in offset)
    return u, v, w


def grow_tumour(anatomy: Anatomy, voxels: Space, rng: np.random.Generator) -> Tumour:
    """The tumour in ``anatomy``, whose voxels are those of ``voxels`` near the brain."""
    near = anatomy.near
    u, v, w = (np.broadcast_to(axis, voxels.shape)[near] for axis in voxels.mesh())
    noise = {mm: smooth_noise(voxels, mm, rng)[near] for mm in (26, 11, 6)}
    lumps = 2.4 * noise[26] + 1.1 * noise[11] + 0.4 * noise[6]
    core = ellipsoid((u, v, w), CENTRE_MM, RADII_MM) + lumps
    core = np.maximum(core, 0.8 - anatomy.sulcus_mm - np.maximum(-core - 1, 0))  # closes sulci
    thickness = 4.6 + 2.2 * smooth_noise(voxels, 18, rng)[near]
    ragged = 0.9 * smooth_noise(voxels, 7, rng)[near]
    hollow = core + np.clip(thickness, 1.8, 9) + ragged
    whole, necrosis = inside(core) * anatomy.brain, inside(hollow) * anatomy.brain
    spread = _oedema(anatomy, voxels, core)
    mask, water = _limited(spread, anatomy, whole, noise[11], voxels)
    return Tumour(necrosis, whole - necrosis, water * (1 - whole), mask)


def _oedema(anatomy: Anatomy, voxels: Space, core: Field) -> Field:
    """Concentration of fluid that leaks from the core and runs along white matter."""
    u, v, w = (
        np.arange(centre - OEDEMA_REACH_MM, centre + OEDEMA_REACH_MM, 2, dtype=np.float32)
        for centre in CENTRE_MM
    )
    space = Space(u, v, w)
    white = np.zeros(voxels.shape, np.float32)
    white[anatomy.near] = anatomy.tissues["wm"]
    source = np.full(voxels.shape, 9, np.float32)
    source[anatomy.near] = core
    conduct = np.clip(_sampled(white, voxels, space), 0, 1) ** 2 + np.float32(0.004)
    inner = _sampled(source, voxels, space) < 0.5
    fluid = np.zeros(space.shape, np.float32)
    for _ in range(90):
        fluid[inner] = 1
        fluid += _flow(fluid, conduct) - np.float32(0.004) * fluid
    return resample(fluid, space, voxels)[anatomy.near]


def _flow(fluid: Field, conduct: Field) -> Field:
    """One explicit step of diffusion; it runs faster front to back, as the long tracts do."""
    change = np.zeros_like(fluid)
    for axis, rate in enumerate((0.10, 0.18, 0.12)):
        between = np.minimum(
            conduct.take(range(1, fluid.shape[axis]), axis), np.delete(conduct, -1, axis)
        )
        move = rate * between * np.diff(fluid, axis=axis)
        pad = [(0, 0)] * 3
        pad[axis] = (0, 1)
        change += np.pad(move, pad)
        pad[axis] = (1, 0)
        change -= np.pad(move, pad)
    return change


def _sampled(field: Field, source: Space, target: Space) -> Field:
    """``field`` at the points of a coarser grid, linearly; its edge goes on outside."""
    from scipy.ndimage import map_coordinates

    index = np.meshgrid(
        *(
            (t - s[0]) / step
            for s, t, step in zip(source.axes, target.axes, source.steps_mm, strict=True)
        ),
        indexing="ij",
    )
    out: Field = map_coordinates(field, index, order=1, mode="nearest")
    return out


def _limited(
    fluid: Field, anatomy: Anatomy, core: Field, noise: Field, voxels: Space
) -> tuple[Mask, Field]:
    """Where ``OEDEMA_ML`` of the wettest tissue lies (bool), and how wet each voxel is, 0..1."""
    tissue = anatomy.tissues
    holds = tissue["wm"] + 0.25 * (tissue["gm"] + tissue["nuclei"] + tissue["thalamus"])
    wet = np.clip(fluid, 1e-6, 1) * np.exp(0.25 * noise) * holds
    wet[core > 0.5] = 0
    count = int(OEDEMA_ML * 1000 / abs(np.prod(voxels.steps_mm)))
    edge = np.partition(wet, -count)[-count]
    level = np.clip(np.log(np.maximum(wet, 1e-9) / edge), -2, 2)
    water = np.clip(0.5 + 0.4 * level, 0, 1) * np.clip(holds * 1.5, 0, 1)
    return _main_body((wet > edge) | (core > 0.5), anatomy) & (core <= 0.5), water


def _main_body(listed: Mask, anatomy: Anatomy) -> Mask:
    from scipy.ndimage import label

    volume = np.zeros(anatomy.near.shape, np.bool_)
    volume[anatomy.near] = listed
    pieces, _ = label(volume)
    return (pieces == np.bincount(pieces[volume]).argmax())[anatomy.near]
