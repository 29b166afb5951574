"""Rows as JSON and CSV, by case and by lesion."""

import csv
import dataclasses
import io
import json

import numpy as np
import pytest

from napari_brats.core.labels import Label
from napari_brats.io.sidecar import to_json
from napari_brats.metrics.empty import EmptyPolicy
from napari_brats.metrics.score import ScoreOptions, score_labels, score_regions
from napari_brats.metrics.tables import (
    METRICS,
    CaseScore,
    case_to_json,
    lesions_to_csv,
    to_csv,
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
    assert set(found["regions"]["WT"]) == {*KEYS, "present", "nsd", "lesions", "false_lesions"}
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


def with_lesions() -> CaseScore:
    """One lesion found, one missed, one too small and missed, one false; a label beside."""
    reference, prediction = np.zeros((2, 40, 9, 9), np.uint8)
    reference[2:6, 2:6, 2:6] = prediction[2:6, 2:6, 2:5] = 3
    reference[14:18, 2:6, 2:6] = 3
    reference[25:27, 2:4, 2:4] = 3
    prediction[35:37, 2:4, 2:4] = 3
    pair = (reference, prediction, (1.0, 1.0, 1.0))
    labels = {la: s for la, s in score_labels(*pair).items() if la is Label.ET}
    return CaseScore("A", "scored", score_regions(*pair), None, {}, AFFINE, labels)


def test_lesions_have_a_line_each_with_units_in_the_names_of_columns():
    lines = list(csv.DictReader(io.StringIO(lesions_to_csv([with_lesions(), FAILED]))))
    assert [line["region"] for line in lines] == 4 * ["WT"] + 4 * ["TC"] + 4 * ["ET"] + 4 * [
        "label ET"
    ]
    found, missed, small, false = lines[:4]
    assert (found["lesion"], found["outcome"], found["counted"]) == ("1", "found", "yes")
    assert (found["reference_mm3"], found["prediction_mm3"]) == ("64.0", "48.0")
    assert float(found["dice"]) == pytest.approx(2 * 48 / 112)
    assert (float(found["x_mm"]), float(found["y_mm"])) == (10 - 2 * 3.5, 20 - 3.5)
    assert (missed["outcome"], missed["dice"], missed["hd95_mm"]) == ("missed", "0.0", "374.0")
    assert (small["outcome"], small["counted"]) == ("missed", "no")
    assert (false["outcome"], false["reference_mm3"], false["prediction_mm3"]) == (
        "false",
        "0.0",
        "8.0",
    )
    assert float(false["x_mm"]) == 10 - 2 * 35.5


def test_labels_stand_beside_regions_under_names_of_their_own():
    case_score = with_lesions()
    lines = list(csv.DictReader(io.StringIO(to_csv([case_score]))))
    assert [line["region"] for line in lines] == ["WT", "TC", "ET", "label ET"]
    assert lines[3]["dice"] == lines[2]["dice"]
    assert list(case_to_json(case_score)["labels"]) == ["ET"]
    assert "labels" not in case_to_json(case())


def test_a_set_has_a_column_where_there_are_several():
    named = [dataclasses.replace(case(), set_name="mine"), FAILED]
    for table in (to_csv(named), lesions_to_csv(named)):
        assert table.startswith("set,case_id,")
        assert table.splitlines()[1].startswith("mine,A,")
    assert to_csv([case()]).startswith("case_id,")
    assert case_to_json(named[0])["set"] == "mine"


def test_json_says_on_which_side_a_region_is():
    regions = case_to_json(case())["regions"]
    assert (regions["WT"]["present"], regions["ET"]["present"]) == ("both", "neither")
