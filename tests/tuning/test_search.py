"""The search finds what is known to be best, and nothing where there is nothing to gain."""

from dataclasses import replace

import numpy as np
import pytest
from tests.tuning.synthetic import make_case

from napari_brats.core.labels import REGIONS, regions_to_labels
from napari_brats.core.progress import drain
from napari_brats.inference.postprocess import postprocess
from napari_brats.inference.postprocess_options import PostprocessOptions
from napari_brats.metrics.score import score_regions
from napari_brats.tuning import search as searching
from napari_brats.tuning.search import Objective, Search


@pytest.fixture(autouse=True)
def no_smoothing(monkeypatch):
    """Smoothing would move the borders that these cases are made of."""
    monkeypatch.setattr(searching, "SHAPES", tuple(s for s in searching.SHAPES if not s.smooth_mm))


def best(*cases, objective=Objective.MEAN):
    return drain(Search(cases, objective).best(range(len(cases))))


def test_without_anything_to_gain_the_defaults_are_kept():
    blocks = [(300, 0.9)]
    assert best(make_case("a", dict.fromkeys(REGIONS, blocks))) == PostprocessOptions()


def test_a_threshold_that_parts_right_from_wrong_is_found():
    case = make_case("a", {"WT": [(300, 0.62)]}, {"WT": [(300, 0.58)]})
    assert best(case).threshold_wt == 0.6
    low = make_case("a", {"WT": [(300, 0.34)]}, {"WT": [(300, 0.29)]})
    assert best(low).threshold_wt == 0.3


def test_the_least_size_that_drops_what_is_wrong_is_found():
    case = make_case("a", {"WT": [(400, 0.9), (120, 0.9)]}, {"WT": [(60, 0.9)]})
    assert best(case) == PostprocessOptions(min_component_wt_mm3=100.0)


def test_little_et_is_told_from_much_by_all_of_it_together():
    much = [(40, 0.9)] * 3
    without = make_case("a", {"WT": [(400, 0.9)], "TC": [(400, 0.9)]}, {})
    false = np.argwhere(without.reference[REGIONS[1]])[:45]  # taken for ET
    without.probabilities[2][tuple(false.T)] = 0.9
    having = make_case("b", {"WT": much, "TC": much, "ET": much})
    found = best(without, having)
    assert found == PostprocessOptions(et_to_ncr_mm3=50.0)


def test_an_inner_threshold_is_known_to_the_outer_regions():
    """What is ET is TC and WT: a low threshold of ET must not be paid for by theirs."""
    case = make_case(
        "a", {"WT": [(300, 0.9)], "TC": [(300, 0.9)], "ET": [(300, 0.34)]}, {"ET": [(300, 0.29)]}
    )
    found = best(case)
    assert (found.threshold_wt, found.threshold_tc, found.threshold_et) == (0.5, 0.5, 0.3)


def test_each_objective_is_its_own():
    """A false part of 1 % of the volume: lesion-wise it counts as much as the lesion."""
    case = make_case("a", {"WT": [(600, 0.62)]}, {"WT": [(6, 0.9)]})
    scores = Search([case]).score(0, PostprocessOptions())
    assert scores[0] == pytest.approx([2 * 600 / 1206, 0.5])
    assert scores[1:].tolist() == [[1, 1], [1, 1]]
    assert Objective.DICE.of(scores)[0] == pytest.approx(2 * 600 / 1206)
    assert Objective.LESIONWISE.of(scores)[0] == pytest.approx(0.5)
    assert Objective.MEAN.of(scores)[0] == pytest.approx((2 * 600 / 1206 + 0.5) / 2)


def test_what_is_reported_is_the_score_of_the_whole_pipeline():
    random = np.random.default_rng(1)
    case = make_case("a", {"WT": [(600, 0.6)], "TC": [(500, 0.6)], "ET": [(90, 0.6)]})
    noisy = np.clip(case.probabilities + random.normal(0, 0.2, case.probabilities.shape), 0, 1)
    case = replace(case, probabilities=noisy.astype(np.float16))
    options = PostprocessOptions(0.45, 0.5, 0.55, 10, 5, 5, et_to_ncr_mm3=20, smooth_mm=1.0)
    reference = regions_to_labels(*(case.reference[region] for region in REGIONS))
    labels = postprocess(case.probabilities, case.spacing_mm, options)
    expected = score_regions(reference, labels, case.spacing_mm)
    assert Search([case]).score(0, options) == pytest.approx(
        np.array([[expected[r].dice, expected[r].lesionwise_dice] for r in REGIONS])
    )


def test_holes_are_filled_where_references_have_none():
    hollow = make_case("a", {"WT": [(729, 0.9)]})
    hollow.probabilities[0][3:6, 3:6, 4:7] = 0.0
    assert best(hollow) == PostprocessOptions(fill_holes=True)


def test_core_far_from_enhancing_tumour_is_given_up_where_that_helps():
    """Two blocks are much enough to enhance; a third of their size and probability lies far off."""
    two, far = [(729, 0.9)] * 2, [(0, 0.0), (0, 0.0), (729, 0.9)]
    assert best(make_case("a", dict.fromkeys(REGIONS, two), {"TC": far})).tc_reach_mm == 10.0


def test_specks_are_smoothed_away_where_that_helps(monkeypatch):
    smooth = tuple(PostprocessOptions(smooth_mm=mm) for mm in (0.0, 1.0))
    monkeypatch.setattr(searching, "SHAPES", smooth)
    case = make_case("a", {"WT": [(729, 0.9)]})
    inside = case.reference[REGIONS[0]]
    random = np.random.default_rng(0).random(inside.shape)
    case.probabilities[0] = np.where(inside, np.where(random < 0.3, 0.0, 1.0), 0.0)
    assert best(case).smooth_mm == 1.0
