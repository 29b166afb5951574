"""The loss, against values worked out by hand."""

import math

import pytest
import torch

from napari_brats.training.losses import dice_cross_entropy_loss, dice_loss

SURE = 100.0


def _volume(values):
    return torch.tensor(values, dtype=torch.float32).reshape(1, 1, -1, 1, 1)


def test_dice_of_two_of_three_voxels():
    logits, target = _volume([SURE, SURE, -SURE, -SURE]), _volume([1, 0, 1, 0])
    assert float(dice_loss(logits, target)) == pytest.approx(1 - (2 * 1 + 1) / (4 + 1))


def test_an_absent_region_that_is_not_predicted_costs_nothing():
    assert float(dice_loss(_volume([-SURE] * 4), _volume([0] * 4))) == pytest.approx(0)


def test_cross_entropy_of_an_undecided_network_is_log_2():
    logits, target = _volume([0.0, 0.0]), _volume([1, 0])
    dice = 1 - (2 * 0.5 + 1) / (2 + 1)
    assert float(dice_cross_entropy_loss(logits, target)) == pytest.approx(dice + math.log(2))


def test_samples_count_alike_whatever_their_size():
    """Each sample has its own Dice: two samples give the mean of the two alone."""
    logits, target = torch.randn(2, 3, 4, 4, 4), (torch.rand(2, 3, 4, 4, 4) > 0.7).float()
    alone = [float(dice_loss(logits[i : i + 1], target[i : i + 1])) for i in range(2)]
    assert float(dice_loss(logits, target)) == pytest.approx(sum(alone) / 2, rel=1e-5)
