"""Dice plus cross-entropy on regions."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def dice_loss(logits: Tensor, target: Tensor) -> Tensor:
    """One minus the mean soft Dice over samples and regions (Milletari 2016, arXiv:1606.04797).

    ``(N, R, X, Y, Z)`` logits and 0/1 targets. One voxel is added above and below the line, so a
    region that is absent from both scores 1.
    """
    probabilities = torch.sigmoid(logits).flatten(2)
    truth = target.flatten(2)
    overlap = (probabilities * truth).sum(2)
    size = probabilities.sum(2) + truth.sum(2)
    return 1 - ((2 * overlap + 1) / (size + 1)).mean()


def dice_cross_entropy_loss(logits: Tensor, target: Tensor) -> Tensor:
    """`dice_loss` plus the mean binary cross-entropy, equal weights (Isensee 2021, nnU-Net)."""
    return dice_loss(logits, target) + functional.binary_cross_entropy_with_logits(logits, target)
