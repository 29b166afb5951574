"""The U-Net: shapes, logits, pauses between levels."""

import pytest
import torch

from napari_brats.models.unet import UNet3D, UNet3DConfig


@pytest.mark.parametrize("stride", [1, 2])
def test_logits_have_the_images_grid(stride):
    config = UNet3DConfig(widths=(4, 8, 8), stem_stride=stride)
    network = UNet3D(config).eval()
    size = 2 * config.multiple
    logits = network(torch.randn(2, 4, size, size, 2 * size))
    assert config.multiple == 4 * stride
    assert logits.shape == (2, 3, size, size, 2 * size)


def test_stepping_through_gives_what_forward_gives():
    network = UNet3D(UNet3DConfig(widths=(4, 8, 8))).eval()
    image = torch.randn(1, 4, 16, 16, 16)
    steps = network.forward_steps(image)
    shares = []
    while True:
        try:
            shares.append(next(steps))
        except StopIteration as end:
            logits = end.value
            break
    assert torch.equal(logits, network(image))
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] == pytest.approx(1.0)


def test_both_modes_return_logits():
    network = UNet3D(UNet3DConfig(widths=(4, 8)))
    image = torch.randn(2, 4, 8, 8, 8)
    for logits in (network.train()(image), network.eval()(image)):
        assert logits.min() < 0  # a probability never is


def test_the_whole_image_is_seen():
    """Every input voxel has a path to the logits: its gradient is not zero."""
    network = UNet3D(UNet3DConfig(widths=(4, 8))).eval()
    image = torch.randn(1, 4, 8, 8, 8, requires_grad=True)
    network(image).square().sum().backward()
    assert image.grad is not None
    assert (image.grad != 0).all()
