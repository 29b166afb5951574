"""The smooth brightness that a receive coil lays over an image, and how to divide it out.

A tumour is bright against its surroundings, a coil brightens a whole side of the head: networks
that have seen few patients take the second for the first.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_brats.core.labels import Mask

FloatArray = npt.NDArray[np.float32]
STEP = 4
"""The field is fitted to every so many voxels of each axis."""

MIN_SAMPLES = 1000
LARGEST_FACTOR = 4.0
ROUNDS = 16
CUT = 0.7
"""Beyond so many robust standard deviations a voxel does not count: fluid, vessels and tumour, up
to a quarter of the brain, must not bend the field. (With 1.5 a tumour that filled most of one
hemisphere was taken for the coil.)"""


def flatten(volume: npt.NDArray[Any], foreground: Mask) -> FloatArray:
    """A copy of ``volume`` (X, Y, Z) without the smooth brightness over its ``foreground``.

    The logarithm of the intensity above the darkest level is fitted by a polynomial of degree two
    in space (Meyer, Bland and Pipe 1995, IEEE TMI 14) with Tukey's biweight (Beaton and Tukey 1974,
    doi:10.1080/00401706.1974.10489171), and its exponential divided out. The mean brightness stays.
    Shifting or scaling the intensities, background included, does the same to the result.
    Unchanged where fewer than `MIN_SAMPLES` voxels are sampled.
    """
    values = volume.astype(np.float32)
    inside = foreground[::STEP, ::STEP, ::STEP]
    sampled = values[::STEP, ::STEP, ::STEP]
    if np.count_nonzero(inside) < MIN_SAMPLES:
        return values
    floor = float(np.percentile(sampled[inside], 0.5))
    if not inside.all():
        floor = min(floor, float(sampled[~inside].min()))
    above = sampled[inside] - floor
    if not above.any():
        return values
    logs = np.log(np.maximum(above, 1e-3 * float(np.median(above)) + 1e-30))
    axes = [_legendre(n) for n in values.shape]
    powers = [
        (i, j, k) for i in range(3) for j in range(3 - i) for k in range(3 - i - j) if i + j + k
    ]
    x, y, z = (axis[:, ::STEP] for axis in axes)
    terms = [np.ones(inside.shape, np.float32)] + [
        x[i][:, None, None] * y[j][None, :, None] * z[k][None, None, :] for i, j, k in powers
    ]
    coefficients = _robust_fit(np.stack([term[inside] for term in terms]), logs)[1:]
    field = _evaluate(dict(zip(powers, coefficients.tolist(), strict=True)), axes)
    field -= np.float32(field[::STEP, ::STEP, ::STEP][inside].mean())
    limit = math.log(LARGEST_FACTOR)
    np.clip(field, -limit, limit, out=field)
    np.exp(np.negative(field, out=field), out=field)
    values -= floor
    values *= field
    values += floor
    return values


def _legendre(n: int) -> FloatArray:
    """(3, n): the Legendre polynomials of degree 0 to 2 along an axis from -1 to 1."""
    x = np.linspace(-1, 1, n, dtype=np.float32)
    return np.stack([np.ones_like(x), x, 1.5 * x * x - 0.5])


def _robust_fit(
    terms: npt.NDArray[np.floating], values: npt.NDArray[np.floating]
) -> npt.NDArray[np.float64]:
    """Coefficients (T,) of ``terms`` (T, N) for ``values`` (N,), by reweighted least squares.

    Sums by einsum, not by BLAS: its threads, on top of one per modality, doubled the time.
    """
    design, target = terms.astype(np.float64), values.astype(np.float64)
    ridge = 1e-6 * len(target) * np.eye(len(design))
    rest = target
    for _ in range(ROUNDS):
        rest = rest - np.median(rest)
        scale = 1.4826 * float(np.median(np.abs(rest))) + 1e-6
        weights = (1 - np.minimum(np.abs(rest) / (CUT * scale), 1) ** 2) ** 2
        weighted = design * weights
        square = np.einsum("in,jn->ij", weighted, design)
        found = np.linalg.solve(square + ridge, np.einsum("tn,n->t", weighted, target))
        rest = target - np.einsum("t,tn->n", found, design)
    coefficients: npt.NDArray[np.float64] = found
    return coefficients


def _evaluate(
    coefficients: dict[tuple[int, int, int], float], axes: list[FloatArray]
) -> FloatArray:
    """The polynomial on the whole grid (X, Y, Z), summed up over the powers of the last axis."""
    x, y, z = axes
    planes = np.zeros((3, x.shape[1], y.shape[1]), np.float32)
    for (i, j, k), value in coefficients.items():
        planes[k] += np.float32(value) * np.outer(x[i], y[j])
    planes = planes[..., None]
    field: FloatArray = planes[1] * z[1]
    field += planes[0]  # z[0] is 1 throughout
    field += planes[2] * z[2]
    return field
