"""Altered forms of a case's volumes, as other data sets and scanners might have them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from napari_brats.core.case import Volume
from napari_brats.core.geometry import Grid


def altered(volumes: Sequence[Volume], form: str) -> list[Volume]:
    """The volumes in one of `FORMS`; the random forms are the same in every run."""
    rng = np.random.default_rng(FORMS.index(form))
    return [ALTER[form](volume, rng) for volume in volumes]


def _as_it_is(volume: Volume, rng: np.random.Generator) -> Volume:
    del rng
    return volume


def _clipped(volume: Volume, rng: np.random.Generator) -> Volume:
    """Min-max scaled between percentiles, with a background below all, every other voxel."""
    data, brain = _every_other(volume)
    low, high = np.percentile(data[brain], (0.2, 100 - rng.uniform(0.05, 0.4)))
    data = np.clip((data - low) / (high - low), 0, 1)
    return _with_data(volume, np.where(brain, data, -1).astype(np.float32), (2, 2, 2))


def _gamma_and_bias(volume: Volume, rng: np.random.Generator) -> Volume:
    data, brain = _every_other(volume)
    data = (data / data.max()) ** np.exp(rng.uniform(-0.3, 0.3))
    axes = np.meshgrid(*(np.linspace(-1, 1, n) for n in data.shape), indexing="ij", sparse=True)
    data = data * (1 + sum(rng.uniform(-0.12, 0.12) * axis for axis in axes))
    return _with_data(volume, np.where(brain, data, 0).astype(np.float32), (2, 2, 2))


def _coarse(volume: Volume, rng: np.random.Generator) -> Volume:
    del rng
    return _averaged(volume, (2, 2, 2))


def _thick_slices(volume: Volume, rng: np.random.Generator) -> Volume:
    del rng
    return _averaged(volume, (1, 1, 5))


def _slab(volume: Volume, rng: np.random.Generator) -> Volume:
    del rng
    planes = volume.data.shape[2]
    data = volume.data.copy()
    data[:, :, : int(0.35 * planes)] = 0
    data[:, :, int(0.75 * planes) :] = 0
    return replace(volume, data=data)


ALTER = {
    "as it is": _as_it_is,
    "clipped": _clipped,
    "gamma, bias": _gamma_and_bias,
    "2 mm voxels": _coarse,
    "5 mm slices": _thick_slices,
    "slab": _slab,
}
FORMS = tuple(ALTER)


def _every_other(volume: Volume) -> tuple[np.ndarray, np.ndarray]:
    data = volume.data[::2, ::2, ::2].astype(np.float32)
    return data, data != 0


def _averaged(volume: Volume, block: tuple[int, int, int]) -> Volume:
    """Means over blocks of voxels; 0 where a block's first voxel is background."""
    x, y, z = (n // b for n, b in zip(volume.data.shape, block, strict=True))
    whole = volume.data[: x * block[0], : y * block[1], : z * block[2]].astype(np.float32)
    means = whole.reshape(x, block[0], y, block[1], z, block[2]).mean(axis=(1, 3, 5))
    first = whole[:: block[0], :: block[1], :: block[2]]
    return _with_data(volume, means * (first != 0), block)


def _with_data(volume: Volume, data: np.ndarray, block: tuple[int, int, int]) -> Volume:
    return replace(
        volume, data=data, grid=Grid(data.shape, volume.grid.affine @ np.diag((*block, 1)))
    )
