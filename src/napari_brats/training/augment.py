"""Random changes to a training patch in space and in image quality; lost modalities.

Images are (C, X, Y, Z) float32 tensors that are 0 outside the brain, and stay so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from napari_brats.training.augment_config import AugmentConfig
from napari_brats.training.crop import Size

MIRROR_AXIS = 1  # canonical axes are (C, L, P, S): only left-right is a plausible other brain
MAX_TURN_DEGREES = 20.0
SCALES = (0.8, 1.25)
BEND_KNOTS = 7
BEND_VOXELS = 3.0
BLACK_LEVEL = 4.0
"""By how many standard deviations the mean of a normalised brain lies above true black."""

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Warp:
    """Where a patch takes its voxels from: ``matrix`` (3, 3) about its centre, then ``bend``.

    ``bend`` is a coarse (3, K, K, K) field of displacements in voxels, or None.
    """

    matrix: Matrix
    bend: Tensor | None = None

    def reach(self, size: Size) -> npt.NDArray[np.float64]:
        """(3,) voxels from the patch's centre to the farthest it looks, per axis."""
        bend = 0.0 if self.bend is None else float(self.bend.abs().max())
        return np.abs(self.matrix) @ (np.array(size) / 2) + bend + 1


def draw_warp(
    config: AugmentConfig, rng: np.random.Generator, bend_rng: np.random.Generator
) -> Warp | None:
    """A random warp; None where the patch stays as it is. ``bend_rng`` draws the bending."""
    moves, bends = rng.random() < config.affine, bend_rng.random() < config.elastic
    if not (moves or bends):
        return None
    matrix = random_turn(rng, MAX_TURN_DEGREES, SCALES) if moves else np.eye(3)
    if not bends:
        return Warp(matrix)
    strength = bend_rng.uniform(0.3, 1) * BEND_VOXELS
    bend = bend_rng.standard_normal((3, *(BEND_KNOTS,) * 3), dtype=np.float32) * strength
    return Warp(matrix, torch.from_numpy(bend.astype(np.float32)))


def random_turn(
    rng: np.random.Generator, max_degrees: float, scales: tuple[float, float]
) -> Matrix:
    """A rotation about all three axes times a scale, (3, 3).

    Applied to coordinates: a scale above 1 makes what is seen smaller.
    """
    turn = np.eye(3)
    for axis in range(3):
        angle = math.radians(rng.uniform(-max_degrees, max_degrees))
        i, j = [a for a in range(3) if a != axis]
        step = np.eye(3)
        step[i, i], step[i, j] = math.cos(angle), -math.sin(angle)
        step[j, i], step[j, j] = math.sin(angle), math.cos(angle)
        turn = turn @ step
    return turn * math.exp(rng.uniform(*np.log(scales)))


def warp_patch(
    image: Tensor, labels: Tensor, warp: Warp, centre: npt.NDArray[np.float64], size: Size
) -> tuple[Tensor, Tensor]:
    """The patch of ``size`` about voxel ``centre`` of an image and of its (X, Y, Z) labels.

    Image linearly, labels by the nearest voxel; 0 beyond the image.
    """
    extents = np.array(image.shape[1:], dtype=np.float64)
    theta = np.zeros((3, 4))
    theta[:, :3] = warp.matrix * np.array(size)[None] / extents[:, None]
    theta[:, 3] = (2 * np.asarray(centre) + 1) / extents - 1
    theta[:, :3], theta = theta[:, 2::-1], theta[::-1]  # torch counts the last axis first
    grid = functional.affine_grid(
        torch.from_numpy(theta.astype(np.float32).copy())[None], [1, 1, *size], align_corners=False
    )
    if warp.bend is not None:
        bend = functional.interpolate(warp.bend[None], size, mode="trilinear", align_corners=True)
        scale = torch.from_numpy((2 / extents).astype(np.float32))[:, None, None, None]
        grid = grid + (bend[0] * scale).flip(0).permute(1, 2, 3, 0)[None]
    moved = functional.grid_sample(image[None], grid, mode="bilinear", align_corners=False)[0]
    drawn = functional.grid_sample(
        labels[None, None].float(), grid, mode="nearest", align_corners=False
    )[0, 0]
    return moved, drawn.to(labels.dtype)


def degrade(
    image: Tensor,
    config: AugmentConfig,
    rng: np.random.Generator,
    resolution_rng: np.random.Generator,
) -> Tensor:
    """The image with bias fields, blur, thick slices and noise, per modality by chance."""
    changes = rng.random() < config.intensity
    coarsens = resolution_rng.random() < config.low_resolution
    if not (changes or coarsens):
        return image
    channels = []
    for channel in image:
        brain = channel != 0
        changed = channel
        if changes:
            changed = _blur_and_shade(changed, rng)
        if coarsens and resolution_rng.random() < 0.6:
            changed = low_resolution(changed, resolution_rng)
        if changes and rng.random() < 0.15:
            noise = rng.standard_normal(tuple(channel.shape), dtype=np.float32)
            changed = changed + torch.from_numpy(noise) * float(rng.uniform(0.03, 0.25))
        channels.append(channel if changed is channel else changed * brain)
    return torch.stack(channels)


def drop_modalities(image: Tensor, rng: np.random.Generator, share: float) -> Tensor:
    """With probability ``share`` a copy in which some channels are 0, never all.

    Every subset of channels that is neither full nor empty is as likely as any other.
    """
    channels = image.shape[0]
    if channels < 2 or rng.random() >= share:
        return image
    kept = int(rng.integers(1, 2**channels - 1))  # a bit per channel that stays
    stays = torch.tensor([bool(kept >> channel & 1) for channel in range(channels)])
    return image * stays[:, None, None, None]


def _blur_and_shade(channel: Tensor, rng: np.random.Generator) -> Tensor:
    if rng.random() < 0.3:
        field = _smooth_field(channel.shape, rng) * float(rng.uniform(0.03, 0.12))
        channel = channel + (channel + BLACK_LEVEL) * field
    if rng.random() < 0.1:
        channel = blur(channel, float(rng.uniform(0.4, 1.2)))
    return channel


def blur(channel: Tensor, sigma: float) -> Tensor:
    """An (X, Y, Z) tensor after a Gaussian of ``sigma`` voxels, cut at 2.5 sigma; 0 beyond it."""
    radius = max(1, math.ceil(2.5 * sigma))
    offsets = torch.arange(-radius, radius + 1, dtype=torch.float32)
    weights = torch.exp(-(offsets**2) / (2 * sigma**2))
    weights = weights / weights.sum()
    blurred = channel
    for axis in range(3):
        blurred = _weighted_sum(blurred, weights, axis)
    return blurred


def _weighted_sum(channel: Tensor, weights: Tensor, axis: int) -> Tensor:
    """Along one axis, as shifted additions: several times faster than conv3d on one core."""
    radius, length = len(weights) // 2, channel.shape[axis]
    total = channel * weights[radius]
    for shift in range(1, min(radius, length - 1) + 1):
        weight = float(weights[radius + shift])
        rest = length - shift
        total.narrow(axis, 0, rest).add_(channel.narrow(axis, shift, rest), alpha=weight)
        total.narrow(axis, shift, rest).add_(channel.narrow(axis, 0, rest), alpha=weight)
    return total


def _smooth_field(shape: torch.Size, rng: np.random.Generator) -> Tensor:
    """A random field of about unit variance that changes over about a third of the patch."""
    coarse = torch.from_numpy(rng.standard_normal((1, 1, 4, 4, 4), dtype=np.float32))
    return functional.interpolate(coarse, size=tuple(shape), mode="trilinear")[0, 0]


def low_resolution(channel: Tensor, rng: np.random.Generator) -> Tensor:
    """Thick slices along one axis, or coarser voxels along all, interpolated back."""
    factor = float(rng.uniform(1.5, 5))
    axis = int(rng.integers(4))  # 3: all axes
    factors = [factor if axis == i else max(1, factor / 2) if axis == 3 else 1 for i in range(3)]
    size = [max(2, round(n / f)) for n, f in zip(channel.shape, factors, strict=True)]
    small = functional.interpolate(channel[None, None], size=size, mode="area")
    return functional.interpolate(small, size=tuple(channel.shape), mode="trilinear")[0, 0]
