"""Options: their ranges, what a card may tell, and what a record says."""

import pytest

from napari_brats.core.errors import BratsError, BundleError
from napari_brats.inference.postprocess_options import (
    PostprocessOptions,
    options_from_card,
    postprocess_record,
    steps_in_words,
)
from napari_brats.models.card import Card


def card(**postprocess):
    return Card("tuned", "Tuned", "unet3d", {}, "", postprocess=postprocess)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("threshold_wt", 1.5, "0 to 1"),
        ("threshold_et", -0.1, "0 to 1"),
        ("threshold_tc", float("nan"), "0 to 1"),
        ("min_component_wt_mm3", -1.0, "0 or more"),
        ("closing_mm", float("inf"), "0 or more"),
        ("smooth_mm", float("nan"), "0 or more"),
        ("et_to_ncr_mm3", "200", "a number"),
        ("largest_et", 1.5, "a whole number, 0 or more"),
        ("largest_wt", -1, "a whole number, 0 or more"),
        ("largest_tc", float("nan"), "a whole number, 0 or more"),
        ("largest_tc", float("inf"), "a whole number, 0 or more"),
        ("opening_mm", True, "a number"),
        ("fill_holes", 1, "true or false"),
    ],
)
def test_options_out_of_range_are_refused_by_name(name, value, expected):
    with pytest.raises(BratsError, match=f"{name} is .*expected {expected}"):
        PostprocessOptions(**{name: value})


def test_a_card_tells_what_a_result_starts_with():
    assert options_from_card(card()) == PostprocessOptions()
    tuned = card(options={"threshold_et": 0.4, "largest_wt": 2}, n=17)
    assert options_from_card(tuned) == PostprocessOptions(threshold_et=0.4, largest_wt=2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threshold_rc": 0.5}, "no option 'threshold_rc'"),
        ({"threshold_et": 5}, "threshold_et is 5; expected 0 to 1"),
        ([0.5], "expected an object"),
    ],
)
def test_a_card_that_tells_something_else_is_named(options, message):
    with pytest.raises(BundleError, match=f"'tuned'.*{message}"):
        options_from_card(card(options=options))


def test_the_steps_are_listed_in_their_order_and_only_those_that_are_made():
    assert steps_in_words(PostprocessOptions()) == [
        "keep probabilities above WT 0.5, TC 0.5, ET 0.5",
        "join ET into TC and TC into WT",
    ]
    everything = PostprocessOptions(
        *(0.45, 0.5, 0.4), *(500, 0, 50), *(1, 0, 0), 200, 12, True, 2, 1, 0.5
    )
    assert steps_in_words(everything) == [
        "smooth probabilities, Gaussian of 0.5 mm",
        "keep probabilities above WT 0.45, TC 0.5, ET 0.4",
        "join ET into TC and TC into WT",
        "TC farther than 12 mm from ET becomes ED",
        "close by a ball of 2 mm",
        "open by a ball of 1 mm",
        "fill holes of WT and TC",
        "drop components below WT 500, ET 50 mm^3, with what is inside",
        "keep the largest components only: WT 1",
        "ET below 200 mm^3 in total becomes NCR",
    ]


def test_a_record_says_which_values_are_the_cards():
    tuned = card(options={"threshold_et": 0.4, "et_to_ncr_mm3": 200})
    options = PostprocessOptions(threshold_et=0.3, et_to_ncr_mm3=200.0)
    record = postprocess_record(options, tuned)
    assert record["from_card"] == ["et_to_ncr_mm3"]
    assert (record["threshold_et"], record["fill_holes"]) == (0.3, False)
    assert postprocess_record(options)["from_card"] == []
