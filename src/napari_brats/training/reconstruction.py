"""Training the autoencoder on what is healthy: it never sees tumour, neither in input nor in loss.

Two uses, told apart by the network's argument ``residual``. Without it the network learns to say
what hidden parts of a brain look like, from the parts and modalities that it is shown; with it, to
take Rician noise out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import Dataset

from napari_brats.core.labels import Mask
from napari_brats.inference.preprocess import resize
from napari_brats.models.network import Network
from napari_brats.models.networks import build_network
from napari_brats.training.config import TrainConfig
from napari_brats.training.dataset import TrainingCase

MARGIN_VOXELS = 1
"""By so much a tumour is taken to reach beyond its label map."""

NOISE_RANGE = (0.01, 0.12)
"""Standard deviation of the noise to learn, as a share of the brain's brightest tissue."""

HIDDEN_COUNTS = 3.0
"""Weight of what was hidden, against 1 for what only had to be copied."""

LITTLE_TUMOUR = 0.2
"""Share of a coarser voxel that may be tumour without its being hidden."""

Batch = tuple[Tensor, ...]


@dataclass(frozen=True, eq=False)
class _Brain:
    """A case at the network's grid: image (C, X, Y, Z) and where its tumour is (X, Y, Z)."""

    image: npt.NDArray[np.float16]
    tumour: Mask


class ReconstructionObjective:
    """Images from images: the mean absolute error where no tumour is."""

    def network(self, config: TrainConfig) -> Network:
        """The autoencoder of the configuration, with random weights."""
        channels = len(config.modalities)
        arguments: dict[str, Any] = {
            "in_channels": channels if _denoises(config) else channels + 1,
            "out_channels": channels,
            "widths": config.widths,
            "norm": config.norm,
        }
        return build_network(config.network, arguments | dict(config.network_arguments))

    def dataset(self, cases: Sequence[TrainingCase], config: TrainConfig) -> Dataset[Batch]:
        """See `HealthyPatches`."""
        return HealthyPatches(cases, config)

    def loss(self, network: Network, batch: Batch, config: TrainConfig) -> tuple[Tensor, Tensor]:
        """The weighted mean absolute error, and the share of the variance that is explained."""
        del config
        seen, target, weight = batch
        error = network(seen).float() - target
        total = weight.flatten(1).sum(1).clamp(min=1)
        loss = ((error.abs() * weight).flatten(1).sum(1) / total).mean()
        with torch.no_grad():
            wrong = (error.square() * weight).flatten(1).sum(1)
            there = (target.square() * weight).flatten(1).sum(1).clamp(min=1e-6)
            merit = (1 - wrong / there).clamp(0, 1).mean()
        return loss, merit


class HealthyPatches(Dataset[Batch]):
    """Item i: what the network sees, what it is to say, and how much each voxel of that counts.

    It is the same for the same seed, whoever asks and when.
    """

    def __init__(self, cases: Sequence[TrainingCase], config: TrainConfig) -> None:
        pooling = int(config.network_arguments.get("pooling", 1))
        self.cases = tuple(_pooled(case, pooling) for case in cases)
        self.config = config

    def __len__(self) -> int:
        return self.config.steps * self.config.batch_size

    def __getitem__(self, index: int) -> Batch:
        """``(C or C + 1, *patch_size)``, ``(C, *patch_size)`` and its weights, all float32."""
        rng = np.random.default_rng((self.config.seed, index))
        case = self.cases[rng.integers(len(self.cases))]
        image, healthy = _draw_patch(case, self.config.patch_size, rng)
        if _denoises(self.config):
            return noisy_example(image, healthy, rng)
        return hidden_example(image, healthy, rng)


def hidden_example(image: Tensor, healthy: Tensor, rng: np.random.Generator) -> Batch:
    """A patch with holes in it and modalities missing.

    ``image`` is (C, X, Y, Z), 0 outside the brain, and ``healthy`` (X, Y, Z) bool the brain without
    the tumour. The network's last channel is 1 where it may look.
    """
    change = rng.normal((1, 0), 0.1, size=(len(image), 2)).astype(np.float32)
    exists = image.flatten(1).any(dim=1)[:, None, None, None]
    image = (image * _per_channel(change[:, 0]) + _per_channel(change[:, 1])) * (healthy & exists)
    visible = healthy & ~_draw_holes(healthy.shape, rng)
    shown = _per_channel(_draw_modalities(len(image), rng))
    seen = torch.cat([image * visible * shown, visible[None].float()])
    hidden = 1 - visible.float() * shown
    return seen, image, (healthy & exists) * (1 + (HIDDEN_COUNTS - 1) * hidden)


def noisy_example(image: Tensor, healthy: Tensor, rng: np.random.Generator) -> Batch:
    """A patch with Rician noise in each modality (Gudbjartsson 1995, doi:10.1002/mrm.1910340618).

    The image is normalised, so where its signal would be 0 is not known: that is drawn, too. Both
    sides are then normalised as the noisy image would be.
    """
    share = rng.uniform(*NOISE_RANGE)
    seen, target = image.clone(), image.clone()
    for channel in range(len(image)):
        values = image[channel][healthy]
        if not values.numel() or not values.any():
            continue
        low, high = values.min(), values.max()
        floor = low - float(rng.uniform(0, 0.25)) * (high - low)
        sd = float(share * rng.uniform(0.7, 1.3) * (high - floor))
        noise = torch.from_numpy(rng.standard_normal((2, *image.shape[1:]), dtype=np.float32)) * sd
        noisy = torch.hypot(image[channel] - floor + noise[0], noise[1]) + floor
        shift, scale = (noisy - image[channel])[healthy].mean(), (1 + sd**2) ** 0.5
        seen[channel] = (noisy - shift) / scale
        target[channel] = (image[channel] - shift) / scale
    weight = (healthy & (image != 0)).float()
    return seen * weight, target * weight, weight


def _denoises(config: TrainConfig) -> bool:
    return bool(config.network_arguments.get("residual", False))


def _pooled(case: TrainingCase, pooling: int) -> _Brain:
    """A case on a grid ``pooling`` times coarser; what holds a little tumour counts as tumour."""
    if pooling == 1:
        return _Brain(case.image, case.labels > 0)
    size = [max(1, round(n / pooling)) for n in case.labels.shape]
    image = resize(case.image.astype(np.float32), size)
    tumour = resize((case.labels > 0).astype(np.float32)[None], size)[0] > LITTLE_TUMOUR
    return _Brain(image.astype(np.float16), tumour)


def _draw_patch(
    case: _Brain, size: tuple[int, int, int], rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """A patch of the image, and where it is brain without tumour; mirrored half of the time."""
    room = np.maximum(np.array(case.tumour.shape) - size, 0)
    starts = rng.integers(room + 1)
    box = tuple(slice(int(start), int(start) + s) for start, s in zip(starts, size, strict=True))
    image = torch.from_numpy(case.image[(slice(None), *box)].astype(np.float32))
    tumour = torch.from_numpy(case.tumour[box].astype(np.float32))
    missing = [s - n for n, s in zip(tumour.shape, size, strict=True)]
    padding = [p for m in reversed(missing) for p in (0, m)]
    image, tumour = functional.pad(image, padding), functional.pad(tumour, padding)
    reach = 2 * MARGIN_VOXELS + 1
    near = functional.max_pool3d(tumour[None], reach, stride=1, padding=MARGIN_VOXELS)[0] > 0
    healthy = (image != 0).any(dim=0) & ~near
    if rng.random() < 0.5:
        image, healthy = image.flip(1), healthy.flip(0)
    return image * healthy, healthy


def _draw_holes(shape: Sequence[int], rng: np.random.Generator) -> Tensor:
    """Up to four ellipsoids, in two of three patches."""
    holes = np.zeros(tuple(shape), bool)
    for _ in range(max(0, int(rng.integers(-2, 5)))):
        centre = rng.integers(0, shape)
        radius = rng.uniform(0.06, 0.2, size=3) * np.array(shape)
        x, y, z = (
            ((np.arange(n) - c) / r) ** 2 for n, c, r in zip(shape, centre, radius, strict=True)
        )
        holes |= x[:, None, None] + y[:, None] + z < 1
    return torch.from_numpy(holes)


def _draw_modalities(count: int, rng: np.random.Generator) -> np.ndarray[Any, np.dtype[np.float32]]:
    """1 for modalities that are shown: the first half of them, the other, any, or all."""
    shown = np.ones(count, np.float32)
    draw = rng.random()
    if draw < 0.45:
        shown[count // 2 :] = 0
    elif draw < 0.6:
        shown[: count // 2] = 0
    elif draw < 0.85:
        shown[rng.random(count) < 0.5] = 0
    return shown


def _per_channel(values: np.ndarray[Any, np.dtype[np.float32]]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values))[:, None, None, None]
