"""Bundles: a round trip, and every way in which one can be damaged."""

import json

import pytest
import torch

from napari_brats.core.errors import BundleError
from napari_brats.models import bundle as bundles
from napari_brats.models.bundle import Card, list_bundles, load_bundle, save_bundle
from napari_brats.models.unet import UNet3D, UNet3DConfig

ARGUMENTS = {"in_channels": 4, "out_channels": 3, "widths": [4, 8], "stem_stride": 2}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(bundles, "BUILT_IN", tmp_path)
    network = UNet3D(UNet3DConfig(widths=(4, 8))).eval()
    save_bundle(network, Card("tiny", "Tiny", "unet3d", ARGUMENTS, sha256=""), tmp_path)
    return tmp_path, network


def test_a_bundle_comes_back_as_it_was_saved(folder):
    _, network = folder
    again = load_bundle("tiny").load_network()
    image = torch.randn(1, 4, 8, 8, 8)
    assert torch.allclose(again(image), network(image), atol=1e-2)  # weights are stored as fp16
    assert not again.training


def test_tampered_weights_are_not_run(folder):
    directory, _ = folder
    weights = directory / "tiny.safetensors"
    payload = bytearray(weights.read_bytes())
    payload[-1] ^= 1
    weights.write_bytes(payload)
    with pytest.raises(BundleError, match="not the ones its card describes"):
        load_bundle("tiny").load_network()


def test_missing_weights_are_named(folder):
    directory, _ = folder
    (directory / "tiny.safetensors").unlink()
    with pytest.raises(BundleError, match=r"tiny\.safetensors"):
        load_bundle("tiny").load_network()


def test_weights_of_another_architecture_are_refused(folder):
    directory, _ = folder
    card = json.loads((directory / "tiny.json").read_text())
    card["arguments"]["widths"] = [4, 12]
    (directory / "tiny.json").write_text(json.dumps(card))
    with pytest.raises(BundleError, match="do not fit the network"):
        load_bundle("tiny").load_network()


def test_an_unknown_network_asks_for_an_update(folder):
    directory, _ = folder
    card = json.loads((directory / "tiny.json").read_text())
    (directory / "tiny.json").write_text(json.dumps(card | {"network": "unet4d"}))
    with pytest.raises(BundleError, match="unet4d"):
        load_bundle("tiny").load_network()


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"name": 1}'])
def test_a_damaged_card_is_named(folder, text):
    directory, _ = folder
    (directory / "tiny.json").write_text(text)
    with pytest.raises(BundleError, match=r"tiny\.json"):
        load_bundle("tiny")


@pytest.mark.parametrize("name", ["nothing", "", "../tiny", "/etc/passwd"])
def test_an_unknown_name_lists_the_known_ones(folder, name):
    with pytest.raises(BundleError, match="Known: tiny"):
        load_bundle(name)


def test_the_bundled_network_is_listed_first_and_loads():
    cards = list_bundles()
    assert cards[0].name == bundles.DEFAULT_BUNDLE
    assert load_bundle().load_network().config.out_channels == len(cards[0].regions)
