"""The autoencoder: shapes, what starts as no change, what the latent and the skips let through."""

import pytest
import torch

from napari_brats.models.autoencoder import AutoEncoder3D, AutoEncoder3DConfig
from napari_brats.models.networks import build_network


@pytest.mark.parametrize("skips", [False, True])
def test_an_image_of_the_same_grid_comes_out(skips):
    config = AutoEncoder3DConfig(widths=(4, 8), skips=skips, norm="layer")
    network = AutoEncoder3D(config).eval()
    image = torch.randn(2, 5, 8, 4, 12)
    assert config.multiple == 4
    assert network(image).shape == (2, 4, 8, 4, 12)


def test_a_residual_network_changes_nothing_before_it_is_trained():
    config = AutoEncoder3DConfig(in_channels=4, widths=(4, 8), stem_stride=1, residual=True)
    image = torch.randn(1, 4, 4, 4, 4)
    assert torch.equal(AutoEncoder3D(config).eval()(image), image)


def test_it_pauses_after_each_level():
    network = build_network("autoencoder3d", {"widths": [4, 4, 4], "norm": "layer"}).eval()
    shares = list(network.forward_steps(torch.randn(1, 5, 8, 8, 8)))
    assert shares == [0.2, 0.4, 0.6, 0.8, 1.0]


def test_without_skips_only_the_latent_reaches_the_decoder():
    torch.manual_seed(0)
    arguments = {"widths": (4, 4), "norm": "layer", "stem_stride": 1}
    network = AutoEncoder3D(AutoEncoder3DConfig(skips=False, **arguments)).eval()
    with torch.no_grad():
        for parameter in network.encoder[1].parameters():
            parameter.zero_()
    one, other = torch.randn(2, 1, 5, 4, 4, 4)
    assert torch.equal(network(one), network(other))
