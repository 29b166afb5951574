"""The Dice to expect: the soft Dice, and a calibration that finds a known relation again."""

import json

import numpy as np
import pytest

from napari_brats.core.errors import BundleError
from napari_brats.core.labels import Label, Region
from napari_brats.inference.expected import (
    CARD_KEY,
    Calibration,
    Row,
    Signs,
    calibrate,
    expect_dice,
    signs_of,
    soft_dice,
)


def test_soft_dice_of_two_voxels():
    mask = np.array([True, False])
    assert soft_dice(np.array([1.0, 0.0]), mask) == 1
    # drawn 1, expected overlap 0.5, expected reference 0.5 + 0.25
    assert soft_dice(np.array([0.5, 0.25]), mask) == pytest.approx(2 * 0.5 / (1 + 0.75))
    assert soft_dice(np.zeros(2), np.zeros(2, bool)) == 1


def test_soft_dice_is_about_the_mean_dice_of_independent_voxels():
    rng = np.random.default_rng(0)
    p = rng.random(4000)
    mask = p > 0.5
    dices = []
    for _ in range(30):
        reference = rng.random(p.size) < p
        dices.append(2 * np.sum(reference & mask) / (reference.sum() + mask.sum()))
    assert soft_dice(p, mask) == pytest.approx(np.mean(dices), abs=0.005)


def test_regions_that_were_not_drawn_have_no_signs():
    labels = np.array([[[Label.ED, Label.NCR]]], np.uint8)
    probabilities = np.ones((3, 1, 1, 2), np.float32)
    signs = signs_of(probabilities, labels, {Region.WT: 0.9}, voxel_mm3=1000)
    assert set(signs) == {Region.WT, Region.TC}
    assert signs[Region.WT] == Signs(1.0, 0.9, pytest.approx(np.log10(2.1)))
    assert signs[Region.TC].soft_dice == pytest.approx(2 / 3)
    assert signs[Region.TC].agreement == 1


def _rows(cases=12, offset=0.0):
    """Dice falls short of the soft Dice by 0.1 in WT and by 0.3 in ET."""
    rng = np.random.default_rng(1)
    rows = []
    for number in range(cases):
        for region, gap in ((Region.WT, 0.1), (Region.ET, 0.3)):
            soft = rng.uniform(0.5, 0.99)
            signs = Signs(soft, rng.uniform(0.5, 1), rng.uniform(0, 2))
            rows.append(Row(f"case-{number}", region, signs, soft - gap + offset))
    return rows


def test_calibration_finds_a_linear_relation_again():
    calibration = calibrate(_rows(60))
    assert calibration.dice(Region.WT, Signs(0.9, 0.8, 1)) == pytest.approx(0.8, abs=0.02)
    assert calibration.dice(Region.ET, Signs(0.9, 0.8, 1)) == pytest.approx(0.6, abs=0.02)
    assert calibration.error[Region.WT] < 0.02
    assert calibration.cases == 60


def test_expectations_stay_between_0_and_1():
    calibration = calibrate(_rows())
    assert calibration.dice(Region.WT, Signs(9, 1, 1)) == 1
    assert calibration.dice(Region.WT, Signs(-9, 1, 1)) == 0


def test_the_error_is_that_of_cases_left_out():
    """One case's Dice has nothing to do with its signs: leaving it out must show that."""
    rows = _rows(4)
    odd = Row("odd", Region.WT, Signs(0.9, 0.9, 1), 0.1)
    assert calibrate([*rows, odd]).error[Region.WT] > 0.6 / 5


def test_too_few_cases_are_refused():
    with pytest.raises(BundleError, match="2 cases"):
        calibrate(_rows(2))


def test_a_card_carries_the_calibration():
    calibration = calibrate(_rows())
    facts = json.loads(json.dumps(calibration.to_json()))
    scores = {CARD_KEY: {"fast": facts}}
    signs = {Region.WT: Signs(0.9, 0.8, 1), Region.TC: Signs(0.9, 0.8, 1)}
    expected = expect_dice(signs, scores, "fast")
    assert set(expected) == {Region.WT}  # TC was never calibrated
    assert expected[Region.WT].value == pytest.approx(0.8, abs=0.05)
    assert expected[Region.WT].error == pytest.approx(calibration.error[Region.WT], abs=1e-4)


def test_without_a_calibration_the_soft_dice_has_no_error():
    (expected,) = expect_dice({Region.WT: Signs(0.9, 0.8, 1)}, {}, "off").values()
    assert (expected.value, expected.error) == (0.9, None)


@pytest.mark.parametrize("damage", [{"slope": [1.0]}, {"intercept": {"XX": 1}}, {"error": None}])
def test_a_damaged_calibration_is_named(damage):
    facts = calibrate(_rows()).to_json() | damage
    with pytest.raises(BundleError, match="expected_dice"):
        Calibration.from_json(facts)
