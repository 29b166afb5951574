"""Bundles: a round trip, and every way in which one can be damaged."""

import json

import pytest
import torch

from napari_brats.core import user_folders
from napari_brats.core.errors import BundleError, SaveError
from napari_brats.models import bundle as bundles
from napari_brats.models.bundle import (
    find_bundles,
    list_bundles,
    load_bundle,
    require_new_name,
    save_bundle,
    user_folder,
)
from napari_brats.models.card import Card
from napari_brats.models.unet import UNet3D, UNet3DConfig

ARGUMENTS = {"in_channels": 4, "out_channels": 3, "widths": [4, 8], "stem_stride": 2}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    directory = tmp_path / "built-in"
    monkeypatch.setattr(bundles, "BUILT_IN", directory)
    network = UNet3D(UNet3DConfig(widths=(4, 8))).eval()
    make("tiny", directory, network)
    return directory, network


def make(name, directory, network=None, **facts):
    network = network or UNet3D(UNet3DConfig(widths=(4, 8)))
    card = Card(name, name.title(), "unet3d", ARGUMENTS, sha256="", **facts)
    return save_bundle(network, card, directory)


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


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"name": 1}', "\xff"])
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


def test_the_users_bundles_follow_the_built_in_ones_and_are_marked(folder):
    make("mine", user_folder())
    assert [(b.card.name, b.is_users) for b in find_bundles().bundles] == [
        ("tiny", False),
        ("mine", True),
    ]
    assert find_bundles().problems == ()
    assert load_bundle("mine").load_network().config.widths == (4, 8)


def test_bundles_are_listed_for_their_task_only(folder):
    make("denoiser", user_folder(), task="reconstruct")
    assert [card.name for card in list_bundles()] == ["tiny"]
    assert [card.name for card in list_bundles("reconstruct")] == ["denoiser"]


def test_a_bundle_is_found_by_the_path_of_either_file(folder, tmp_path):
    bundle = make("far", tmp_path / "elsewhere")
    assert load_bundle(str(bundle.weights)).card.name == "far"
    assert load_bundle(str(bundle.weights.with_suffix(".json"))).weights == bundle.weights


def test_damaged_cards_of_the_users_are_told_of_and_break_nothing(folder):
    make("good", user_folder())
    for name, text in (("broken", "{"), ("half", "null"), ("typed", '{"title": 3}')):
        make(name, user_folder())
        card = user_folder() / f"{name}.json"
        facts = json.loads(card.read_text()) | json.loads(text) if name == "typed" else None
        card.write_text(json.dumps(facts) if facts else text)
    make("bare", user_folder()).weights.unlink()
    shelf = find_bundles()
    assert [b.card.name for b in shelf.bundles] == ["tiny", "good"]
    assert len(shelf.problems) == 4
    for name in ("broken.json", "half.json", "typed.json", "bare.safetensors"):
        assert any(str(user_folder() / name) in problem for problem in shelf.problems)


def test_a_renamed_bundle_goes_by_the_name_of_its_files(folder):
    weights = make("old", user_folder()).weights
    for path in (weights, weights.with_suffix(".json")):
        path.rename(path.with_stem("new"))
    assert [card.name for card in list_bundles()] == ["tiny", "new"]
    assert load_bundle("new").card.name == "new"


def test_a_built_in_name_is_refused_when_made_and_left_out_when_copied(folder):
    with pytest.raises(BundleError, match="built-in"):
        require_new_name("Tiny", user_folder())
    make("tiny", user_folder())
    shelf = find_bundles()
    assert [b.is_users for b in shelf.bundles] == [False]
    assert "Rename" in shelf.problems[0]
    assert not load_bundle("tiny").is_users


def test_a_bundle_that_is_there_is_replaced_with_leave_only(folder, tmp_path):
    make("mine", tmp_path)
    with pytest.raises(BundleError, match="left as it is"):
        require_new_name("mine", tmp_path)
    require_new_name("mine", tmp_path, overwrite=True)
    require_new_name("other", tmp_path)


@pytest.mark.parametrize("name", ["", "a b", "../x", ".x", "x.json", "a/b", "x" * 101])
def test_what_is_no_word_is_no_name(name, tmp_path):
    with pytest.raises(BundleError, match="no name for a bundle"):
        require_new_name(name, tmp_path)


def test_a_write_that_stops_halfway_leaves_nothing_that_is_listed(folder, monkeypatch):
    make("mine", user_folder())
    written = []

    def stop_at_the_second(path, payload, *, overwrite):
        if written:
            raise SaveError("disk full")
        written.append(path)
        path.write_bytes(payload)

    monkeypatch.setattr(bundles, "write_atomically", stop_at_the_second)
    with pytest.raises(BundleError, match="disk full"):
        make("mine", user_folder(), network=UNet3D(UNet3DConfig(widths=(4, 8))))
    assert written[0].suffix == ".safetensors"
    assert [card.name for card in list_bundles()] == ["tiny"]


def test_the_users_folder_is_where_the_system_keeps_data(monkeypatch, tmp_path):
    monkeypatch.delenv(bundles.USER_BUNDLES)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(user_folders.sys, "platform", "linux")
    assert user_folder() == tmp_path / "napari-brats" / "bundles"
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    monkeypatch.setattr(user_folders.sys, "platform", "win32")
    assert user_folder() == tmp_path / "local" / "napari-brats" / "bundles"
