"""A bundle as ONNX: its output against torch's, what stands in it, and what is refused."""

import sys

import numpy as np
import pytest
import torch

from napari_brats.core.errors import BratsError, BundleError, SaveError
from napari_brats.core.progress import drain
from napari_brats.models import export
from napari_brats.models.bundle import save_bundle
from napari_brats.models.card import Card
from napari_brats.models.export import export_onnx
from napari_brats.models.networks import build_network

ARGUMENTS = {"in_channels": 4, "out_channels": 3, "widths": [4, 8]}


@pytest.fixture(autouse=True)
def small_brains(monkeypatch):
    monkeypatch.setattr(export, "BRAIN_SIZE", (30, 34, 26))


def make(directory, name="unet3d", **more):
    torch.manual_seed(0)
    arguments = ARGUMENTS | more
    network = build_network(name, arguments)
    card = Card(
        "tiny",
        "Tiny",
        name,
        arguments,
        sha256="",
        normalisation="z-score",
        intended_use="research",
        data_licence="CC BY 4.0",
    )
    return save_bundle(network, card, directory)


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("unet3d", {}),
        ("unet3d", {"norm": "layer", "deep_supervision": True}),
        ("unet3d", {"members": 2}),
        ("attention_unet3d", {}),
    ],
)
def test_any_network_gives_in_onnxruntime_what_it_gives_in_torch(tmp_path, name, more):
    import onnxruntime

    bundle = make(tmp_path, name, **more)
    made = drain(export_onnx(bundle, tmp_path / "tiny.onnx"))
    assert [a.size for a in made.agreements] == [(12, 8, 16), (32, 36, 28)]
    assert max(a.difference for a in made.agreements) < 1e-4
    assert made.multiple == 4
    image = np.random.default_rng(1).normal(size=(2, 4, 20, 4, 8)).astype(np.float32)
    session = onnxruntime.InferenceSession(made.path, providers=["CPUExecutionProvider"])
    with torch.inference_mode():
        expected = bundle.load_network()(torch.from_numpy(image)).numpy()
    assert expected.shape == (2, 3, 20, 4, 8)
    np.testing.assert_allclose(session.run(["logits"], {"image": image})[0], expected, atol=1e-4)


def test_an_autoencoder_gives_its_image_from_the_channels_it_takes(tmp_path):
    import onnx

    arguments = {"in_channels": 5, "out_channels": 4, "widths": [4, 8], "norm": "instance"}
    network = build_network("autoencoder3d", arguments | {"pooling": 2})
    card = Card(
        "tiny", "Tiny", "autoencoder3d", arguments | {"pooling": 2}, sha256="", task="reconstruct"
    )
    drain(export_onnx(save_bundle(network, card, tmp_path), tmp_path / "tiny.onnx"))
    model = onnx.load(tmp_path / "tiny.onnx")
    facts = {entry.key: entry.value for entry in model.metadata_props}
    assert model.graph.output[0].name == "reconstruction"
    assert model.graph.input[0].type.tensor_type.shape.dim[1].dim_value == 5
    assert "hidden" in facts["last_channel"]
    assert "2^3" in facts["pooling"]
    assert "regions" not in facts


def test_the_model_says_what_it_takes_to_use_it(tmp_path):
    import onnx

    drain(export_onnx(make(tmp_path), tmp_path / "tiny.onnx"))
    model = onnx.load(tmp_path / "tiny.onnx")
    facts = {entry.key: entry.value for entry in model.metadata_props}
    assert facts["modalities"] == "T1N,T1C,T2W,T2F"
    assert facts["regions"] == "WT,TC,ET"
    assert facts["spacing_mm"] == "1,1,1"
    assert facts["size_multiple"] == "4"
    assert facts["normalisation"] == "z-score"
    assert facts["intended_use"] == "research"
    assert facts["data_licence"] == "CC BY 4.0"
    assert model.opset_import[0].version == export.OPSET
    dimensions = model.graph.input[0].type.tensor_type.shape.dim
    assert [d.dim_param or d.dim_value for d in dimensions] == ["batch", 4, "x", "y", "z"]


def test_a_model_that_does_not_agree_is_not_written(tmp_path, monkeypatch):
    bundle = make(tmp_path)
    onnx_of = export._onnx_of

    def onnx_of_another(network, card):
        biased = build_network("unet3d", card.arguments)
        biased.load_state_dict(network.state_dict())
        with torch.no_grad():
            biased.head.bias += 0.002
        return onnx_of(biased.eval(), card)

    monkeypatch.setattr(export, "_onnx_of", onnx_of_another)
    with pytest.raises(BundleError, match="does not agree with torch"):
        drain(export_onnx(bundle, tmp_path / "tiny.onnx"))
    assert not (tmp_path / "tiny.onnx").exists()


def test_a_file_that_is_there_is_kept(tmp_path):
    path = tmp_path / "tiny.onnx"
    path.write_text("mine")
    with pytest.raises(SaveError, match="--overwrite"):
        drain(export_onnx(make(tmp_path), path))
    assert path.read_text() == "mine"
    drain(export_onnx(make(tmp_path), path, overwrite=True))
    assert path.stat().st_size > 1000


def test_a_missing_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(BratsError, match=r"napari-brats\[export\]"):
        drain(export_onnx(make(tmp_path), tmp_path / "tiny.onnx"))
