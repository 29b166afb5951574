"""What the card says of a subset of the modalities, in numbers and in words."""

import pytest

from napari_brats.core.labels import Region
from napari_brats.core.modalities import MODALITIES, Modality
from napari_brats.models.bundle import load_bundle
from napari_brats.models.card import Card
from napari_brats.models.subset_scores import MeanDice, expectation_text, expected_by_subset

TABLE = {
    "T1N+T1C+T2W+T2F": {
        "WT": {"mean": 0.784, "n": 4},
        "TC": {"mean": 0.49, "n": 4},
        "ET": {"mean": 0.53, "n": 3},
    },
    "T1C+T2F": {"WT": {"mean": 0.74, "n": 4}, "TC": {"mean": 0.45, "n": 4}},
    "T2F": {"WT": {"mean": 0.8, "n": 4}, "TC": {"mean": 0.1, "n": 4}, "ET": {"mean": 0, "n": 4}},
}


def card(scores):
    return Card("a", "A", "unet3d", {}, sha256="", scores=scores)


FULL = card({"mean_dice_by_modalities": TABLE})


def test_the_row_of_the_subset_is_found_in_whatever_order_it_is_given():
    assert expected_by_subset(FULL, [Modality.T2F, Modality.T1C]) == {
        Region.WT: MeanDice(0.74, 4),
        Region.TC: MeanDice(0.45, 4),
    }


def test_two_modalities_in_words():
    assert expectation_text(FULL, {Modality.T1C, Modality.T2F}) == (
        "With T1C and T2F only: expect Dice WT 0.74, TC 0.45 (mean of 4 cases left out of "
        "training; with all 4 modalities: 0.78, 0.49)."
    )


def test_all_modalities_in_words():
    assert expectation_text(FULL, MODALITIES) == (
        "Expect Dice WT 0.78, TC 0.49, ET 0.53 (mean of 4, 4 and 3 cases left out of training)."
    )


def test_a_single_case_is_no_mean():
    one = card({"mean_dice_by_modalities": {"T1C": {"WT": {"mean": 0.5, "n": 1}}}})
    assert "(1 case left out of training)" in expectation_text(one, [Modality.T1C])


def test_regions_that_are_lost_are_named():
    assert expectation_text(FULL, [Modality.T2F]).endswith(" TC and ET cannot be relied on.")


@pytest.mark.parametrize(
    "scores",
    [
        {},
        {"mean_dice_by_modalities": None},
        {"mean_dice_by_modalities": {"T1C": 3}},
        {"mean_dice_by_modalities": {"T1C": {"WT": "good", "TC": {"mean": None, "n": 1}}}},
    ],
)
def test_a_card_that_does_not_tell_gives_no_words(scores):
    assert expectation_text(card(scores), [Modality.T1C]) == ""
    assert expectation_text(card(scores), []) == ""


def test_the_bundled_card_tells_of_every_subset():
    scores = load_bundle().card.scores["mean_dice_by_modalities"]
    assert len(scores) == 15
    for subset in scores:
        assert "expect Dice WT" in expectation_text(
            load_bundle().card, [Modality(m) for m in subset.split("+")]
        ).replace("Expect", "expect")
