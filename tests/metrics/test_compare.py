"""Paired tests: against numbers one can count by hand, and what they say of themselves."""

import dataclasses
import itertools
import math

import pytest

from napari_brats.core.labels import Region
from napari_brats.metrics.compare import Comparison, compare, paired_test, with_holm
from napari_brats.metrics.score import RegionScore
from napari_brats.metrics.tables import CaseScore


def by_all_signs(differences: list[float]) -> float:
    """The two-sided p of the signed-rank test, counted."""
    sizes = [abs(d) for d in differences]
    ranks = [
        sum(other < size for other in sizes) + (sum(other == size for other in sizes) + 1) / 2
        for size in sizes
    ]
    smaller = min(
        sum(r for r, d in zip(ranks, differences, strict=True) if (d > 0) is positive)
        for positive in (True, False)
    )
    sums = [
        sum(r for r, positive in zip(ranks, signs, strict=True) if positive)
        for signs in itertools.product((True, False), repeat=len(ranks))
    ]
    extreme = sum(s <= smaller + 1e-9 or s >= sum(ranks) - smaller - 1e-9 for s in sums)
    return extreme / len(sums)


@pytest.mark.parametrize(
    ("differences", "method"),
    [
        ([0.1, 0.2, 0.3, -0.05, 0.4, 0.6, 0.7], "exact"),
        ([0.1, 0.1, 0.3, -0.1, 0.4, 0.4, 0.7], "exact (all signs)"),
        ([-1.0, -2.0, -3.0, -4.0, -5.0, -6.0], "exact"),
    ],
)
def test_p_is_the_one_counted_over_all_signs(differences, method):
    first = [1.0] * len(differences)
    found = paired_test(first, [1.0 + d for d in differences])
    assert found.p == pytest.approx(by_all_signs(differences))
    assert (found.method, found.n, found.zeros) == (method, len(differences), 0)


def test_equal_pairs_are_counted_and_left_out():
    found = paired_test([0.5] * 9, [0.5, 0.5, 0.6, 0.7, 0.8, 0.9, 0.55, 0.65, math.nan])
    assert (found.n, found.zeros) == (8, 2)
    assert found.p == pytest.approx(2 / 2**6)
    assert found.median_difference == pytest.approx(0.125)
    assert found.mean_difference == pytest.approx(1.2 / 8)


def test_many_pairs_with_ties_use_the_normal_approximation():
    second = [0.1 * (1 + n % 3) for n in range(20)]
    assert paired_test([0.0] * 20, second).method == "normal approximation"
    assert paired_test([0.0] * 60, [n + 1.0 for n in range(60)]).method == "normal approximation"


def test_too_few_or_no_pairs_are_said():
    few = paired_test([0.0] * 5, [1.0, 2.0, 3.0, 4.0, 5.0])
    assert few.p == pytest.approx(2 / 32)
    assert "too few pairs: 5" in few.remark
    assert "0.0625" in few.remark
    equal = paired_test([1.0, 2.0], [1.0, 2.0 + 1e-12])
    assert (equal.remark, equal.zeros) == ("equal in every case", 2)
    assert math.isnan(equal.p)
    nothing = paired_test([math.nan], [1.0])
    assert (nothing.remark, nothing.n) == ("no case has both", 0)


def test_holm_by_hand():
    tests = [Comparison("a", "b", "WT", "dice", 9, 0, p=p) for p in (0.04, 0.01, math.nan, 0.03)]
    corrected = [t.p_holm for t in with_holm(tests)]
    assert corrected[:2] == pytest.approx([0.06, 0.03])
    assert math.isnan(corrected[2])
    assert corrected[3] == pytest.approx(0.06)


def test_sets_are_compared_on_the_cases_they_share():
    sets = {
        "a": [case("1", 0.5), case("2", 0.6), case("3", 0.9)],
        "b": [case("2", 0.7), case("3", 0.9), case("4", 0.1)],
        "c": [case("9", 0.1)],
    }
    found = {(c.first, c.second): c for c in compare(sets) if c.metric == "dice"}
    assert list(found) == [("a", "b"), ("a", "c"), ("b", "c")]
    assert (found["a", "b"].n, found["a", "b"].zeros) == (2, 1)
    assert found["a", "b"].median_difference == pytest.approx(0.05)
    assert found["a", "c"].n == 0


def case(case_id: str, dice: float) -> CaseScore:
    numbers = {field.name: 0 for field in dataclasses.fields(RegionScore)}
    empty = {"nsd": {}, "lesions": (), "false_lesions": ()}
    return CaseScore(
        case_id, "scored", {Region.WT: RegionScore(**numbers | empty | {"dice": dice})}
    )
