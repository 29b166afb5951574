"""Random changes to a training patch. All take and give (C, X, Y, Z) float32 tensors."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

MIRROR_AXIS = 1  # canonical axes are (C, L, P, S): only left-right is a plausible other brain


def augment(
    image: Tensor, regions: Tensor, rng: np.random.Generator, modality_dropout: float
) -> tuple[Tensor, Tensor]:
    """A changed copy of a patch and of its region masks ``(R, X, Y, Z)``.

    Voxels outside the brain stay 0, as `inference.preprocess` makes them.
    """
    if rng.random() < 0.5:
        image, regions = image.flip(MIRROR_AXIS), regions.flip(MIRROR_AXIS)
    if rng.random() < 0.35:
        image, regions = rotate_and_scale(image, regions, rng)
    brain = (image != 0).any(dim=0)
    image = torch.stack([_change_intensities(channel, rng) for channel in image]) * brain
    return drop_modalities(image, rng, modality_dropout), regions


def rotate_and_scale(
    image: Tensor, regions: Tensor, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Both turned by up to 20 degrees about each axis and scaled by 0.8 to 1.2."""
    turn = np.eye(3)
    for axis in range(3):
        angle = math.radians(rng.uniform(-20, 20))
        cos, sin = math.cos(angle), math.sin(angle)
        i, j = [a for a in range(3) if a != axis]
        step = np.eye(3)
        step[i, i], step[i, j], step[j, i], step[j, j] = cos, -sin, sin, cos
        turn = turn @ step
    turn *= rng.uniform(0.8, 1.2)
    theta = torch.zeros(1, 3, 4)
    theta[0, :, :3] = torch.from_numpy(turn)
    grid = functional.affine_grid(theta, [1, 1, *image.shape[1:]], align_corners=False)
    moved = functional.grid_sample(image[None], grid, mode="bilinear", align_corners=False)[0]
    masks = functional.grid_sample(regions[None], grid, mode="nearest", align_corners=False)[0]
    return moved, masks


def drop_modalities(image: Tensor, rng: np.random.Generator, probability: float) -> Tensor:
    """With ``probability`` one channel all zero, with a quarter of it two; never all."""
    draw = rng.random()
    count = 2 if draw < probability / 4 else int(draw < probability)
    if count:
        lost = rng.choice(image.shape[0], size=min(count, image.shape[0] - 1), replace=False)
        image[torch.from_numpy(lost)] = 0
    return image


def _change_intensities(channel: Tensor, rng: np.random.Generator) -> Tensor:
    """Contrast, brightness, gamma, bias field, low resolution, blur and noise, each by chance."""
    channel = channel * float(rng.normal(1, 0.15)) + float(rng.normal(0, 0.15))
    if rng.random() < 0.3:
        low, high = float(channel.min()), float(channel.max())
        span = max(high - low, 1e-6)
        channel = ((channel - low) / span).pow(math.exp(rng.normal(0, 0.25))) * span + low
    if rng.random() < 0.3:
        channel = channel + _smooth_field(channel.shape, rng) * 0.4
    if rng.random() < 0.15:
        channel = _low_resolution(channel, rng)
    if rng.random() < 0.15:
        noise = rng.standard_normal(channel.shape, dtype=np.float32)
        channel = channel + torch.from_numpy(noise) * float(rng.uniform(0.03, 0.25))
    return channel


def _smooth_field(shape: torch.Size, rng: np.random.Generator) -> Tensor:
    """A random field of unit variance that changes over about a third of the patch."""
    coarse = torch.from_numpy(rng.standard_normal((1, 1, 4, 4, 4), dtype=np.float32))
    return functional.interpolate(coarse, size=tuple(shape), mode="trilinear")[0, 0]


def _low_resolution(channel: Tensor, rng: np.random.Generator) -> Tensor:
    """Thick slices along one axis, or coarser voxels along all, interpolated back."""
    factor = float(rng.uniform(1.5, 4))
    axis = int(rng.integers(4))  # 3: all axes
    size = [
        max(2, round(n / (factor if axis == i else factor / 2 if axis == 3 else 1)))
        for i, n in enumerate(channel.shape)
    ]
    small = functional.interpolate(channel[None, None], size=size, mode="trilinear")
    return functional.interpolate(small, size=tuple(channel.shape), mode="trilinear")[0, 0]
