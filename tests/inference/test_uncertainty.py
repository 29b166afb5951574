"""The map of uncertainty and the places to look at, on boxes small enough to check by hand."""

import numpy as np
import pytest

from napari_brats.core.labels import Label, Region
from napari_brats.inference.uncertainty import (
    MAX_PLACES,
    expected_errors,
    find_places,
    uncertainty_map,
)

SHAPE = (80, 60, 60)
MM = (1.0, 1.0, 1.0)
BRAIN = np.ones(SHAPE, bool)  # its centre is (39.5, 29.5, 29.5)


def _nothing():
    return np.zeros((3, *SHAPE), np.float32), np.zeros(SHAPE, np.uint8)


def test_uncertainty_is_the_entropy_of_the_most_doubtful_region():
    # columns: sure; half in ET; 0.9 in WT (0.469 bits, as a table of entropies says)
    probabilities = np.array([[1, 1, 0.9], [0, 1, 0], [0, 0.5, 0]], np.float32)[..., None, None]
    bits = uncertainty_map(probabilities)[:, 0, 0]
    assert bits.dtype == np.float16
    np.testing.assert_allclose(bits, [0, 1, 0.469], atol=1e-3)


def test_expected_errors_depend_on_what_was_drawn():
    probabilities = np.array([[0.7, 0.7, 0.05]] * 3, np.float32)[..., None, None]
    labels = np.array([Label.ED, 0, 0], np.uint8)[:, None, None]
    wt, tc, et = expected_errors(probabilities, labels)[..., 0, 0]
    np.testing.assert_allclose(wt, [0.3, 0.7, 0], atol=1e-6)  # 0.05 is taken for 0
    np.testing.assert_allclose(tc, [0.7, 0.7, 0], atol=1e-6)
    np.testing.assert_array_equal(tc, et)


def test_no_doubt_gives_no_place():
    probabilities, labels = _nothing()
    assert find_places(probabilities, labels, BRAIN, MM) == ()
    probabilities[:, 20:30, 20:30, 20:30] = 1
    labels[20:30, 20:30, 20:30] = Label.ET
    assert find_places(probabilities, labels, BRAIN, MM) == ()


def test_places_are_ranked_described_and_located():
    probabilities, labels = _nothing()
    labels[60:70, 10:20, 40:50] = Label.ET  # to the left (axis 0 up), anterior, superior
    probabilities[:, 60:70, 10:20, 40:50] = 1
    probabilities[2, 60:64, 10:20, 40:50] = 0.6  # 400 voxels, 0.16 ml expected to be wrong
    probabilities[0, 4:14, 25:35, 25:35] = 0.4  # right; 1000 voxels not drawn, 0.4 ml
    first, second = find_places(probabilities, labels, BRAIN, MM)
    assert first.title == "WT perhaps missed, 0.4 ml, right"
    assert first.region is Region.WT
    assert second.title == "ET border, 0.2 ml, left, superior, anterior"
    assert second.volume_ml == pytest.approx(0.16, rel=1e-3)
    x, y, z = second.voxel
    assert 60 <= x < 64
    assert 10 <= y < 20
    assert 40 <= z < 50


def test_a_part_that_is_doubtful_as_a_whole_is_perhaps_false():
    probabilities, labels = _nothing()
    labels[36:44, 26:34, 26:34] = Label.ED
    probabilities[0, 36:44, 26:34, 26:34] = 0.6
    (place,) = find_places(probabilities, labels, BRAIN, MM)
    assert place.what == "WT perhaps false"
    assert place.where == "central"


def test_places_lie_apart_and_are_not_too_many():
    probabilities, labels = _nothing()
    probabilities[0] = 0.45
    places = find_places(probabilities, labels, BRAIN, MM)
    assert len(places) == MAX_PLACES
    volumes = [place.volume_ml for place in places]
    assert volumes == sorted(volumes, reverse=True)
    voxels = np.array([place.voxel for place in places])
    gaps = np.abs(voxels[:, None] - voxels[None]).max(axis=-1)
    assert len({place.voxel for place in places}) == MAX_PLACES
    assert (gaps + 100 * np.eye(MAX_PLACES) > 2).all()


def test_a_place_measures_the_same_in_millimetres_at_another_spacing():
    fine, coarse = _nothing(), _nothing()
    fine[0][0, 40:48, 20:28, 20:28] = 0.4
    coarse[0][0, 20:24, 10:14, 20:28] = 0.4
    (one,) = find_places(*fine, BRAIN, MM)
    (other,) = find_places(*coarse, BRAIN, (2.0, 2.0, 1.0))
    assert one.volume_ml == pytest.approx(other.volume_ml)
    assert other.volume_ml == pytest.approx(8**3 * 0.4 / 1000, rel=1e-3)
