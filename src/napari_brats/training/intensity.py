"""Changes of intensity that depend on the voxel's value alone, as tables over all float16 values.

A prepared case is float16, which has 65,536 values: however many changes are chained, the patch
pays for one look-up, which is also its conversion to float32.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from napari_brats.training.augment_config import AugmentConfig
from napari_brats.training.tissue import QUANTILES, FloatArray

_VALUES = np.nan_to_num(
    np.arange(65536, dtype=np.uint16).view(np.float16).astype(np.float32), posinf=0, neginf=0
)
_SHARES = np.linspace(0, 1, QUANTILES, dtype=np.float32)
BACKGROUND = (0x0000, 0x8000)  # 0 and -0


def apply_tables(image: npt.NDArray[np.float16], tables: FloatArray | None) -> FloatArray:
    """A (C, X, Y, Z) image as float32, each channel through its row of (C, 65536) ``tables``."""
    if tables is None:
        return image.astype(np.float32)
    codes = np.ascontiguousarray(image).view(np.uint16)
    return np.stack([np.take(t, code) for t, code in zip(tables, codes, strict=True)])


def draw_tables(
    config: AugmentConfig,
    quantiles: FloatArray,
    others: FloatArray,
    scheme_rng: np.random.Generator,
    rng: np.random.Generator,
) -> FloatArray | None:
    """Random (C, 65536) tables for `apply_tables`; None where nothing is changed. 0 stays 0.

    ``quantiles`` (C, 33) are those of the case, ``others`` those of another patient.
    """
    mixes, changes = scheme_rng.random() < config.scheme_mixing, rng.random() < config.intensity
    if not (mixes or changes):
        return None
    tables = np.repeat(_VALUES[None], len(quantiles), axis=0)
    present = quantiles[:, 0] < quantiles[:, -1]
    if mixes:
        scheme = _SCHEMES[scheme_rng.integers(len(_SCHEMES))]
        for channel in np.flatnonzero(present & (others[:, 0] < others[:, -1])):
            target = scheme(quantiles[channel], others[channel], scheme_rng)
            tables[channel] = _through(tables[channel], quantiles[channel], target)
    if changes:
        for channel in np.flatnonzero(present):
            tables[channel] = _change(tables[channel], quantiles[channel], rng)
    tables[:, BACKGROUND] = 0
    return tables


def _clipped(own: FloatArray, _other: FloatArray, rng: np.random.Generator) -> FloatArray:
    """As after clipping at other percentiles and a new z-score (or min-max, which is undone)."""
    low, high = np.interp([rng.uniform(0, 0.04), rng.uniform(0.94, 1)], _SHARES, own)
    return _standardised(np.clip(own, low, high))


def _shifted(own: FloatArray, _other: FloatArray, rng: np.random.Generator) -> FloatArray:
    """A histogram whose landmarks were moved: piecewise linear and rising between few knots."""
    knots = np.linspace(own[0], own[-1], 6)
    steps = np.diff(knots) * np.exp(rng.normal(0, 0.35, 5))
    moved = np.concatenate([[0], np.cumsum(steps)])
    return _standardised(np.interp(own, knots, moved).astype(np.float32))


def _equalised(own: FloatArray, _other: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Towards a histogram in which every intensity is as frequent as any other."""
    weight = rng.uniform(0.3, 1)
    flat = (_SHARES - 0.5) * math.sqrt(12)
    return np.asarray(own * (1 - weight) + flat * weight, dtype=np.float32)


def _of_other(own: FloatArray, other: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Towards the intensities of another patient (landmark matching, after Nyul 2000)."""
    weight = rng.uniform(0.4, 1)
    return np.asarray(own * (1 - weight) + other * weight, dtype=np.float32)


_SCHEMES = (_clipped, _shifted, _equalised, _of_other)


def _standardised(quantiles: FloatArray) -> FloatArray:
    spread = max(float(quantiles.std()), 1e-3)
    return np.asarray((quantiles - quantiles.mean()) / spread, dtype=np.float32)


def _through(values: FloatArray, source: FloatArray, target: FloatArray) -> FloatArray:
    """Values mapped from quantiles to quantiles; beyond the ends by as much as before."""
    inside = np.clip(values, source[0], source[-1])
    mapped = np.interp(inside, source, target) + (values - inside)
    return np.asarray(mapped, dtype=np.float32)


def _change(values: FloatArray, quantiles: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Contrast and brightness always, gamma (upright or upside down) by chance."""
    contrast, brightness = rng.normal(1, 0.15), rng.normal(0, 0.15)
    gamma, applies, inverted = math.exp(rng.normal(0, 0.25)), rng.random() < 0.3, rng.random() < 0.5
    if applies:
        low, span = float(quantiles[0]), float(quantiles[-1] - quantiles[0])
        share = np.clip((values - low) / span, 0, 4)
        share = 1 - np.maximum(1 - share, 0) ** gamma if inverted else share**gamma
        values = share * span + low
    return np.asarray(values * contrast + brightness, dtype=np.float32)
