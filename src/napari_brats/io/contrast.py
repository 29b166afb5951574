"""What voxels tell about the contrast of an image, in a few numbers.

All numbers stay the same when an image is shifted or scaled (z-scored, min-max), mirrored or
turned, and change little with the spacing: values are measured from the brain's median in units of
its spread, and depths are ranked (the surface is the shallowest quarter of the voxels, the core the
deepest third).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_brats.core.geometry import Spacing
from napari_brats.core.labels import Mask

Floats = npt.NDArray[np.float64]

IMAGE_FEATURES = (
    "surface median - core median",
    "surface mean - mean below",
    "middle mean - core mean",
    "log upper tail",
    "log lower tail",
    "skewness of tails",
    "skewness of bulk",
    "core 1st percentile",
    "core 99th percentile",
    "surface spread - core spread",
    "surface 5th - core 5th percentile",
    "surface 95th - core 95th percentile",
)
PAIR_FEATURES = ("correlation", "correlation in the deeper half", "bright excess", "bright residue")
MIRRORED = (1.0, 1.0, -1.0, -1.0)
"""By what a pair's numbers change when its two images are exchanged."""

_SURFACE, _CORE = 25, 67
"""Percentiles of depth."""
_BULK = 4.0
_CEILING = 8.0
_FLOOR = 0.05
_BINS = 16


def depth_in(brain: Mask, spacing_mm: Spacing) -> Floats:
    """(X, Y, Z): mm below the brain's surface; 0 outside."""
    from scipy.ndimage import distance_transform_edt

    depth = distance_transform_edt(np.pad(brain, 1), sampling=spacing_mm)
    return np.asarray(depth[1:-1, 1:-1, 1:-1])


def standardised(values: npt.NDArray[np.generic]) -> Floats:
    """Values with median 0 and (by the quartiles) spread 1; the tails are kept."""
    floats = values.astype(np.float64)
    low, middle, high = np.percentile(floats, (25, 50, 75))
    return np.asarray((floats - middle) / ((high - low) / 1.349 or 1.0))


def image_numbers(values: Floats, depth: Floats) -> Floats:
    """`IMAGE_FEATURES` of one image.

    Parameters
    ----------
    values
        (N,) `standardised` intensities of voxels all over the brain.
    depth
        (N,) mm below the surface.
    """
    bulk = np.clip(values, -_BULK, _BULK)
    shallow, deep = np.percentile(depth, (_SURFACE, _CORE))
    surface, core = depth <= shallow, depth >= deep
    middle = ~(surface | core) if shallow < deep else core
    p1, p5, p20, p50, p80, p95, p997 = np.percentile(values, (1, 5, 20, 50, 80, 95, 99.7))
    top5, top50, top95 = np.percentile(values[surface], (5, 50, 95))
    core1, core5, core50, core95, core99 = np.percentile(values[core], (1, 5, 50, 95, 99))
    return np.array(
        [
            top50 - core50,
            bulk[surface].mean() - bulk[middle | core].mean(),
            bulk[middle].mean() - bulk[core].mean(),
            np.log(max(p997 - p50, _FLOOR)),
            np.log(max(p50 - p1, _FLOOR)),
            _ratio(p95 + p5 - 2 * p50, p95 - p5),
            _ratio(p80 + p20 - 2 * p50, p80 - p20),
            core1,
            min(core99, _CEILING),
            bulk[surface].std() - bulk[core].std(),
            top5 - core5,
            min(top95 - core95, _CEILING),
        ]
    )


def pair_numbers(first: Floats, second: Floats, depth: Floats) -> Floats:
    """`PAIR_FEATURES` of two images, from (N,) `standardised` intensities of the same voxels.

    Excess and residue are positive where ``second`` has bright spots that ``first`` does not
    explain, as T1C has them over T1N: vessels, membranes and plexus take up the contrast agent
    even where the tumour does not.
    """
    a, b = np.clip(first, -_BULK, _BULK), np.clip(second, -_BULK, _BULK)
    below = depth >= np.percentile(depth, 50)
    low, middle, high = np.percentile(second - first, (2, 50, 98))
    return np.array(
        [
            _correlation(a, b),
            _correlation(a[below], b[below]),
            _log_ratio(high - middle, middle - low),
            _residue(second, given=first) - _residue(first, given=second),
        ]
    )


def _residue(values: Floats, given: Floats) -> float:
    """How much further bright voxels stray than dark ones among voxels alike in ``given``."""
    count = values.size // _BINS * _BINS
    alike = values[np.argsort(given, kind="stable")[:count].reshape(_BINS, -1)]
    low, middle, high = np.percentile(alike, (1, 50, 99), axis=1)
    return _log_ratio((high - middle).mean(), (middle - low).mean())


def _correlation(a: Floats, b: Floats) -> float:
    if a.std() == 0 or b.std() == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def _ratio(a: float, b: float) -> float:
    return a / b if b > 0 else 0.0


def _log_ratio(a: float, b: float) -> float:
    return float(np.log(max(a, 1e-3) / max(b, 1e-3)))
