"""What a network is trained for: which network, which patches, which loss.

The loop knows nothing else of it. `RegionObjective` trains the U-Nets; the autoencoder's is in
`reconstruction`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import Dataset

from napari_brats.models.network import Network
from napari_brats.models.networks import build_network
from napari_brats.models.unet import UNet3D
from napari_brats.training.config import TrainConfig
from napari_brats.training.dataset import PatchDataset, TrainingCase
from napari_brats.training.losses import dice_cross_entropy_loss, dice_loss

Batch = tuple[Tensor, ...]


class Objective(Protocol):
    """What the loop asks."""

    def network(self, config: TrainConfig) -> Network:
        """A new network with random weights drawn from torch's generator."""
        ...

    def dataset(self, cases: Sequence[TrainingCase], config: TrainConfig) -> Dataset[Batch]:
        """Patches as tuples of tensors; item i depends on the seed, i and the cases alone."""
        ...

    def loss(self, network: Network, batch: Batch, config: TrainConfig) -> tuple[Tensor, Tensor]:
        """The loss to minimise, and a figure of merit in 0..1 (1 is best) without gradient.

        Both are means over the samples of the batch, so that processes can be averaged.
        """
        ...


class RegionObjective:
    """Regions from patches: Dice plus cross-entropy on the logits."""

    def network(self, config: TrainConfig) -> Network:
        """The U-Net of the configuration; its last bias says that tumour is rare."""
        arguments: dict[str, Any] = {
            "in_channels": len(config.modalities),
            "widths": config.widths,
            "norm": config.norm,
            "deep_supervision": config.deep_supervision,
        }
        network = build_network(config.network, arguments | dict(config.network_arguments))
        for module in network.modules():
            if isinstance(module, nn.Conv3d):
                nn.init.kaiming_normal_(module.weight, a=0.01)
            if isinstance(module, UNet3D):
                for head in (module.head, *getattr(module, "deep_heads", ())):
                    nn.init.constant_(head.bias, -2.0)
        return network

    def dataset(self, cases: Sequence[TrainingCase], config: TrainConfig) -> Dataset[Any]:
        """See `PatchDataset`."""
        return PatchDataset(cases, config)

    def loss(self, network: Network, batch: Batch, config: TrainConfig) -> tuple[Tensor, Tensor]:
        """The loss and the soft Dice; coarser levels count half as much each (nnU-Net)."""
        image, regions = batch
        deep: list[Tensor] = []
        logits = _run(network, image, deep)
        weights = (config.dice_weight, config.cross_entropy_weight)
        loss = dice_cross_entropy_loss(logits.float(), regions, *weights)
        for depth, coarse in enumerate(reversed(deep), start=1):
            target = functional.avg_pool3d(regions, regions.shape[2] // coarse.shape[2])
            loss = loss + 0.5**depth * dice_cross_entropy_loss(coarse.float(), target, *weights)
        return loss, 1 - dice_loss(logits.detach().float(), regions)


def _run(network: Network, image: Tensor, deep: list[Tensor]) -> Tensor:
    if not (isinstance(network, UNet3D) and network.config.deep_supervision):
        logits: Tensor = network(image)
        return logits
    steps = network.forward_steps(image, deep)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: Tensor = end.value
            return result


def objective_for(network: str) -> Objective:
    """The objective that trains networks of this name."""
    if network == "autoencoder3d":
        from napari_brats.training.reconstruction import ReconstructionObjective

        return ReconstructionObjective()
    return RegionObjective()


class Trained(nn.Module):
    """Network and objective as one module whose forward pass is the loss.

    In this form `DistributedDataParallel` sees every parameter that takes part.
    """

    def __init__(self, network: Network, objective: Objective, config: TrainConfig) -> None:
        super().__init__()
        self.network = network
        self._objective = objective
        self._config = config

    def forward(self, *batch: Tensor) -> tuple[Tensor, Tensor]:
        """See `Objective.loss`."""
        channels_last = [
            t.to(memory_format=torch.channels_last_3d) if t.ndim == 5 else t for t in batch
        ]
        return self._objective.loss(self.network, tuple(channels_last), self._config)
