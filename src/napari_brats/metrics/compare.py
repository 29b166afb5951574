"""Predictions of several kinds compared on the same cases: paired tests."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_brats.metrics.tables import CaseScore, scored_names

COMPARED = ("dice", "hd95_mm", "lesionwise_dice", "lesionwise_hd95_mm")
_DECIMALS = 9
_MOST_EXACT, _MOST_PERMUTED = 50, 13
_LEVEL = 0.05


@dataclass(frozen=True)
class Comparison:
    """One paired test of two predictions; NaN where nothing can be said.

    Attributes
    ----------
    first, second
        The names of the two.
    scored
        Region, or label, e.g. ``WT``, ``label NCR``.
    metric
        Its key.
    n
        Cases in which both have a value.
    zeros
        Those in which the two are equal; the test leaves them out (Wilcoxon 1945).
    mean_difference, median_difference
        Of second - first over the ``n`` cases.
    statistic, p
        The smaller rank sum, and the two-sided p of the Wilcoxon signed-rank test.
    p_holm
        ``p`` corrected for all tests made with it (Holm 1979).
    method
        ``exact``, ``exact (all signs)`` or ``normal approximation``; empty without a test.
    remark
        Why there is no test, or why it can find nothing.
    """

    first: str
    second: str
    scored: str
    metric: str
    n: int
    zeros: int
    mean_difference: float = math.nan
    median_difference: float = math.nan
    statistic: float = math.nan
    p: float = math.nan
    p_holm: float = math.nan
    method: str = ""
    remark: str = ""

    def to_json(self) -> dict[str, Any]:
        """Its values by name; NaN stands for what becomes null."""
        return asdict(self)


def compare(sets: Mapping[str, Sequence[CaseScore]]) -> tuple[Comparison, ...]:
    """Every two sets of scores, on the cases they share, for each region and main metric."""
    found = []
    for first, second in itertools.combinations(sets, 2):
        for name in scored_names([*sets[first], *sets[second]]):
            one, other = _scores(sets[first], name), _scores(sets[second], name)
            shared = [case_id for case_id in one if case_id in other]
            for metric in COMPARED:
                pairs = [(getattr(one[i], metric), getattr(other[i], metric)) for i in shared]
                test = paired_test([a for a, _ in pairs], [b for _, b in pairs])
                found.append(replace(test, first=first, second=second, scored=name, metric=metric))
    return with_holm(found)


def _scores(cases: Sequence[CaseScore], name: str) -> dict[str, Any]:
    return {case.case_id: score for case in cases for key, score in case.scores() if key == name}


def paired_test(first: Sequence[float], second: Sequence[float]) -> Comparison:
    """The Wilcoxon signed-rank test of paired values; pairs with a NaN are left out.

    Exact up to 50 pairs without ties, or up to 13 with ties (by all changes of sign); else by the
    normal approximation with correction for ties.
    """
    from scipy.stats import wilcoxon

    difference = np.round(np.asarray(second, np.float64) - np.asarray(first), _DECIMALS)
    difference = difference[~np.isnan(difference)]
    unequal = difference[difference != 0]
    empty = Comparison("", "", "", "", difference.size, difference.size - unequal.size)
    if not difference.size:
        return replace(empty, remark="no case has both")
    described = replace(
        empty,
        mean_difference=float(difference.mean()),
        median_difference=float(np.median(difference)),
    )
    if not unequal.size:
        return replace(described, remark="equal in every case")
    result = wilcoxon(unequal, method="auto")
    return replace(
        described,
        statistic=float(result.statistic),
        p=float(result.pvalue),
        method=_method(unequal),
        remark=_too_few(unequal.size),
    )


def _method(unequal: npt.NDArray[np.float64]) -> str:
    """Which way scipy goes with ``auto``."""
    if unequal.size > _MOST_EXACT:
        return "normal approximation"
    if np.unique(np.abs(unequal)).size == unequal.size:
        return "exact"
    return "exact (all signs)" if unequal.size <= _MOST_PERMUTED else "normal approximation"


def _too_few(unequal: int) -> str:
    """A warning where even the clearest result could not come below the usual level."""
    least = 2 * 0.5**unequal
    if least <= _LEVEL:
        return ""
    return f"too few pairs: {unequal} that differ cannot give a p below {least:.4g}"


def with_holm(tests: Sequence[Comparison]) -> tuple[Comparison, ...]:
    """The tests with ``p_holm`` over all of them that have a p."""
    known = sorted(
        (i for i, t in enumerate(tests) if not math.isnan(t.p)), key=lambda i: tests[i].p
    )
    corrected, highest = list(tests), 0.0
    for rank, index in enumerate(known):
        highest = max(highest, min(1.0, (len(known) - rank) * tests[index].p))
        corrected[index] = replace(tests[index], p_holm=highest)
    return tuple(corrected)
