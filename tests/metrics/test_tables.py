"""Rows as JSON, CSV, text and a summary."""

import csv
import io
import json
import math

import numpy as np
import pytest

from napari_brats.cli.record import to_json
from napari_brats.core.labels import Region
from napari_brats.metrics.empty import EmptyPolicy
from napari_brats.metrics.score import ScoreOptions, score_regions
from napari_brats.metrics.tables import (
    METRICS,
    CaseScore,
    case_to_json,
    distribution,
    summary,
    to_csv,
    to_text,
)

AFFINE = np.array([[-2.0, 0, 0, 10], [0, -1, 0, 20], [0, 0, 1, -5], [0, 0, 0, 1]])
KEYS = [
    "dice",
    "iou",
    "accuracy",
    "accuracy_brain",
    "sensitivity",
    "specificity",
    "precision",
    "volume_similarity",
    "reference_ml",
    "prediction_ml",
    "hd_mm",
    "hd95_mm",
    "hd95_voxel_mm",
    "assd_mm",
    "lesionwise_dice",
    "lesionwise_hd95_mm",
    "lesions_found",
    "lesions_missed",
    "lesions_false",
]


def case(case_id: str = "A", fill: int = 2, policy: EmptyPolicy = EmptyPolicy.CHALLENGE):
    reference, prediction = np.zeros((2, 12, 12, 12), np.uint8)
    reference[2:6, 2:6, 2:6] = 2
    prediction[2:6, 2:6, 2:4] = fill
    scores = score_regions(reference, prediction, (2.0, 1.0, 1.0), ScoreOptions(policy))
    return CaseScore(case_id, "scored", scores, None, {"spacing_mm": [2.0, 1.0, 1.0]}, AFFINE)


FAILED = CaseScore("B", "failed", {}, "broken, badly")


def test_json_holds_every_key_and_null_for_what_is_undefined():
    found = json.loads(to_json(case_to_json(case(policy=EmptyPolicy.NAN))))
    assert set(found["regions"]["WT"]) == {*KEYS, "nsd", "lesions"}
    assert found["regions"]["WT"]["dice"] == pytest.approx(2 / 3)
    assert found["regions"]["WT"]["accuracy_brain"] is None
    assert found["regions"]["ET"]["dice"] is None
    assert found["regions"]["ET"]["nsd"] == {"1": None, "2": None}
    assert found["spacing_mm"] == [2.0, 1.0, 1.0]


def test_centres_of_lesions_are_in_scanner_mm():
    (lesion,) = case_to_json(case())["regions"]["WT"]["lesions"]
    assert lesion["centre_mm"] == [10 - 2 * 3.5, 20 - 3.5, -5 + 3.5]
    assert lesion["volume_mm3"] == 128.0


def test_csv_has_a_line_per_region_and_empty_cells_for_what_is_undefined():
    lines = list(csv.DictReader(io.StringIO(to_csv([case(policy=EmptyPolicy.NAN), FAILED]))))
    assert [line["region"] for line in lines] == ["WT", "TC", "ET", ""]
    assert float(lines[0]["dice"]) == pytest.approx(2 / 3)
    assert float(lines[0]["nsd_2mm"]) == 1.0
    assert lines[1]["dice"] == ""
    assert (lines[3]["case_id"], lines[3]["status"]) == ("B", "failed")
    assert lines[3]["error"] == "broken, badly"
    assert set(METRICS) < set(lines[0])


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


def test_text_shows_units_a_dash_and_the_mean():
    single = to_text([case(policy=EmptyPolicy.NAN)])
    assert "HD95 mm" in single
    assert single.splitlines()[1].split()[:3] == ["A", "WT", "0.6667"]
    assert single.splitlines()[3].split()[2] == "-"
    assert "mean" not in single
    several = to_text([case("A"), case("C", fill=0), FAILED])
    means = [line for line in several.splitlines() if line.startswith("mean of 2")]
    assert [line.split()[3] for line in means] == list(Region)
    assert means[0].split()[4] == "0.3333"
