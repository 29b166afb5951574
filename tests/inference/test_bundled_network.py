"""The bundled network on a case it never saw, in one pass and in windows; its card's scores."""

import os
from pathlib import Path

import numpy as np
import pytest

from napari_brats._sample_data import sample_directory
from napari_brats.core.labels import REGIONS, Region, region_mask
from napari_brats.core.progress import drain
from napari_brats.inference import segment as module
from napari_brats.inference.openvino_network import OpenVinoNetwork
from napari_brats.inference.postprocess import postprocess
from napari_brats.inference.postprocess_options import PostprocessOptions
from napari_brats.inference.preprocess import prepare_image
from napari_brats.inference.segment import SegmentOptions, segment
from napari_brats.inference.windows import predict_windows
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
    network = OpenVinoNetwork(bundle)
    arrays = {m: v.data for m, v in sample.volumes.items()}
    prepared = prepare_image(
        arrays, sample.reference.grid, bundle.card.modalities, flatten=bundle.card.flatten
    )
    masks = []
    for steps in (
        network.predict(prepared.image),
        predict_windows(network.predict, prepared.image),
    ):
        logits = drain(steps)
        probabilities = module._to_file_grid(prepared.brain / (1 + np.exp(-logits)), prepared)
        masks.append(postprocess(probabilities, (1.0, 1.0, 1.0), PostprocessOptions()))
    whole, windows = masks
    for region in REGIONS:
        assert np.count_nonzero(region_mask(whole, region)) > 5000
        assert _dice(region_mask(whole, region), region_mask(windows, region)) >= 0.99


@pytest.mark.skipif("NAPARI_BRATS_CASES" not in os.environ, reason="NAPARI_BRATS_CASES is not set")
def test_it_does_better_on_the_cases_it_was_trained_on_than_folds_did_on_them_unseen():
    """Else weights and card do not belong together: the card's rows are those of the folds."""
    bundle = load_bundle()
    rows = {row["case_id"]: row["regions"] for row in bundle.card.scores["cases"]}
    cases = [f for f in discover(Path(os.environ["NAPARI_BRATS_CASES"])) if f.case_id in rows]
    if not cases:
        pytest.skip("NAPARI_BRATS_CASES has none of the card's cases")
    gains = {region: [] for region in REGIONS}
    for files in cases:
        case = load_case(files)
        prediction = drain(segment(case, bundle, CPU)).labels
        for region, facts in rows[files.case_id].items():
            reference = region_mask(case.label_map.volume.data, Region(region))
            if reference.any():
                dice = _dice(reference, region_mask(prediction, Region(region)))
                gains[Region(region)].append(dice - facts["dice"])
    assert all(np.mean(gain) > 0 for gain in gains.values()), gains
