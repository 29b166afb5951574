"""Batch-norm statistics are the plain mean over patches as inference sees them."""

import torch
from torch import nn

from napari_brats.training import norm_statistics
from napari_brats.training.norm_statistics import set_training, settle_statistics


def test_statistics_are_those_of_the_patches(monkeypatch):
    monkeypatch.setattr(norm_statistics, "PATCHES", 2)
    network = nn.BatchNorm3d(1, momentum=0.05)
    network.running_mean.fill_(99.0)
    patches = [(torch.full((1, 2, 2, 2), value), None) for value in (1.0, 5.0)]
    settle_statistics(network, patches)
    assert network.running_mean.item() == 3.0
    assert network.momentum == 0.05
    assert not network.training


def test_without_batch_norm_no_patch_is_made():
    network = nn.Conv3d(1, 1, 1)
    settle_statistics(network, [])
    assert not network.training


def test_frozen_batch_norms_are_a_fixed_scale_in_training():
    network = nn.Sequential(nn.BatchNorm3d(1), nn.Dropout(0.5))
    set_training(network, frozen_statistics=True)
    assert [module.training for module in network] == [False, True]
    set_training(network, frozen_statistics=False)
    assert [module.training for module in network] == [True, True]
