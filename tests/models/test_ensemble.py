"""Several networks as one: their mean, its pauses, what cannot be joined."""

import pytest
import torch

from napari_brats.core.errors import BundleError
from napari_brats.models.configs import AutoEncoder3DConfig, UNet3DConfig
from napari_brats.models.ensemble import UNetEnsemble
from napari_brats.models.networks import build_network
from napari_brats.models.unet import UNet3D

CONFIG = UNet3DConfig(widths=(4, 8))


@pytest.fixture
def networks():
    torch.manual_seed(0)
    return [UNet3D(CONFIG).eval() for _ in range(3)]


def test_the_logits_are_the_mean_of_the_members(networks):
    ensemble = UNetEnsemble.of(networks)
    image = torch.randn(1, 4, 8, 8, 8)
    with torch.inference_mode():
        expected = torch.stack([network(image) for network in networks]).mean(dim=0)
        assert torch.allclose(ensemble(image), expected, atol=1e-6)
    assert ensemble.config.members == 3


def test_it_pauses_within_every_member(networks):
    steps = UNetEnsemble.of(networks).forward_steps(torch.randn(1, 4, 8, 8, 8))
    shares = list(steps)
    assert shares == sorted(shares)
    assert all(any(n / 3 < share <= (n + 1) / 3 for share in shares) for n in range(3))


def test_heads_for_training_are_left_behind():
    deep = [UNet3D(UNet3DConfig(widths=(4, 8, 8), deep_supervision=True)).eval() for _ in "ab"]
    ensemble = UNetEnsemble.of(deep)
    assert not any("deep_heads" in name for name in ensemble.state_dict())
    image = torch.randn(1, 4, 16, 16, 16)
    with torch.inference_mode():
        assert torch.allclose(ensemble(image), (deep[0](image) + deep[1](image)) / 2, atol=1e-6)


def test_what_does_not_go_together_is_refused(networks):
    autoencoder = build_network("autoencoder3d", {"widths": AutoEncoder3DConfig.widths})
    for group in (
        networks[:1],
        [networks[0], UNet3D(UNet3DConfig(widths=(4, 12)))],
        [UNetEnsemble.of(networks), UNetEnsemble.of(networks)],
        [autoencoder, autoencoder],
    ):
        with pytest.raises(BundleError, match="cannot answer together"):
            UNetEnsemble.of(group)
