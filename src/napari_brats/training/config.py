"""Every setting of a training run."""

from __future__ import annotations

from dataclasses import dataclass

from napari_brats.core.modalities import MODALITIES, Modality


@dataclass(frozen=True)
class TrainConfig:
    """The recipe of a run; it is written whole into the bundle's card.

    Attributes
    ----------
    steps
        Optimiser steps in all.
    batch_size
        Patches per step.
    patch_size
        Edge lengths of a training patch in voxels, multiples of the network's ``multiple``.
    learning_rate, momentum, weight_decay
        Of SGD with Nesterov momentum; the rate rises linearly over ``warmup_steps`` and then falls
        as (1 - step / steps) ** 0.9.
    frozen_norm_share
        The last share of the steps runs with frozen batch-norm statistics, so that training and
        inference see the same network.
    ema_decay
        Of the exponential moving average of the weights, which is what is kept.
    tumour_share
        Share of patches centred on a tumour voxel (label drawn first, so that small ones count).
    modality_dropout
        Probability that a patch loses one modality (and, at a quarter of it, two).
    seed
        Decides the weights at the start and every patch.
    """

    steps: int = 2000
    batch_size: int = 2
    patch_size: tuple[int, int, int] = (96, 96, 96)
    learning_rate: float = 0.03
    momentum: float = 0.95
    weight_decay: float = 3e-5
    warmup_steps: int = 100
    gradient_clip: float = 5.0
    frozen_norm_share: float = 0.3
    ema_decay: float = 0.995
    tumour_share: float = 0.6
    modality_dropout: float = 0.2
    widths: tuple[int, ...] = (24, 48, 96, 192)
    modalities: tuple[Modality, ...] = MODALITIES
    checkpoint_every: int = 50
    seed: int = 0
