"""Networks stay loaded; a pass on the CPU can be ended; the CPU needs no torch."""

import os
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from napari_brats.core.errors import BundleError
from napari_brats.core.progress import drain
from napari_brats.inference import engine as module
from napari_brats.inference.engine import KEPT, Engine, load_for, uses_openvino
from napari_brats.inference.openvino_network import ALMOST, OpenVinoNetwork
from napari_brats.inference.torch_network import TorchNetwork
from napari_brats.models.bundle import load_bundle, save_bundle
from napari_brats.models.card import Card
from napari_brats.models.unet import UNet3D, UNet3DConfig


class Watched:
    """Stands for the loading of networks: says what was loaded and what gave its memory back."""

    def __init__(self):
        self.loaded = []
        self.freed = []
        self.now_s = 0.0
        self.engine = Engine(self.load, lambda: self.now_s)

    def load(self, bundle, device, threads):
        self.loaded.append((bundle.card.sha256, device, threads))
        name = bundle.card.sha256
        return SimpleNamespace(free_memory=lambda: self.freed.append(name))

    def ask(self, sha256, device="cpu", threads=None, **arguments):
        card = Card("fake", "Fake", "unet3d", arguments, sha256=sha256)
        return self.engine.network(SimpleNamespace(card=card), device, threads)


def test_a_network_is_loaded_once_for_each_place():
    watched = Watched()
    assert watched.ask("a") is watched.ask("a")
    assert watched.loaded == [("a", "cpu", None)]
    watched.ask("a", "cuda:0")
    watched.ask("a", threads=1)
    assert len(watched.loaded) == 3


def test_the_same_weights_in_another_network_are_another_one():
    watched = Watched()
    assert watched.ask("a", widths=[4]) is not watched.ask("a", widths=[8])


def test_the_last_ones_stay():
    watched = Watched()
    for name in ("a", "b", "a", "c"):
        watched.ask(name)
    assert len(watched.engine) == KEPT
    watched.ask("a")
    assert [name for name, *_ in watched.loaded] == ["a", "b", "c"]
    watched.ask("b")
    assert [name for name, *_ in watched.loaded] == ["a", "b", "c", "b"]


def test_what_was_not_used_for_a_while_is_released():
    watched = Watched()
    watched.ask("a")
    watched.now_s = 100.0
    watched.ask("b")
    watched.now_s = 350.0
    watched.engine.release(idle_s=300)
    assert watched.freed == ["a"]
    watched.engine.release()
    assert watched.freed == ["a", "b"]
    assert len(watched.engine) == 0


@pytest.fixture
def bundle(tmp_path):
    network = UNet3D(UNet3DConfig(widths=(4, 8))).eval()
    card = Card("tiny", "Tiny", "unet3d", {"widths": [4, 8]}, sha256="")
    return save_bundle(network, card, tmp_path)


def test_the_cpu_is_openvinos_and_agrees_with_torch(bundle):
    image = np.random.default_rng(0).standard_normal((4, 9, 12, 10), dtype=np.float32)
    ours = load_for(bundle, "cpu", 1)
    assert isinstance(ours, OpenVinoNetwork)
    torchs = TorchNetwork(bundle.load_network(), "cpu")
    found, expected = drain(ours.predict(image)), drain(torchs.predict(image))
    assert found.shape == (3, 9, 12, 10)
    assert np.allclose(found, expected, atol=1e-5)
    ours.free_memory()
    assert np.array_equal(drain(ours.predict(image)), found)


def test_without_openvino_torch_runs_on_the_cpu(bundle, monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert not uses_openvino(bundle)
    assert isinstance(load_for(bundle, "cpu", None), TorchNetwork)


def test_weights_of_another_architecture_are_refused(bundle):
    other = replace(bundle, card=replace(bundle.card, arguments={"widths": [4, 8, 16]}))
    with pytest.raises(BundleError, match="do not fit the network"):
        load_for(other, "cpu", None)


def test_progress_is_guessed_from_the_last_pass(bundle):
    network = OpenVinoNetwork(bundle, threads=1)
    network._s_per_voxel = 1e9  # as if it took ages
    image = np.zeros((4, 96, 96, 96), np.float32)
    assert all(share < 1e-3 for share in network.predict(image))
    assert network._s_per_voxel < 1  # as it was


def test_memory_can_be_asked_back_while_a_pass_is_under_way():
    network = OpenVinoNetwork(load_bundle(), threads=1)
    steps = network.predict(np.zeros((4, 96, 96, 96), np.float32))
    next(steps)
    network.free_memory()
    assert drain(steps).shape == (3, 96, 96, 96)


def test_closing_a_pass_ends_its_computation():
    network = OpenVinoNetwork(load_bundle(), threads=1)
    requests = []
    compiled = network._compiled

    def watched():
        requests.append(compiled.create_infer_request())
        return requests[-1]

    network._compiled = SimpleNamespace(create_infer_request=watched)
    steps = network.predict(np.zeros((4, 96, 96, 96), np.float32))
    assert 0 <= next(steps) <= ALMOST
    with pytest.raises(RuntimeError, match="busy"):
        requests[0].set_input_tensor(requests[0].get_input_tensor())
    steps.close()
    requests[0].set_input_tensor(requests[0].get_input_tensor())


SEGMENT = """
import sys
def refuse(event, arguments):
    if event.startswith("socket."):
        raise AssertionError(event)
sys.addaudithook(refuse)
from napari_brats.cli import main
try:
    main()
except SystemExit as end:
    assert end.code == 0, end.code
print([m for m in ("torch", "openvino_telemetry", "napari", "qtpy") if m in sys.modules])
print("openvino" in sys.modules)
"""


def test_segmenting_on_the_cpu_imports_no_torch_and_makes_no_socket(tmp_path):
    from napari_brats._sample_data import sample_directory

    arguments = ["segment", str(sample_directory()), "--device", "cpu", "--output", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-c", SEGMENT, *arguments],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == ["[]", "True"]
    assert list(tmp_path.glob("*-seg.nii.gz"))
