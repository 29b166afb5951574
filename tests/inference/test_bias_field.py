"""Smooth brightness goes, what is local stays."""

import numpy as np
import pytest

from napari_brats.inference.bias_field import flatten

SHAPE = (64, 72, 60)


@pytest.fixture
def head():
    """A ball of tissue (100, and 140 in its core) with noise, a bright lesion, background 0."""
    rng = np.random.default_rng(0)
    x, y, z = np.meshgrid(*(np.linspace(-1, 1, n) for n in SHAPE), indexing="ij")
    radius = np.sqrt(x**2 + y**2 + z**2)
    volume = np.where(radius < 0.6, 140.0, 100.0) + rng.normal(0, 3, SHAPE)
    lesion = (x - 0.4) ** 2 + y**2 + z**2 < 0.3**2
    volume[lesion] = 260
    inside = radius < 0.95
    return np.where(inside, volume, 0).astype(np.float32), inside, lesion, (x, y, z)


def _evenness(volume, where):
    """How far the two sides of the rim differ, as a share of their mean."""
    left, right = volume[:20][where[:20]].mean(), volume[-20:][where[-20:]].mean()
    return abs(left - right) / (left + right) * 2


def test_the_brightness_of_a_coil_is_divided_out_and_the_lesion_stays(head):
    volume, inside, lesion, (x, y, _) = head
    brightened = volume * np.exp(0.5 * x + 0.2 * y - 0.2 * x * x).astype(np.float32)
    rim = inside & (np.abs(x) > 0.66)
    assert _evenness(brightened, rim) > 0.5
    flat = flatten(brightened, inside)
    assert _evenness(flat, rim) < 0.05
    around = inside & ~lesion & (np.abs(x - 0.4) < 0.3) & (np.abs(y) < 0.3)
    assert flat[lesion].mean() / flat[around].mean() == pytest.approx(
        volume[lesion].mean() / volume[around].mean(), rel=0.15
    )


def test_an_even_image_stays_as_it_is(head):
    volume, inside, *_ = head
    ratio = flatten(volume, inside)[inside] / volume[inside]
    assert np.abs(ratio - 1).max() < 0.06


def test_scaling_and_shifting_do_the_same_to_the_result(head):
    volume, inside, *_ = head
    plain = flatten(volume, inside)
    np.testing.assert_allclose(flatten(volume * 7, inside), plain * 7, rtol=1e-3, atol=1)
    np.testing.assert_allclose(flatten(volume - 500, inside), plain - 500, rtol=1e-3, atol=0.5)


def test_a_z_scored_image_with_zero_background_is_flattened_too(head):
    volume, inside, _, (x, y, _) = head
    brightened = volume * np.exp(0.5 * x + 0.2 * y).astype(np.float32)
    mean, sd = brightened[inside].mean(), brightened[inside].std()
    scored = np.where(inside, (brightened - mean) / sd, 0)
    flat = flatten(scored, inside)
    rim = inside & (np.abs(x) > 0.66)
    gap = scored[:20][rim[:20]].mean() - scored[-20:][rim[-20:]].mean()
    left = flat[:20][rim[:20]].mean() - flat[-20:][rim[-20:]].mean()
    assert abs(left) < 0.5 * abs(gap)


@pytest.mark.parametrize("value", [0.0, 5.0])
def test_a_constant_image_and_one_without_voxels_come_back(value):
    volume = np.full(SHAPE, value, np.float32)
    np.testing.assert_allclose(flatten(volume, np.ones(SHAPE, bool)), volume, atol=1e-4)
    np.testing.assert_array_equal(flatten(volume, np.zeros(SHAPE, bool)), volume)
