"""The review of a result: voxels in file order, and nothing kept that was not asked for."""

from dataclasses import replace

import numpy as np
import pytest

from napari_brats.core.geometry import Grid
from napari_brats.core.labels import Label, Region
from napari_brats.core.modalities import Modality
from napari_brats.core.review import Review
from napari_brats.inference import review as module
from napari_brats.inference.expected import Signs
from napari_brats.inference.mirroring import MirroredPrediction, Mirroring
from napari_brats.inference.preprocess import prepare_image
from napari_brats.inference.review import Answer, review_answer
from napari_brats.models.card import Card

CARD = Card("fake", "Fake", "unet3d", {}, sha256="00", modalities=(Modality.T1C,))


def _answer(affine):
    """A 20 mm cube of brain; 0.45 that the file's voxels (4:12, 5:13, 6:14) are tumour."""
    data = np.zeros((24, 26, 28), np.float32)
    data[2:22, 2:22, 2:22] = np.random.default_rng(0).normal(100, 5, (20, 20, 20))
    prepared = prepare_image({Modality.T1C: data}, Grid(data.shape, affine), CARD.modalities)
    doubt = np.zeros(data.shape, np.float32)
    doubt[4:12, 5:13, 6:14] = 0.45
    probabilities = np.stack([prepared.placement.to_canonical(doubt)] * 3)
    prediction = MirroredPrediction(probabilities, (0.5, 0.25, 1.0))
    return Answer({Modality.T1C: data}, prepared, prediction, Mirroring.OFF), doubt


def test_voxels_and_uncertainty_are_in_file_order():
    for signs in ((-1, -1, 1), (1, 1, -1), (-1, 1, 1)):
        answer, doubt = _answer(np.diag([*map(float, signs), 1]))
        labels = np.zeros(doubt.shape, np.uint8)
        review = review_answer(answer, labels, CARD, keep_uncertainty=True)
        assert doubt[review.places[0].voxel] > 0
        assert review.uncertainty is not None
        np.testing.assert_array_equal(review.uncertainty > 0.5, doubt > 0)


def test_uncertainty_is_kept_only_on_request_and_expectations_are_of_what_was_drawn():
    answer, doubt = _answer(np.eye(4))
    labels = np.where(doubt > 0, np.uint8(Label.ED), np.uint8(0))
    review = review_answer(answer, labels, CARD, keep_uncertainty=False)
    assert review.uncertainty is None
    assert set(review.expected_dice) == {Region.WT}
    assert review.to_json()["expected_dice"]["TC"] is None
    assert review.to_json()["agreement"] == {"WT": 0.5, "TC": 0.25, "ET": 1.0}


CALIBRATION = {
    "intercept": {"WT": 0.8},
    "slope": [0.1, 0.0, 0.0],
    "mean": [0.9, 1.0, 1.0],
    "scale": [0.1, 1.0, 1.0],
    "error": {"WT": 0.05},
    "cases": 17,
}


@pytest.mark.parametrize(
    ("modalities", "mirroring", "unusual", "words"),
    [
        (CARD.modalities, Mirroring.OFF, (), "WT 0.80 \u00b1 0.05"),
        (CARD.modalities, Mirroring.FULL, (), "not calibrated with mirroring full"),
        (CARD.modalities, Mirroring.OFF, ("The skull is on.",), "the images are unusual"),
        ((*CARD.modalities, Modality.T2F), Mirroring.OFF, (), "T2F is missing"),
    ],
)
def test_a_dice_is_expected_only_where_it_was_calibrated(
    monkeypatch, modalities, mirroring, unusual, words
):
    monkeypatch.setattr(module, "find_unusual", lambda *_: unusual)
    monkeypatch.setattr(module, "signs_of", lambda *_: {Region.WT: Signs(0.9, 1.0, 1.0)})
    answer, doubt = _answer(np.eye(4))
    card = replace(CARD, modalities=modalities, scores={"expected_dice": {"off": CALIBRATION}})
    labels = np.zeros(doubt.shape, np.uint8)
    review = review_answer(
        replace(answer, mirroring=mirroring), labels, card, keep_uncertainty=False
    )
    assert words in review.expectation
    error = review.to_json()["expected_dice"]["WT"]["error"]
    assert error == (None if review.why_unknown else 0.05)


def test_where_nothing_was_found_nothing_is_expected():
    assert Review().expectation == ""
