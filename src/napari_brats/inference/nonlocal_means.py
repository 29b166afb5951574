"""Non-local means (Buades 2005, doi:10.1109/CVPR.2005.38) in 3-D, and the level of noise."""

from __future__ import annotations

import itertools
from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from napari_brats.core.labels import Mask

if TYPE_CHECKING:
    from torch import Tensor

FloatArray = npt.NDArray[np.float32]
STRENGTH = 0.6
SEARCH_VOXELS = 2


def noise_sd(image: FloatArray, brain: Mask) -> float:
    """The standard deviation of the noise inside the brain, in the image's units.

    From how much each voxel differs from the mean of its six neighbours (pseudo-residuals, Coupe
    2008, doi:10.1109/TMI.2007.906087), by the median, which edges hardly move. 0 without a brain.
    """
    from scipy import ndimage

    inner = ndimage.binary_erosion(brain)
    if not inner.any():
        return 0.0
    kernel = (ndimage.generate_binary_structure(3, 1) / -6).astype(np.float32)
    kernel[1, 1, 1] = 1
    residual = ndimage.convolve(image, kernel)[inner] * np.sqrt(6 / 7)
    return float(1.4826 * np.median(np.abs(residual)))


def nonlocal_means(
    image: FloatArray,
    brain: Mask,
    sd: float,
    device: str = "cpu",
    strength: float = STRENGTH,
    search_voxels: int = SEARCH_VOXELS,
) -> Generator[float, None, FloatArray]:
    """The image (X, Y, Z) with each voxel the mean of those whose neighbourhood looks alike.

    With d2 the mean squared difference over 27 voxels about both, they weigh
    exp(-max(d2 - 2 sd^2, 0) / h^2), where h is ``strength * sd``; those up to ``search_voxels``
    away along each axis and inside the brain take part. Outside the brain, and without noise
    (``sd`` 0), nothing changes. Yields the share done.
    """
    import torch

    if sd <= 0:
        return image
    with torch.inference_mode():
        x = torch.from_numpy(image).to(device) / sd
        inside = torch.from_numpy(brain).to(device)
        total, weights = x.clone(), torch.ones_like(x)
    steps = itertools.product(range(-search_voxels, search_voxels + 1), repeat=3)
    half = [step for step in steps if step > (0, 0, 0)]  # the other half are their opposites
    for done, step in enumerate(half, start=1):
        with torch.inference_mode():
            here, there = _shifted(step, tuple(x.shape))
            distance = _box_mean((x[here] - x[there]).square_())
            weight = (distance.sub_(2).clamp_(min=0) / -(strength**2)).exp_()
            weight *= inside[here] & inside[there]
            total[here] += weight * x[there]
            total[there] += weight * x[here]
            weights[here] += weight
            weights[there] += weight
        yield done / len(half)
    with torch.inference_mode():
        return (total / weights * sd).cpu().numpy()


def _shifted(
    step: tuple[int, ...], shape: tuple[int, ...]
) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Where pairs of voxels ``step`` apart lie: the first ones, and the second ones."""
    here = tuple(slice(max(0, -s), n - max(0, s)) for s, n in zip(step, shape, strict=True))
    there = tuple(slice(max(0, s), n - max(0, -s)) for s, n in zip(step, shape, strict=True))
    return here, there


def _box_mean(x: Tensor) -> Tensor:
    """The mean over 3x3x3 voxels; at the rim the voxels beyond count as the rim's own."""
    for axis in range(3):
        n = x.shape[axis]
        mean = x.clone()
        mean.narrow(axis, 1, n - 1).add_(x.narrow(axis, 0, n - 1))
        mean.narrow(axis, 0, n - 1).add_(x.narrow(axis, 1, n - 1))
        mean.narrow(axis, 0, 1).add_(x.narrow(axis, 0, 1))
        mean.narrow(axis, n - 1, 1).add_(x.narrow(axis, n - 1, 1))
        x = mean.div_(3)
    return x
