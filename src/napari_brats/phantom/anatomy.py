"""A brain without a tumour: what fraction of each voxel is which tissue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from napari_brats.core.labels import Mask
from napari_brats.phantom.layout import Layout, make_layout
from napari_brats.phantom.parts import (
    brainstem,
    cerebellum,
    core,
    nuclei,
    outline,
    sylvian,
    ventricles,
)
from napari_brats.phantom.space import Field, Position, Space, inside, smooth_noise

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

    near: Mask
    tissues: Mapping[str, Field]
    brain: Field
    surface_mm: Field
    sulcus_mm: Field


def _sulcus(sheet: Field, depth: Field, reach_mm: Field) -> Field:
    """Distance to sheets that end ``reach_mm`` below the surface."""
    distance: Field = np.hypot(sheet, np.maximum(depth - reach_mm, 0))
    return distance


def _sulcus_distance(layout: Layout) -> Field:
    """Distance in mm from the cerebrum's tissue to its surface in all folds; negative in CSF."""
    a = layout.position[0]
    depth = np.minimum(-layout.hull, a)
    opening = (0.55 + 0.4 * layout.variation) * np.exp(-np.clip(depth, 0, None) / 5)
    deep = np.clip(17 + 6 * layout.variation, 4, 27)
    primary = _sulcus(layout.primary, depth, deep) - 0.2 - opening  # sulci gape at the surface
    secondary = _sulcus(layout.secondary, depth, deep * 0.45) - 0.1 - opening
    folds = np.minimum(np.minimum(primary, secondary), sylvian(layout.position))
    folds = np.minimum(folds, np.minimum(a - 0.6, -layout.hull))
    return np.maximum(folds, -4 * core(layout.position))


def _cortex(layout: Layout, sulcus_mm: Field) -> dict[str, Field]:
    """The cerebrum: a ribbon of grey matter along all folds, white matter within."""
    tissue = inside(-sulcus_mm) * inside(layout.hull)
    ribbon = tissue * inside(sulcus_mm - CORTEX_MM + 0.3 * layout.variation, 1.1)
    return {"gm": ribbon, "wm": tissue - ribbon}


def _add_cerebellum(parts: dict[str, Field], layout: Layout) -> None:
    """Its fine folia fan out from the fourth ventricle, and so do the branches of white matter."""
    a, v, w = layout.position
    surface = np.maximum(cerebellum(layout.position), 2 - layout.hull)
    angle = np.arctan2(w + 34, -(v + 29))
    bend = layout.variation
    white = inside(surface + 9.5 + 5.0 * np.cos(11 * angle + 1.2 * bend + 0.03 * a), 2)
    folia = np.sin(38 * angle + 3 * bend + 0.06 * a)
    gaps = 0.55 * np.clip((folia - 0.35) / 0.65, 0, 1) * inside(-surface - 6, 3)
    body = inside(surface)
    _paint(parts, "cerebellar_gm", body * (1 - gaps) * (1 - white))
    _paint(parts, "wm", body * white)


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
    layout = make_layout(voxels, push, rng)
    sulcus_mm = _sulcus_distance(layout)
    surface_mm = outline(layout.position, layout.hull)
    surface_mm += 0.5 * smooth_noise(voxels, 14, rng)[layout.near]
    brain = inside(surface_mm, 0.5)
    parts = _cortex(layout, sulcus_mm)
    _add_cerebellum(parts, layout)
    _paint(parts, "brainstem", inside(brainstem(layout.position)) * (1 - parts["gm"]))
    for name, distance in nuclei(layout.position).items():
        _paint(parts, name, inside(distance, 1.6))
    _paint(parts, "csf", inside(ventricles(layout.position)))
    tissues = {name: part * brain for name, part in parts.items()}
    tissues["csf"] += brain - sum(tissues.values())
    return Anatomy(layout.near, tissues, brain, surface_mm, sulcus_mm)


def _paint(parts: dict[str, Field], name: str, cover: Field) -> None:
    """Lay a tissue over what is there."""
    for other, part in parts.items():
        parts[other] = part * (1 - cover)
    parts[name] = parts.get(name, np.float32(0)) + cover
