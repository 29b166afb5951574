"""Networks by name, and what their options change."""

import pytest
import torch

from napari_brats.core.errors import BundleError
from napari_brats.models.blocks import AttentionGate, ChannelNorm
from napari_brats.models.networks import build_network
from napari_brats.models.unet import UNet3D

TINY = {"widths": [4, 8, 12]}


@pytest.mark.parametrize("name", ["unet3d", "attention_unet3d"])
@pytest.mark.parametrize("norm", ["batch", "layer", "instance"])
def test_logits_have_the_shape_of_the_image(name, norm):
    network = build_network(name, {**TINY, "norm": norm})
    assert network(torch.randn(1, 4, 16, 24, 8)).shape == (1, 3, 16, 24, 8)


def test_unknown_names_and_arguments_are_told():
    with pytest.raises(BundleError, match=r"no network 'vnet'.*unet3d, attention_unet3d"):
        build_network("vnet", {})
    with pytest.raises(BundleError, match=r"unet3d.*depth"):
        build_network("unet3d", {"depth": 3})


def test_the_channel_norm_of_a_voxel_depends_on_that_voxel_alone():
    norm = ChannelNorm(2)
    x = torch.zeros(1, 2, 1, 1, 2)
    x[0, :, 0, 0, 0] = torch.tensor([1.0, 3.0])  # mean 2, standard deviation 1
    assert torch.allclose(norm(x)[0, :, 0, 0, 0], torch.tensor([-1.0, 1.0]), atol=1e-4)
    x[0, :, 0, 0, 1] = 1000.0
    assert torch.allclose(norm(x)[0, :, 0, 0, 0], torch.tensor([-1.0, 1.0]), atol=1e-4)


@pytest.mark.parametrize(("bias", "share"), [(-50.0, 0.0), (50.0, 1.0)])
def test_an_attention_gate_shuts_or_opens_the_skip(bias, share):
    gate = AttentionGate(3, 5)
    torch.nn.init.constant_(gate.weight.bias, bias)
    skip = torch.randn(1, 3, 4, 6, 8)
    assert torch.allclose(gate(skip, torch.randn(1, 5, 2, 3, 4)), share * skip, atol=1e-6)


def test_deep_supervision_adds_coarser_logits_and_leaves_the_finest_alone():
    network = build_network("unet3d", {**TINY, "deep_supervision": True})
    assert isinstance(network, UNet3D)
    image, deep = torch.randn(1, 4, 16, 16, 16), []
    with torch.inference_mode():
        finest = _finish(network.eval().forward_steps(image, deep))
        assert torch.equal(finest, network(image))
    assert [tuple(logits.shape) for logits in deep] == [(1, 3, 4, 4, 4)]


def _finish(steps):
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value
