"""Windows: they cover the image, agree with the whole pass, and stop when closed."""

import numpy as np
import torch

from napari_brats.core.progress import drain
from napari_brats.inference.torch_network import TorchNetwork, predict_whole
from napari_brats.inference.windows import _ramp, _starts, predict_windows
from napari_brats.models.unet import UNet3D, UNet3DConfig


def test_windows_cover_each_length():
    assert _starts(100, 128, 80) == [0]
    assert _starts(128, 128, 80) == [0]
    assert _starts(300, 128, 80) == [0, 80, 160, 172]


def test_weights_fall_towards_the_rim():
    assert np.allclose(_ramp((5, 5, 5), 1)[2, 2], [0.5, 1, 1, 1, 0.5])


def _network():
    torch.manual_seed(0)
    return UNet3D(UNet3DConfig(widths=(4, 8))).eval()


def test_padding_is_cut_off_again():
    network = _network()
    image = np.random.default_rng(0).standard_normal((4, 9, 12, 10), dtype=np.float32)
    logits = drain(predict_whole(network, image, "cpu"))
    padded = torch.zeros(1, 4, 12, 12, 12)
    padded[0, :, :9, :, :10] = torch.from_numpy(image)
    expected = network(padded)[0, :, :9, :, :10].detach().numpy()
    assert logits.shape == (3, 9, 12, 10)
    assert np.allclose(logits, expected, atol=1e-5)


def test_windows_agree_with_the_whole_pass_away_from_their_rims():
    network = _network()
    image = np.random.default_rng(0).standard_normal((4, 48, 16, 16), dtype=np.float32)
    whole = drain(predict_whole(network, image, "cpu"))
    windows = drain(
        predict_windows(TorchNetwork(network, "cpu").predict, image, size=32, overlap=16)
    )
    assert np.allclose(whole[:, :12], windows[:, :12], atol=1e-4)  # only the first one is here
    assert np.corrcoef(whole.ravel(), windows.ravel())[0, 1] > 0.99


def test_inference_mode_does_not_leak_between_steps():
    steps = predict_whole(_network(), np.zeros((4, 8, 8, 8), np.float32), "cpu")
    next(steps)
    assert not torch.is_inference_mode_enabled()
    steps.close()
