"""The networks as OpenVINO graphs say what their torch twins say."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from napari_brats.models.networks import build_network
from napari_brats.models.openvino_graph import openvino_graph
from napari_brats.models.openvino_runtime import load_openvino, openvino_core

NETWORKS = [
    ("unet3d", {"widths": (4, 8, 12)}),
    ("unet3d", {"widths": (4, 8), "norm": "layer", "stem_stride": 1}),
    ("unet3d", {"widths": (4, 8), "norm": "instance", "deep_supervision": True}),
    ("unet3d", {"widths": (4, 8), "members": 3}),
    ("attention_unet3d", {"widths": (4, 8, 12)}),
    ("autoencoder3d", {"widths": (4, 8), "norm": "instance"}),
    ("autoencoder3d", {"widths": (4, 8), "residual": True, "stem_stride": 1, "skips": False}),
]


@pytest.mark.parametrize(("name", "arguments"), NETWORKS)
def test_both_give_the_same(name, arguments):
    torch.manual_seed(0)
    network = build_network(name, arguments).eval()
    for values in network.parameters():
        values.data.normal_(0, 0.3)
    for key, values in network.named_buffers():
        if "running" in key:
            values.uniform_(0.5, 2)
    image = torch.randn(1, network.config.in_channels, 16, 8, 24)
    with torch.inference_mode():
        expected = network(image).numpy()
    arrays = {key: values.numpy() for key, values in network.state_dict().items()}
    compiled = openvino_core().compile_model(openvino_graph(network.config, arrays), "CPU")
    found = compiled([image.numpy()])[0]
    assert np.abs(expected).max() > 0.1
    assert np.allclose(found, expected, atol=1e-4)


def test_weights_of_another_network_do_not_pass():
    network = build_network("unet3d", {"widths": (4, 8)})
    arrays = {key: values.numpy() for key, values in network.state_dict().items()}
    with pytest.raises(KeyError, match=r"encoder\.2"):
        openvino_graph(build_network("unet3d", {"widths": (4, 8, 12)}).config, arrays)


def test_openvino_comes_without_its_telemetry():
    code = (
        "import sys\n"
        "from napari_brats.models.openvino_runtime import load_openvino\n"
        "load_openvino().Core().available_devices\n"
        "print([m for m in ('openvino_telemetry', 'openvino.tools.ovc', 'torch', 'urllib.request')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_the_converters_can_still_be_imported():
    load_openvino()
    assert sys.modules.get("openvino.tools.ovc", "") is not None
