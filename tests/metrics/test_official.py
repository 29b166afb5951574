"""Every official figure, on any pair of label maps, equals the published rules written out."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_brats.core.labels import Region
from napari_brats.metrics.empty import EmptyPolicy, Presence
from napari_brats.metrics.lesionwise import CHALLENGES
from napari_brats.metrics.score import ScoreOptions, score_regions
from napari_brats.metrics.tables import METRICS

pytest.importorskip("surface_distance")
official = pytest.importorskip("official_scoring")
pytestmark = pytest.mark.filterwarnings("ignore:.*namespace is deprecated:DeprecationWarning")

SPACINGS = [(1.0, 1.0, 1.0), (0.4688, 0.4688, 5.0), (2.0, 0.7, 1.3), (3.3, 0.9, 0.9)]


def random_labels(random: np.random.Generator, shape: tuple[int, ...], density: float):
    """Boxes of labels, overlapping at will, with single voxels strewn in."""
    labels = np.zeros(shape, np.uint8)
    for _ in range(random.integers(0, 7)):
        corner = random.integers(0, shape)
        edges = random.integers(1, 7, 3)
        box = tuple(slice(c, c + e) for c, e in zip(corner, edges, strict=True))
        labels[box] = random.integers(1, 4)
    strewn = random.random(shape) < density
    labels[strewn] = random.integers(0, 4, strewn.sum())
    return labels


def assert_official(reference, prediction, spacing, challenge):
    ours = score_regions(
        reference, prediction, spacing, ScoreOptions(challenge=CHALLENGES[challenge])
    )
    for region, expected in official.official_scores(
        reference, prediction, spacing, challenge
    ).items():
        found = {metric: getattr(ours[Region(region)], metric) for metric in expected}
        assert found == pytest.approx(expected, abs=1e-6), (region, challenge)


@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.tuples(st.integers(1, 24), st.integers(1, 16), st.integers(1, 12)),
    spacing=st.sampled_from(SPACINGS),
    challenge=st.sampled_from(sorted(CHALLENGES)),
    density=st.sampled_from([0.0, 0.0, 0.005, 0.3]),
)
@settings(max_examples=60, deadline=None)
def test_any_pair(seed, shape, spacing, challenge, density):
    random = np.random.default_rng(seed)
    reference, prediction = (random_labels(random, shape, density) for _ in range(2))
    if seed % 3 == 0:  # a prediction like the reference, but for a shift
        prediction = np.roll(reference, random.integers(-2, 3, 3), axis=(0, 1, 2))
    assert_official(reference, prediction, spacing, challenge)


def test_lesions_at_the_limit_of_the_volume_with_a_spacing_that_float_cannot_hold():
    """50 voxels of 1 mm3, of which rounding makes 50.0000001, do not count."""
    reference = np.zeros((30, 12, 8), np.uint8)
    reference[2:7, 1:6, 1:3] = 3  # 50 voxels
    reference[20:25, 1:6, 1:3] = 3
    reference[25, 1, 1] = 3  # 51
    for spacing in ((1.0, 1.0, 1.0), (0.1 * 3 / 0.3, 1.0, 1.0), (np.float32(1.0000001), 1.0, 1.0)):
        row = score_regions(reference, np.zeros_like(reference), spacing)[Region.ET]
        assert (row.lesions_found, row.lesions_missed) == (0, 1)


# --- the policy for empty regions, cell by cell ---------------------------------------------------

VOXELS = {
    Presence.BOTH: (True, True),
    Presence.REFERENCE: (True, False),
    Presence.PREDICTION: (False, True),
    Presence.NEITHER: (False, False),
}
FORMULA = None
"""The metric has a value of its own there; the tests of each metric tell which."""

POLICY = {
    #                       both     reference only     prediction only    neither
    #                             challenge  nan      challenge  nan      challenge  nan
    "dice": (FORMULA, 0.0, 0.0, 0.0, 0.0, 1.0, math.nan),
    "iou": (FORMULA, 0.0, 0.0, 0.0, 0.0, 1.0, math.nan),
    "accuracy": (FORMULA,) * 7,
    "accuracy_brain": (FORMULA,) * 7,
    "sensitivity": (FORMULA, 0.0, 0.0, 0.0, math.nan, 1.0, math.nan),
    "specificity": (FORMULA, 1.0, 1.0, FORMULA, FORMULA, 1.0, 1.0),
    "precision": (FORMULA, 0.0, math.nan, 0.0, 0.0, 1.0, math.nan),
    "volume_similarity": (FORMULA, 0.0, 0.0, 0.0, 0.0, 1.0, math.nan),
    "reference_ml": (FORMULA, FORMULA, FORMULA, 0.0, 0.0, 0.0, 0.0),
    "prediction_ml": (FORMULA, 0.0, 0.0, FORMULA, FORMULA, 0.0, 0.0),
    "hd_mm": (FORMULA, 374.0, math.nan, 374.0, math.nan, 0.0, math.nan),
    "hd95_mm": (FORMULA, 374.0, math.nan, 374.0, math.nan, 0.0, math.nan),
    "hd95_voxel_mm": (FORMULA, 374.0, math.nan, 374.0, math.nan, 0.0, math.nan),
    "assd_mm": (FORMULA, 374.0, math.nan, 374.0, math.nan, 0.0, math.nan),
    "lesionwise_dice": (FORMULA, 0.0, 0.0, 0.0, 0.0, 1.0, math.nan),
    "lesionwise_hd95_mm": (FORMULA, 374.0, 374.0, 374.0, 374.0, 0.0, math.nan),
    "lesions_found": (1, 0, 0, 0, 0, 0, 0),
    "lesions_missed": (0, 1, 1, 0, 0, 0, 0),
    "lesions_false": (0, 0, 0, 1, 1, 0, 0),
}


def score_of(presence: Presence, policy: EmptyPolicy):
    sides = np.zeros((2, 14, 12, 10), np.uint8)
    for side, there in zip(sides, VOXELS[presence], strict=True):
        side[2:6, 2:6, 2:7] = 3 if there else 0
    sides[1, 2] = 0  # not quite the same
    brain = np.ones(sides.shape[1:], bool)
    return score_regions(*sides, (1.0, 1.0, 1.0), ScoreOptions(policy), brain)[Region.ET]


def test_the_table_has_every_metric():
    assert set(POLICY) == set(METRICS)


@pytest.mark.parametrize("metric", [*POLICY, "nsd"])
@pytest.mark.parametrize("presence", Presence)
@pytest.mark.parametrize("policy", EmptyPolicy)
def test_every_cell_of_the_policy(metric, presence, policy):
    score = score_of(presence, policy)
    cells = POLICY[metric] if metric != "nsd" else POLICY["dice"]
    column = list(Presence).index(presence)
    place = 0 if column == 0 else 2 * column - 1 + (policy is EmptyPolicy.NAN)
    expected = cells[place]
    if metric == "nsd" and policy is EmptyPolicy.NAN and column:
        expected = math.nan
    value = score.nsd[1.0] if metric == "nsd" else getattr(score, metric)
    if expected is FORMULA:
        assert math.isfinite(value)
    else:
        assert value == pytest.approx(expected, nan_ok=True)
    undefined = getattr(score_of(presence, EmptyPolicy.NAN), metric)
    undefined = undefined[1.0] if metric == "nsd" else undefined
    assert (metric in score.by_policy) == math.isnan(undefined)
