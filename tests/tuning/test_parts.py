"""Scores of parts: by hand, and equal to those of `metrics` whatever is kept."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_brats.inference.masks import drop_small_components
from napari_brats.metrics.lesionwise import CHALLENGES, Challenge, lesionwise
from napari_brats.tuning.parts import find_parts, prepare_reference, score_parts

MM = (1.0, 1.0, 1.0)


def row(*values: int) -> np.ndarray:
    return np.array(values, bool).reshape(-1, 1, 1)


def score(reference, prediction, challenge, spacing=MM):
    prepared = prepare_reference(reference, spacing, challenge)
    return score_parts(find_parts(prediction, prepared), prepared)


def test_two_lesions_one_missed_and_one_false_part_by_hand():
    reference = row(1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0)
    prediction = row(0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 0)
    whole, by_lesion = score(reference, prediction, Challenge("X", 1, 0.0))
    assert whole == pytest.approx(2 * 3 / (6 + 4))
    assert by_lesion == pytest.approx((0 + 2 * 3 / (4 + 3) + 0) / 3)
    _, by_lesion = score(reference, prediction, Challenge("X", 1, 2.0))  # the first is too small
    assert by_lesion == pytest.approx((2 * 3 / 7) / 2)


def test_empty_regions_score_as_in_the_challenge():
    something, nothing = row(1, 1, 0), row(0, 0, 0)
    rules = Challenge("X", 1, 0.0)
    assert score(nothing, nothing, rules) == (1.0, 1.0)
    assert score(something, nothing, rules) == (0.0, 0.0)
    assert score(nothing, something, rules) == (0.0, 0.0)


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([0.03, 0.15, 0.5]),
    st.sampled_from([(1.0, 1.0, 1.0), (2.0, 0.5, 5.0)]),
    st.sampled_from(sorted(CHALLENGES)),
    st.sampled_from([0.0, 4.0, 40.0]),
)
@settings(max_examples=25, deadline=None)
def test_any_limit_scores_as_the_metrics_do(seed, density, spacing, challenge, min_mm3):
    random = np.random.default_rng(seed).random((2, 14, 11, 9))
    reference, prediction = random < density
    prepared = prepare_reference(reference, spacing, CHALLENGES[challenge])
    parts = find_parts(prediction, prepared)
    kept = parts.voxels * np.prod(spacing) >= min_mm3
    left = drop_small_components(prediction, min_mm3, spacing)
    whole, by_lesion = score_parts(parts, prepared, kept)
    size = reference.sum() + left.sum()
    assert whole == pytest.approx(2 * (reference & left).sum() / size if size else 1.0)
    expected = lesionwise(reference, left, spacing, CHALLENGES[challenge])
    assert by_lesion == pytest.approx(expected.dice)
