"""Tuning under cross-validation: overfitting is seen, no patient is on both sides."""

import numpy as np
import pytest
from tests.tuning.synthetic import make_case

from napari_brats.core.errors import BratsError, CaseError
from napari_brats.core.labels import Region
from napari_brats.core.progress import Progress, drain
from napari_brats.inference.postprocess_options import PostprocessOptions
from napari_brats.tuning import search as searching
from napari_brats.tuning.crossval import tune
from napari_brats.tuning.report import card_table, tuning_to_json, tuning_to_text


@pytest.fixture(autouse=True)
def thresholds_alone(monkeypatch):
    """Few candidates: these tests are about the folds."""
    monkeypatch.setattr(searching, "SHAPES", searching.SHAPES[:1])
    monkeypatch.setattr(searching, "SIZES_MM3", (0.0, 100.0))
    monkeypatch.setattr(searching, "TOTALS_MM3", (0.0,))


def low(name, patient="", probability=0.34):
    """A case whose WT is found above 0.3 alone: everything lies between 0.29 and 0.34."""
    return make_case(name, {"WT": [(300, probability)]}, {"WT": [(300, 0.29)]}, patient)


def test_what_all_patients_share_is_gained_on_each_that_is_left_out():
    found = drain(tune([low("a"), low("b"), low("c")]))
    assert found.options == PostprocessOptions(threshold_wt=0.3)
    assert [fold.options for fold in found.folds] == [found.options] * 3
    assert [fold.left_out for fold in found.folds] == [("a",), ("b",), ("c",)]
    assert found.defaults[:, 0].tolist() == [[0, 0]] * 3
    assert found.cross_validated.tolist() == found.in_sample.tolist() == [[[1, 1]] * 3] * 3
    assert found.is_worth_it
    assert found.gains(found.cross_validated).tolist() == pytest.approx([1 / 3] * 3)


def test_what_one_patient_has_alone_is_gained_in_sample_only():
    """Overfitting: the size limit that serves the odd patient cannot be known without it."""
    plain = [make_case(name, {"WT": [(300, 0.9)]}) for name in ("a", "b", "c")]
    odd = make_case("odd", {"WT": [(300, 0.9)]}, {"WT": [(60, 0.9)]})
    found = drain(tune([*plain, odd]))
    assert found.options == PostprocessOptions(min_component_wt_mm3=100.0)
    assert found.folds[3].left_out == ("odd",)
    assert found.folds[3].options == PostprocessOptions()
    assert found.gains(found.in_sample).mean() > 0.02
    assert found.gains(found.cross_validated).tolist() == [0, 0, 0, 0]
    assert not found.is_worth_it
    assert "Gain on patients left out: +0.0000" in tuning_to_text(found)


def test_options_that_harm_those_left_out_are_not_worth_it():
    """What is a speck in one patient is a lesion in another: neither tells of the other."""
    lesion = make_case("a", {"WT": [(300, 0.9), (60, 0.9)]})
    speck = make_case("b", {"WT": [(300, 0.9)]}, {"WT": [(60, 0.9)]})
    plain = make_case("c", {"WT": [(300, 0.9)]})
    found = drain(tune([lesion, speck, plain]))
    assert found.options == PostprocessOptions(min_component_wt_mm3=100.0)
    assert [fold.options.min_component_wt_mm3 for fold in found.folds] == [100.0, 0.0, 100.0]
    assert found.gains(found.cross_validated).mean() < 0 < found.gains(found.in_sample).mean()
    assert not found.is_worth_it


def test_time_points_of_a_patient_are_left_out_together():
    cases = [low("a-0", "a"), low("b", "b"), low("a-1", "a"), low("c", "c")]
    found = drain(tune(cases))
    assert [fold.left_out for fold in found.folds] == [("a-0", "a-1"), ("b",), ("c",)]
    assert found.patients == 3


def test_folds_leave_out_each_case_once():
    found = drain(tune([low(f"case-{i}") for i in range(5)], folds=2))
    left_out = [case_id for fold in found.folds for case_id in fold.left_out]
    assert sorted(left_out) == [f"case-{i}" for i in range(5)]
    assert [len(fold.left_out) for fold in found.folds] in ([3, 2], [2, 3])
    assert "2 folds by patient" in card_table(found)["cross_validation"]


def test_too_few_patients_and_folds_are_refused():
    with pytest.raises(CaseError, match=r"2 cases of 1 patients.*at least 3"):
        drain(tune([low("a-0", "a"), low("a-1", "a")]))
    with pytest.raises(BratsError, match="at least 9 patients"):
        drain(tune([low("a"), low("b"), low("c")], folds=9))


def test_it_reports_progress_and_can_be_closed():
    job = tune([low("a"), low("b"), low("c")])
    steps = [next(job) for _ in range(3)]
    assert all(isinstance(step, Progress) for step in steps)
    assert steps[0].message == "Searching on all cases"
    job.close()


def test_the_report_keeps_both_kinds_of_dice_apart_with_n():
    plain = make_case("a", {"WT": [(300, 0.9)], "TC": [(300, 0.9)]}, {"WT": [(300, 0.9)]})
    found = drain(tune([plain, low("b"), low("c")]))
    facts = tuning_to_json(found)
    scores = facts["scores"]["defaults"]
    assert scores["WT"] == {
        "n": 3, "n_with_region": 3, "dice": round(2 / 3 / 3, 4), "lesionwise_dice": 0.1667,
    }  # fmt: skip
    assert scores["TC"]["n_with_region"] == 1
    assert facts["n"] == facts["patients"] == 3
    by_case = facts["cases"][0]["defaults"]["WT"]
    assert by_case == {"dice": 0.6667, "lesionwise_dice": 0.5}
    assert "mean of whole-volume Dice and lesion-wise Dice" in facts["objective"]
    assert set(facts["options"]) == {
        *(f"threshold_{r.lower()}" for r in Region),
        *(f"min_component_{r.lower()}_mm3" for r in Region),
        *("et_to_ncr_mm3", "tc_reach_mm", "fill_holes", "smooth_mm"),
    }
    assert not set(card_table(found)) & {"cases", "folds"}
    assert np.isfinite(facts["gain"]["cross_validated"]["mean_ci95"]).all()
