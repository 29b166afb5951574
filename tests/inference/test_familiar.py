"""What does not go together is told from what does, by the bundled autoencoder."""

import logging
from pathlib import Path

import numpy as np
import pytest

from napari_brats.core.errors import BundleError
from napari_brats.core.modalities import MODALITIES, Modality
from napari_brats.inference import familiar
from napari_brats.inference.familiar import likeness_to_expected
from napari_brats.inference.preprocess import prepare_image
from napari_brats.inference.unusual import MIN_LIKENESS_TO_EXPECTED, find_unusual
from napari_brats.io.discover import discover
from napari_brats.io.load import load_case

SAMPLE = Path(__file__).parents[2] / "sample_data"


@pytest.fixture(scope="module")
def sample():
    return load_case(discover(SAMPLE)[0])


def _likeness(sample, changed):
    arrays = {m: np.asarray(volume.data) for m, volume in sample.volumes.items()} | changed
    prepared = prepare_image(arrays, sample.require_one_grid(), MODALITIES, flatten=True)
    likeness = likeness_to_expected(prepared, MODALITIES)
    return likeness, "\n".join(find_unusual(prepared, arrays, MODALITIES, likeness=likeness))


def test_a_usual_case_passes(sample):
    likeness, text = _likeness(sample, {})
    assert likeness > MIN_LIKENESS_TO_EXPECTED
    assert "let expect" not in text


@pytest.mark.parametrize("modality", [Modality.T1N, Modality.T2W])
def test_an_inverted_image_is_pointed_out(sample, modality):
    data = np.asarray(sample.volumes[modality].data)
    inverted = np.where(data != 0, data.max() + 1 - data, 0)
    likeness, text = _likeness(sample, {modality: inverted})
    assert likeness < MIN_LIKENESS_TO_EXPECTED
    assert f"correlation {likeness:.2f}" in text


def test_with_a_modality_missing_nothing_is_said(sample):
    likeness, text = _likeness(sample, {Modality.T1C: np.zeros(sample.reference.data.shape)})
    assert likeness is None
    assert "let expect" not in text


def test_a_damaged_autoencoder_costs_no_result(sample, monkeypatch, caplog):
    def damaged(_name):
        raise BundleError("The weights are damaged.")

    monkeypatch.setattr(familiar, "load_bundle", damaged)
    with caplog.at_level(logging.WARNING):
        assert _likeness(sample, {})[0] is None
    assert "The weights are damaged." in caplog.text
