"""Smooth borders that keep to the edges of images: a random walker with a prior.

Grady, "Multilabel random walker image segmentation using prior models", CVPR 2005: the shares x
that minimise the sum over neighbours of w (x_i - x_j)^2 and over voxels of u (x_i - p_i)^2, with w
small across edges of the images and p what is believed of each voxel beforehand.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_brats.core.geometry import Spacing

FloatArray = npt.NDArray[np.float32]

TOLERANCE = 1e-2
"""Largest error of the equations at which it stops: a share moves by less than that."""

MOST_STEPS = 40


def walk(
    images: FloatArray,
    prior: FloatArray,
    certainty: FloatArray,
    spacing_mm: Spacing,
    edge_weight: float,
) -> FloatArray:
    """The share of each voxel, 0 to 1, by conjugate gradients.

    Parameters
    ----------
    images
        (C, X, Y, Z), finite, with a spread of about 1.
    prior
        (X, Y, Z) from 0 to 1, and ``certainty`` how firmly each voxel holds to it (> 0); against a
        neighbour that looks the same, 1 mm away, which pulls with 1.
    edge_weight
        Neighbours pull with exp(-edge_weight d) / mm^2, d the mean square difference of images.
    """
    pulls = [_pull(images, axis, spacing_mm[axis], edge_weight) for axis in range(3)]
    diagonal = certainty.copy()
    for axis, pull in enumerate(pulls):
        low, high = _neighbours(axis)
        diagonal[low] += pull
        diagonal[high] += pull
    share = prior.copy()
    rest = certainty * prior - _apply(diagonal, pulls, share)
    scaled = rest / diagonal
    step = scaled.copy()
    size = np.vdot(rest, scaled)
    for _ in range(MOST_STEPS):
        if float(np.abs(scaled).max()) < TOLERANCE:
            break
        moved = _apply(diagonal, pulls, step)
        length = np.float32(size / np.vdot(step, moved))
        share += length * step
        rest -= length * moved
        scaled = rest / diagonal
        size, before = np.vdot(rest, scaled), size
        step = scaled + np.float32(size / before) * step
    return share


def _pull(images: FloatArray, axis: int, edge_mm: float, edge_weight: float) -> FloatArray:
    """How strongly each voxel and the next one along ``axis`` hold together."""
    step = np.diff(images, axis=axis + 1)
    pull: FloatArray = np.exp(-edge_weight * np.einsum("c...,c...->...", step, step) / len(images))
    return pull / np.float32(edge_mm**2)


def _apply(diagonal: FloatArray, pulls: list[FloatArray], share: FloatArray) -> FloatArray:
    """The left side of the equations."""
    result: FloatArray = diagonal * share
    for axis, pull in enumerate(pulls):
        low, high = _neighbours(axis)
        result[low] -= pull * share[high]
        result[high] -= pull * share[low]
    return result


def _neighbours(axis: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Indices of all voxels that have a next one along ``axis``, and of those next ones."""
    low = tuple(slice(None, -1) if each == axis else slice(None) for each in range(3))
    high = tuple(slice(1, None) if each == axis else slice(None) for each in range(3))
    return low, high
