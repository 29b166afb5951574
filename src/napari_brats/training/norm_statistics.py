"""Batch-norm statistics that fit the weights they are used with."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.utils.data import Dataset

PATCHES = 32
"""From so many patches the statistics are estimated."""


def set_training(network: nn.Module, *, frozen_statistics: bool) -> None:
    """Training mode, in which frozen batch norms stay the fixed scale they are in inference."""
    network.train()
    if frozen_statistics:
        for module in network.modules():
            if isinstance(module, nn.BatchNorm3d):
                module.eval()


def settle_statistics(network: nn.Module, patches: Dataset[Any]) -> None:
    """Estimate batch-norm statistics anew, from the first patches (Izmailov 2018, SWA).

    The running ones belong to the weights of the last few steps, not to their moving average, and
    are noisy with small batches. ``patches`` should look as images do in inference: statistics of
    augmented ones, with modalities dropped, made networks draw tumours too large. The network is
    in evaluation mode afterwards; without batch norm nothing else happens.
    """
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm3d)]
    momenta = [norm.momentum for norm in norms]
    if norms:
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # the plain mean over all patches
        network.train()
        device = next(network.parameters()).device
        with torch.no_grad():
            for index in range(PATCHES):
                image = patches[index][0][None]
                network(image.to(device, memory_format=torch.channels_last_3d))
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
    network.eval()
