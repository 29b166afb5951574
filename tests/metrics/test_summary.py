"""The distribution of metrics over cases."""

import math

import numpy as np
import pytest

from napari_brats.metrics.score import score_labels, score_regions
from napari_brats.metrics.summary import distribution, summary
from napari_brats.metrics.tables import CaseScore

FAILED = CaseScore("B", "failed", {}, "broken, badly")


def case(case_id: str, fill: int = 2, *, labels: bool = False) -> CaseScore:
    reference, prediction = np.zeros((2, 12, 12, 12), np.uint8)
    reference[2:6, 2:6, 2:6] = 2
    prediction[2:6, 2:6, 2:4] = fill
    pair = (reference, prediction, (2.0, 1.0, 1.0))
    rows = score_labels(*pair) if labels else {}
    return CaseScore(case_id, "scored", score_regions(*pair), labels=rows)


def test_summary_counts_cases_and_ignores_what_failed():
    found = summary([case("A"), case("C", fill=0), FAILED])
    assert found["cases"] == 3
    assert found["counts"] == {"scored": 2, "no prediction": 0, "no reference": 0, "failed": 1}
    assert found["regions"]["WT"]["n_with_region"] == 2
    assert found["regions"]["ET"]["n_with_region"] == 0
    assert found["regions"]["WT"]["dice"]["mean"] == pytest.approx(1 / 3)
    assert found["regions"]["WT"]["dice"]["n"] == 2
    assert summary([FAILED])["regions"]["TC"]["dice"]["n"] == 0


def test_distribution_by_hand():
    found = distribution([1.0, 2.0, 3.0, 6.0, math.nan])
    assert (found["n"], found["mean"], found["median"]) == (4, 3.0, 2.5)
    assert found["sd"] == pytest.approx(math.sqrt(14 / 3))
    assert (found["q1"], found["q3"]) == (1.75, 3.75)
    low, high = found["mean_ci95"]
    assert 1.0 <= low < 3.0 < high <= 6.0
    assert found == distribution([1.0, 2.0, 3.0, 6.0])
    assert distribution([0.5, 0.5])["mean_ci95"] == [0.5, 0.5]


def test_distribution_of_one_or_no_value():
    one = distribution([0.4])
    assert (one["n"], one["mean"], one["q1"]) == (1, 0.4, 0.4)
    assert math.isnan(one["sd"])
    none = distribution([math.nan])
    assert none["n"] == 0
    assert math.isnan(none["mean"])


def test_labels_and_surface_dice_are_summarised_too():
    found = summary([case("A", labels=True), case("C", fill=0, labels=True)])
    assert found["labels"]["ED"]["dice"]["mean"] == pytest.approx(1 / 3)
    assert found["labels"]["NCR"]["n_with_region"] == 0
    assert found["regions"]["WT"]["nsd_2mm"]["n"] == 2
    assert "labels" not in summary([case("A")])
