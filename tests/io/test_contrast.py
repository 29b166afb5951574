"""The numbers: what leaves them as they are, and what turns them about."""

from __future__ import annotations

import numpy as np
import pytest

from napari_brats.io.contrast import (
    MIRRORED,
    PAIR_FEATURES,
    depth_in,
    image_numbers,
    pair_numbers,
    standardised,
)


@pytest.fixture
def values() -> np.ndarray:
    return np.random.default_rng(0).gamma(2.0, 50.0, 4000)


DEPTH = np.tile(np.arange(1.0, 41.0), 100)


def test_depth_is_counted_in_mm_from_the_nearest_surface() -> None:
    brain = np.ones((5, 1, 1), bool)
    assert depth_in(brain, (2.0, 9.0, 9.0)).ravel().tolist() == [2, 4, 6, 4, 2]


def test_standard_values_have_median_0_and_the_quartiles_of_a_normal_distribution() -> None:
    quartiles = np.percentile(standardised(np.arange(101)), (25, 50, 75))
    np.testing.assert_allclose(quartiles, (-0.6745, 0, 0.6745), atol=1e-3)


def test_a_constant_image_gives_finite_numbers() -> None:
    flat = standardised(np.full(4000, 7.0))
    assert np.isfinite(image_numbers(flat, DEPTH)).all()
    assert np.isfinite(pair_numbers(flat, flat, DEPTH)).all()


@pytest.mark.parametrize(("factor", "shift"), [(0.01, -3.0), (40.0, 0.0), (1.0, 1000.0)])
def test_scaling_and_shifting_an_image_change_nothing(
    values: np.ndarray, factor: float, shift: float
) -> None:
    expected = image_numbers(standardised(values), DEPTH)
    found = image_numbers(standardised(factor * values + shift), DEPTH)
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_exchanging_two_images_mirrors_their_numbers(values: np.ndarray) -> None:
    a, b = standardised(values), standardised(np.roll(values, 7) + values)
    np.testing.assert_allclose(pair_numbers(b, a, DEPTH), pair_numbers(a, b, DEPTH) * MIRRORED)


def test_bright_spots_that_the_other_image_lacks_count_for_the_second(values: np.ndarray) -> None:
    first = standardised(values)
    second = first + np.where(np.arange(4000) % 30 == 0, 8.0, 0.0)
    numbers = dict(zip(PAIR_FEATURES, pair_numbers(first, second, DEPTH), strict=True))
    assert numbers["bright excess"] > 1
    assert numbers["bright residue"] > 1


def test_a_surface_darker_than_the_core_is_negative() -> None:
    values = standardised(DEPTH)  # grows with depth
    assert image_numbers(values, DEPTH)[:3].max() < 0
