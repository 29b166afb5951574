"""Dice plus cross-entropy on regions, each sample by itself."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def dice_loss(logits: Tensor, target: Tensor) -> Tensor:
    """One minus the mean soft Dice over samples and regions (Milletari 2016, arXiv:1606.04797).

    ``(N, R, X, Y, Z)`` logits and 0/1 targets. One voxel is added above and below the line, so a
    region that is absent from both scores 1. Dice is taken per sample, never over the batch: two
    processes with one sample each have the loss of one process with both.
    """
    probabilities = torch.sigmoid(logits).flatten(2)
    truth = target.flatten(2)
    overlap = (probabilities * truth).sum(2)
    size = probabilities.sum(2) + truth.sum(2)
    return 1 - ((2 * overlap + 1) / (size + 1)).mean()


def dice_cross_entropy_loss(
    logits: Tensor, target: Tensor, dice_weight: float = 1.0, cross_entropy_weight: float = 1.0
) -> Tensor:
    """The weighted sum of `dice_loss` and the mean binary cross-entropy (Isensee 2021, nnU-Net)."""
    cross_entropy = functional.binary_cross_entropy_with_logits(logits, target)
    return dice_weight * dice_loss(logits, target) + cross_entropy_weight * cross_entropy
