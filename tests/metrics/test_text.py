"""Scores as people read them."""

import numpy as np
import pytest

from napari_brats.core.labels import Region
from napari_brats.metrics.compare import compare
from napari_brats.metrics.empty import EmptyPolicy
from napari_brats.metrics.score import ScoreOptions, score_regions
from napari_brats.metrics.tables import CaseScore
from napari_brats.metrics.text import cases_to_text, comparisons_to_text, summary_to_text

CHALLENGE, NAN = EmptyPolicy.CHALLENGE, EmptyPolicy.NAN


def case(case_id: str, depth: int = 2, policy: EmptyPolicy = CHALLENGE) -> CaseScore:
    """Oedema of 4 slices, of which ``depth`` were found; no core."""
    reference, prediction = np.zeros((2, 12, 12, 12), np.uint8)
    reference[2:6, 2:6, 2:6] = 2
    prediction[2:6, 2:6, 2 : 2 + depth] = 2
    scores = score_regions(reference, prediction, (2.0, 1.0, 1.0), ScoreOptions(policy))
    return CaseScore(case_id, "scored", scores)


def test_values_of_the_policy_are_marked_and_explained():
    text = cases_to_text([case("A")], CHALLENGE)
    head, wt, tc, _, *notes = text.splitlines()
    assert "HD95 mm" in head
    assert wt.split()[:4] == ["A", "WT", "both", "0.6667"]
    assert "*" not in wt
    assert tc.split()[:5] == ["A", "TC", "neither", "1.0000*", "0.00*"]
    assert notes[0].startswith("* by the policy for empty regions")
    assert "accuracy in the brain" in notes[1]


def test_what_is_not_defined_is_a_dash():
    tc, *notes = cases_to_text([case("A", policy=NAN)], NAN).splitlines()[2:]
    assert tc.split()[:5] == ["A", "TC", "neither", "-", "-"]
    assert notes[-1].startswith("- not defined: the region is empty")


def test_a_case_without_prediction_says_so():
    scores = case("C").regions
    text = cases_to_text([CaseScore("C", "no prediction", scores), CaseScore("D", "failed")], NAN)
    assert "C (no prediction)" in text
    assert "D" not in text.splitlines()[-2]


def test_the_summary_has_the_numbers_of_a_paper():
    lines = summary_to_text([case("A", 2), case("B", 4)]).splitlines()
    assert "95 % interval of the mean" in lines[0]
    dice = next(line for line in lines if line.startswith("WT") and " Dice " in line)
    mean = f"{(2 / 3 + 1) / 2:.4f}"
    assert dice.split()[:5] == ["WT", "Dice", "2", "2", mean]
    assert {line.split()[0] for line in lines[1:]} == set(Region)


def test_comparisons_say_how_many_pairs_and_which_test():
    ids = "ABCDEFGH"
    sets = {
        "old": [case(i, 2) for i in ids],
        "new": [case(i, 2 + (n > 1)) for n, i in enumerate(ids)],
    }
    lines = comparisons_to_text(compare(sets)).splitlines()
    dice = next(line for line in lines if " Dice " in line)
    difference = 2 * 48 / 112 - 2 * 32 / 96
    start = ["old", "new", "WT", "Dice", "8", "2", f"{difference:.4f}"]
    assert dice.split()[:7] == start
    assert float(dice.split()[7]) == pytest.approx(2 / 2**6, abs=1e-4)  # six of one sign
    assert "exact (all signs)" in dice
    assert "equal in every case" in next(line for line in lines if " ET " in line)
    assert "Wilcoxon" in lines[-1]
