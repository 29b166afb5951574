"""Lesion-wise scores: by hand, and against the official rules written out step by step."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from napari_brats.metrics.empty import EmptyPolicy
from napari_brats.metrics.lesionwise import CHALLENGES, Challenge, lesionwise
from napari_brats.metrics.matching import dilate
from napari_brats.metrics.nearest import NearestPoints
from napari_brats.metrics.surface import surface_distances

pytest.importorskip("surface_distance")
official = pytest.importorskip("official_scoring")
pytestmark = pytest.mark.filterwarnings("ignore:.*namespace is deprecated:DeprecationWarning")

MM = (1.0, 1.0, 1.0)
CUBE = (slice(2, 6), slice(2, 6), slice(2, 6))  # 64 voxels
NEAR = ndimage.generate_binary_structure(3, 2)


def empty() -> np.ndarray:
    return np.zeros((40, 20, 12), bool)


def cube_at(x: int, size: int = 4) -> np.ndarray:
    mask = empty()
    mask[x : x + size, 2 : 2 + size, 2 : 2 + size] = True
    return mask


def assert_equals_crude(reference, prediction, spacing, challenge):
    limits = challenge.dilations, challenge.min_lesion_mm3
    expected = official.lesionwise(reference, prediction, spacing, *limits)
    nearest = NearestPoints(spacing)
    whole = surface_distances(reference, prediction, spacing, nearest)
    for known in ({}, {"whole": whole}, {"whole": whole, "nearest": nearest}):
        score = lesionwise(reference, prediction, spacing, challenge, **known)
        found = (score.dice, score.hd95_mm, score.found, score.missed, score.false)
        assert found == pytest.approx(tuple(expected.values()), abs=1e-6)


# --- by hand ------------------------------------------------------------------------------------


def test_one_found_one_missed_one_false():
    score = lesionwise(cube_at(2) | cube_at(16), cube_at(2) | cube_at(30), MM)
    assert score.dice == pytest.approx(1 / 3)
    assert score.hd95_mm == pytest.approx(2 * 374 / 3)
    assert (score.found, score.missed, score.false) == (1, 1, 1)
    first, second = score.lesions
    assert (first.dice, first.hd95_mm, first.volume_mm3) == (1.0, 0.0, 64.0)
    assert first.centre == (3.5, 3.5, 3.5)
    assert (second.dice, second.hd95_mm, second.found) == (0.0, 374.0, False)
    assert second.centre == (17.5, 3.5, 3.5)


def test_lesions_up_to_the_limit_do_not_count_at_all():
    small = cube_at(2, 3)  # 27 mm^3
    for prediction, false in ((small, 0), (empty(), 0), (small | cube_at(30), 1)):
        score = lesionwise(small, prediction, MM)
        assert (score.found, score.missed, score.false) == (0, 0, false)
        assert score.dice == (0.0 if false else 1.0)
        assert not score.lesions[0].counted
    exactly = Challenge("limit", 1, 64.0)
    assert not lesionwise(cube_at(2), cube_at(2), MM, exactly).lesions[0].counted
    assert lesionwise(cube_at(2), cube_at(2), (1.0, 1.0, 1.01), exactly).lesions[0].counted


def test_components_that_merge_when_dilated_are_one_lesion():
    pair = cube_at(2) | cube_at(12)  # six voxels between them: three dilations of each join
    assert len(lesionwise(pair, pair, MM, CHALLENGES["GLI"]).lesions) == 1
    assert len(lesionwise(pair, pair, MM, CHALLENGES["MEN"]).lesions) == 2
    half = lesionwise(pair, cube_at(2), MM, CHALLENGES["GLI"])
    assert (half.found, half.missed) == (1, 0)
    assert half.dice == pytest.approx(2 * 64 / (128 + 64))


def test_a_part_that_touches_the_dilated_lesion_belongs_to_it():
    reference, prediction = cube_at(2), cube_at(8)  # gap of two voxels, no overlap
    near = lesionwise(reference, prediction, MM, CHALLENGES["GLI"])
    assert (near.found, near.false, near.dice) == (1, 0, 0.0)
    assert near.hd95_mm < 10
    far = lesionwise(reference, prediction, MM, CHALLENGES["MEN"])
    assert (far.found, far.missed, far.false) == (0, 1, 1)


@pytest.mark.parametrize(
    ("name", "dilations", "limit"),
    [("GLI", 3, 50), ("SSA", 3, 50), ("PED", 3, 50), ("MEN", 1, 50), ("MET", 1, 2)],
)
def test_parameters_of_the_challenges(name, dilations, limit):
    assert CHALLENGES[name] == Challenge(name, dilations, limit)


def test_empty_regions():
    both = lesionwise(empty(), empty(), MM)
    assert (both.dice, both.hd95_mm) == (1.0, 0.0)
    undefined = lesionwise(empty(), empty(), MM, policy=EmptyPolicy.NAN)
    assert math.isnan(undefined.dice)
    assert math.isnan(undefined.hd95_mm)
    missed = lesionwise(cube_at(2), empty(), MM)
    assert (missed.dice, missed.hd95_mm, missed.missed) == (0.0, 374.0, 1)
    invented = lesionwise(empty(), cube_at(2), MM)
    assert (invented.dice, invented.hd95_mm, invented.false) == (0.0, 374.0, 1)


# --- against references -------------------------------------------------------------------------


@given(arrays(np.bool_, st.tuples(*[st.integers(1, 7)] * 3)), st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_dilation_equals_scipy(mask, times):
    expected = ndimage.binary_dilation(mask, NEAR, iterations=times) if times else mask
    assert np.array_equal(dilate(mask, times), expected)


def blobs(seed: int, level: float) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=(22, 20, 18))
    smooth = ndimage.gaussian_filter(noise, 1.4)
    return smooth > level * smooth.std()


@pytest.mark.parametrize(
    ("name", "spacing"), [("GLI", MM), ("MEN", (1.0, 1.0, 3.0)), ("MET", (0.9, 0.7, 1.3))]
)
def test_many_lesions_equal_the_published_procedure(name, spacing):
    for seed in range(2):
        reference = blobs(seed, 2.0)
        for prediction in (
            np.roll(reference, 1, 0) ^ blobs(seed + 9, 2.6),
            ndimage.binary_dilation(reference),
            ndimage.binary_erosion(reference),
            blobs(seed + 50, 2.2),
            np.zeros_like(reference),
        ):
            assert_equals_crude(reference, prediction, spacing, CHALLENGES[name])


@given(arrays(np.bool_, (7, 6, 5)), arrays(np.bool_, (7, 6, 5)), st.integers(0, 2))
@settings(max_examples=40, deadline=None)
def test_any_two_masks_equal_the_published_procedure(reference, prediction, limit):
    keep = np.random.default_rng(limit).random(reference.shape) < 0.15
    assert_equals_crude(
        reference & keep, prediction & keep[::-1], (1.0, 2.0, 1.5), Challenge("t", 1, 3.0 * limit)
    )
