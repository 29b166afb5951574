"""The bundled network on a case it never saw, in one pass and in windows; its card's scores."""

import os
from pathlib import Path

import numpy as np
import pytest

from napari_brats._sample_data import sample_directory
from napari_brats.core.labels import REGIONS, Region, region_mask
from napari_brats.core.progress import drain
from napari_brats.inference import segment as module
from napari_brats.inference.postprocess import PostprocessOptions, postprocess
from napari_brats.inference.preprocess import prepare_image
from napari_brats.inference.segment import SegmentOptions, segment
from napari_brats.inference.windows import predict_whole, predict_windows
from napari_brats.io.discover import discover
from napari_brats.io.load import load_case
from napari_brats.models.bundle import load_bundle

CPU = SegmentOptions("cpu")


def _dice(one, other):
    return 2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other))


@pytest.fixture(scope="module")
def sample():
    (files,) = discover(sample_directory())
    return load_case(files)


def test_it_finds_the_tumour_of_the_sample(sample):
    prediction = drain(segment(sample, load_bundle(), CPU)).labels
    reference = sample.label_map.volume.data
    wt = _dice(region_mask(reference, Region.WT), region_mask(prediction, Region.WT))
    assert wt >= 0.7


def test_windows_agree_with_the_whole_pass(sample):
    """Running out of memory must not change the mask: regions above 5 ml agree to Dice 0.99."""
    bundle = load_bundle()
    network = bundle.load_network()
    arrays = {m: v.data for m, v in sample.volumes.items()}
    prepared = prepare_image(arrays, sample.reference.grid, bundle.card.modalities)
    masks = []
    for predict in (predict_whole, predict_windows):
        logits = drain(predict(network, prepared.image, "cpu"))
        probabilities = module._to_file_grid(prepared.brain / (1 + np.exp(-logits)), prepared)
        masks.append(postprocess(probabilities, (1.0, 1.0, 1.0), PostprocessOptions()))
    whole, windows = masks
    for region in REGIONS:
        assert np.count_nonzero(region_mask(whole, region)) > 5000
        assert _dice(region_mask(whole, region), region_mask(windows, region)) >= 0.99


@pytest.mark.skipif("NAPARI_BRATS_CASES" not in os.environ, reason="NAPARI_BRATS_CASES is not set")
def test_it_outlines_a_case_it_was_trained_on_no_worse_than_one_left_out():
    """The card's rows are those of the folds: they are honest, and the network should beat them."""
    bundle = load_bundle()
    row = bundle.card.scores["cases"][0]
    by_id = {f.case_id: f for f in discover(Path(os.environ["NAPARI_BRATS_CASES"]))}
    if row["case_id"] not in by_id:
        pytest.skip(f"NAPARI_BRATS_CASES has no case {row['case_id']}")
    assert row["case_id"] in bundle.card.training["cases"]
    case = load_case(by_id[row["case_id"]])
    prediction = drain(segment(case, bundle, CPU)).labels
    for region in REGIONS:
        reference = region_mask(case.label_map.volume.data, region)
        dice = _dice(reference, region_mask(prediction, region))
        assert dice >= row["regions"][region]["dice"] - 0.02
