"""Tumours that no patient had, grown into healthy tissue.

What they look like was measured on the 17 cases: each part's intensity less that of white matter,
in standard deviations of the healthy brain. That scale holds whatever the normalisation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from napari_brats.core.labels import Label, LabelMap, Mask, regions_to_labels
from napari_brats.core.modalities import Modality
from napari_brats.training.augment import blur, random_turn
from napari_brats.training.crop import crop
from napari_brats.training.placed import PlacedLesion, choose_corner
from napari_brats.training.tissue import FloatArray, MappedCase

RADII = (10.0, 30.0)
"""In voxels, of a ball about as large as the tumour: 4 to 113 ml at 1 mm."""
MIN_INSIDE = 0.75
MIN_VOXELS = 300

Pair = tuple[float, float]


@dataclass(frozen=True)
class Kind:
    """A sort of tumour: how often, and the ranges its parts are drawn from.

    Attributes
    ----------
    frequency
        Share of all grown tumours.
    core
        Range of the core's share of the volume.
    rim
        Range of the thickness of the enhancing rim in voxels; (0, 0): none, a thickness beyond
        the core's radius: it enhances throughout.
    gaps
        Range of the share of the rim (or, without one, of the core) that is otherwise.
    raggedness
        Range of how far noise moves the outline, in radii.
    affinity
        How much further it spreads along white matter, in radii.
    looks
        Per part, (mean, standard deviation) of T1N, T2W and T2F against white matter.
    """

    frequency: float
    core: Pair
    rim: Pair
    gaps: Pair
    raggedness: Pair
    affinity: float
    looks: dict[Label, tuple[Pair, Pair, Pair]]


_HIGH = {
    Label.ED: ((-0.45, 0.4), (1.1, 0.45), (2.7, 0.9)),
    Label.NCR: ((-0.7, 0.6), (2.2, 1.0), (3.4, 1.0)),
    Label.ET: ((-0.5, 0.5), (1.2, 0.6), (2.7, 1.0)),
}
_LOW = {
    Label.ED: ((-0.45, 0.35), (1.35, 0.35), (2.0, 0.55)),
    Label.NCR: ((-0.9, 0.55), (2.4, 1.0), (2.6, 0.8)),
    Label.ET: ((-0.4, 0.4), (2.5, 0.6), (2.6, 0.8)),
}
KINDS = {
    "ring": Kind(0.25, (0.06, 0.45), (2, 5), (0, 0.2), (0.25, 0.5), 0.7, _HIGH),
    "solid": Kind(0.15, (0.06, 0.4), (40, 40), (0.05, 0.4), (0.25, 0.5), 0.7, _HIGH),
    "sparse": Kind(0.2, (0.02, 0.1), (40, 40), (0, 0.5), (0.3, 0.6), 0.8, _HIGH),
    "low grade": Kind(0.3, (0.06, 0.7), (0, 0), (0, 0), (0.2, 0.45), 0.4, _LOW),
    "low grade, specks": Kind(0.1, (0.1, 0.6), (0, 0), (0.01, 0.06), (0.2, 0.45), 0.4, _LOW),
}
_CONTRAST_RANGE = (1.0, 3.6)
"""Enhancement: T1C above T1N in the enhancing tumour, in spreads."""


def grow(
    case: MappedCase, modalities: Sequence[Modality], rng: np.random.Generator
) -> PlacedLesion | None:
    """A synthetic tumour for a case, off the tumour it has; None where there is no room.

    An ellipsoid with a wavy outline that spreads along white matter and spares fluid; in it a core
    with an enhancing rim, solid enhancement, little of it or none, as `KINDS` says. The contrasts
    are drawn together, so that they agree; underlying anatomy shows through the oedema.
    """
    frequencies = [kind.frequency for kind in KINDS.values()]
    kind = list(KINDS.values())[rng.choice(len(frequencies), p=frequencies)]
    outline = _Outline.draw(kind, case.shape, rng)
    corner = choose_corner(
        outline.whole > 0, case.tissues, case.shape, [], rng, MIN_INSIDE, avoid_tumour=True
    )
    if corner is None:
        return None
    size = np.array(outline.whole.shape)
    image = crop(case.image, corner, corner + size).astype(np.float32)
    brain = (image != 0).any(axis=0)
    fluid = _softened(brain & case.tissues.thresholds.fluid(image), 0.8)
    white = _softened(brain & case.tissues.thresholds.white(image), 2.0)
    whole = outline.whole + kind.affinity * (white - 0.6) * (outline.whole > -0.6)
    edge = float(rng.uniform(0.08, 0.3))
    core = np.clip(0.5 + outline.core_depth / 2, 0, 1) * brain
    oedema = np.clip(whole / edge, 0, 1) * np.clip(1 - 1.5 * fluid, 0, 1) * brain
    parts = _parts(oedema > 0.35, core > 0.5, outline, kind, rng)
    if np.count_nonzero(parts) < MIN_VOXELS:
        return None
    painted = _paint(image, oedema, core, parts, outline, kind, case, modalities, rng)
    changed = (np.maximum(oedema, core) > 0).astype(np.float32)
    return PlacedLesion(corner, painted, changed, parts)


@dataclass(frozen=True, eq=False)
class _Outline:
    """(X, Y, Z) fields of one tumour: ``whole`` > 0 inside, in radii; depth in the core, voxels."""

    whole: FloatArray
    core_depth: FloatArray
    noise: FloatArray

    @classmethod
    def draw(cls, kind: Kind, case_shape: tuple[int, ...], rng: np.random.Generator) -> _Outline:
        largest = min(RADII[1], min(case_shape) / 4)
        radius = float(np.exp(rng.uniform(np.log(min(RADII[0], largest)), np.log(largest))))
        half = int(np.ceil(radius * 1.6))
        shape = (2 * half + 1,) * 3
        line = np.arange(-half, half + 1, dtype=np.float32) / radius
        grid = np.stack(np.meshgrid(line, line, line, indexing="ij"))
        coarse, fine = _field(shape, 5, rng), _field(shape, max(6, half // 3), rng)
        waves = rng.uniform(*kind.raggedness) * (0.7 * coarse + 0.4 * fine)
        distance = _distance(grid, rng)
        for _ in range(rng.integers(3)):  # more lobes
            moved = grid + rng.normal(0, 0.4, 3).astype(np.float32)[:, None, None, None]
            distance = np.minimum(distance, _distance(moved, rng) / rng.uniform(0.5, 0.9))
        whole = 1 - distance + waves
        extent = rng.uniform(*kind.core) ** (1 / 3)
        shift = rng.normal(0, 0.3, 3) * (1 - extent)
        centred = grid - shift.astype(np.float32)[:, None, None, None]
        core = extent * (1 + waves[::-1]) - _distance(centred, rng)
        core = np.minimum(core, whole - rng.uniform(-0.05, 0.2))
        return cls(whole.astype(np.float32), (core * radius).astype(np.float32), fine)


def _distance(grid: FloatArray, rng: np.random.Generator) -> FloatArray:
    """(X, Y, Z) from the centre of a random ellipsoid of unit volume, 1 on its surface."""
    axes = np.exp(rng.normal(0, 0.2, 3))
    axes /= np.prod(axes) ** (1 / 3)
    matrix = (random_turn(rng, 90, (1, 1)) / axes[:, None]).astype(np.float32)
    return np.asarray(np.linalg.norm(np.tensordot(matrix, grid, 1), axis=0))


def _parts(
    whole: Mask, core: Mask, outline: _Outline, kind: Kind, rng: np.random.Generator
) -> LabelMap:
    """The label map: oedema, core, and what of the core enhances."""
    share = rng.uniform(*kind.gaps)
    threshold = np.quantile(outline.noise[core], 1 - share) if core.any() and share else np.inf
    odd = outline.noise > threshold
    if kind.rim[1] > 0:
        thickness = rng.uniform(*kind.rim) * np.exp(0.4 * outline.noise[::-1])
        enhancing = core & (outline.core_depth < thickness) & ~odd
    else:
        enhancing = core & odd & (outline.core_depth > 1)
    return regions_to_labels(whole, core, enhancing)


def _paint(
    image: FloatArray,
    oedema: FloatArray,
    core: FloatArray,
    parts: LabelMap,
    outline: _Outline,
    kind: Kind,
    case: MappedCase,
    modalities: Sequence[Modality],
    rng: np.random.Generator,
) -> FloatArray:
    """The image with the tumour in it: oedema through which anatomy shows, core, enhancement."""
    looks = _draw_looks(kind, rng)
    shape = oedema.shape
    enhancing = _softened(parts == Label.ET, 0.7)
    oedema = oedema * np.float32(rng.uniform(0.6, 0.9))
    core = core * np.float32(rng.uniform(0.85, 1))
    middle = np.clip((outline.core_depth - 2) / max(3.0, float(outline.core_depth.max()) / 2), 0, 1)
    suppressed = rng.uniform(0.5, 3) * (rng.random() < 0.4)
    shared = 0.7 * _field(shape, 5, rng) + 0.4 * _field(shape, max(6, shape[0] // 8), rng)
    painted = np.empty_like(image)
    for channel, modality in enumerate(modalities):
        texture = 0.35 * shared * (1 if modality in (Modality.T2W, Modality.T2F) else -0.6)
        texture += 0.15 * _field(shape, max(8, shape[0] // 8), rng)
        texture += 0.1 * _field(shape, max(8, shape[0] // 3), rng)
        white, spread = case.tissues.white[channel], case.tissues.spread[channel]
        value = image[channel]
        inner = looks[Label.NCR][modality]
        if modality is Modality.T2F:  # the fluid in a core is dark on T2F, however bright its rim
            inner = inner - suppressed * middle
        for weight, target, roughness in (
            (oedema, looks[Label.ED][modality], 0.8),
            (core, inner, 1.0),
            (enhancing, looks[Label.ET][modality], 2.0 if modality is Modality.T1C else 1.0),
        ):
            value = value + weight * (white + spread * (target + roughness * texture) - value)
        painted[channel] = value
    return painted


def _draw_looks(kind: Kind, rng: np.random.Generator) -> dict[Label, dict[Modality, float]]:
    """Per part and modality, against white matter in spreads; parts of one tumour go together."""
    common = rng.normal(0, 1, 3)
    looks = {}
    for label, ranges in kind.looks.items():
        draws = 0.7 * common + 0.7 * rng.normal(0, 1, 3)
        t1n, t2w, t2f = (m + s * d for (m, s), d in zip(ranges, draws, strict=True))
        enhancement = rng.normal(2.0, 0.8) if label is Label.ET else rng.normal(-0.1, 0.3)
        if label is Label.ET:
            enhancement = np.clip(enhancement, *_CONTRAST_RANGE)
        looks[label] = {
            Modality.T1N: min(t1n, 0.4),
            Modality.T1C: min(t1n, 0.4) + enhancement,
            Modality.T2W: max(t2w, 0.6),
            Modality.T2F: max(t2f, 1.3),
        }
    return looks


def _field(shape: tuple[int, ...], knots: int, rng: np.random.Generator) -> FloatArray:
    """A smooth random (X, Y, Z) field of about unit variance with ``knots`` per axis."""
    coarse = torch.from_numpy(rng.standard_normal((1, 1, *(knots,) * 3), dtype=np.float32))
    field = functional.interpolate(coarse, shape, mode="trilinear", align_corners=True)[0, 0]
    return np.asarray(1.5 * field.numpy())  # interpolation takes about a third of the deviation


def _softened(mask: Mask, sigma: float) -> FloatArray:
    return np.asarray(blur(torch.from_numpy(mask.astype(np.float32)), sigma).numpy())
