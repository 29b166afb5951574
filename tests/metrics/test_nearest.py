"""Nearest points: against all pairs, from call to call."""

import numpy as np
import pytest

from napari_brats.metrics.nearest import NearestPoints, keys_of, points_of

SPACING = (1.0, 0.7, 2.5)


def all_pairs(first, second) -> tuple[np.ndarray, np.ndarray]:
    if not len(first) or not len(second):
        return np.full(len(first), np.inf), np.full(len(second), np.inf)
    gaps = np.linalg.norm((first[:, None] - second[None]) * SPACING, axis=-1)
    return gaps.min(axis=1), gaps.min(axis=0)


def test_keys_tell_points_wherever_their_box_begins():
    mask = np.zeros((4, 5, 6), bool)
    mask[1, 2, 3] = mask[3, 0, 5] = mask[0, 4, 4] = True
    keys = keys_of(mask, (10, 20, 30))
    assert points_of(keys).tolist() == [[10, 24, 34], [11, 22, 33], [13, 20, 35]]
    assert np.array_equal(keys, keys_of(mask[:, :, 3:], (10, 20, 33)))
    assert (np.diff(keys) > 0).all()


@pytest.mark.parametrize("change", [0.0, 0.01, 0.3, 1.0])
def test_every_call_equals_all_pairs(change):
    random = np.random.default_rng(3)
    first, second = (random.random((9, 8, 7)) < 0.1 for _ in range(2))
    memory = NearestPoints(SPACING)
    for _ in range(12):
        found = memory.between(keys_of(first), keys_of(second))
        expected = all_pairs(np.argwhere(first), np.argwhere(second))
        for mine, other in zip(found, expected, strict=True):
            assert mine == pytest.approx(other)
        for side in (first, second):
            edited = random.random(side.shape) < change
            side[edited] = random.random(edited.sum()) < random.choice([0.0, 0.1, 0.5])


def test_parts_start_with_what_is_known_of_the_whole():
    random = np.random.default_rng(4)
    first, second = (random.random((12, 8, 7)) < 0.2 for _ in range(2))
    whole = NearestPoints(SPACING)
    whole.between(keys_of(first), keys_of(second))
    part = whole.start_of_part()
    found = part.between(keys_of(first[:6]), keys_of(second[:5]))
    expected = all_pairs(np.argwhere(first[:6]), np.argwhere(second[:5]))
    for mine, other in zip(found, expected, strict=True):
        assert mine == pytest.approx(other)
    again = whole.between(keys_of(first), keys_of(second))
    assert again[0] == pytest.approx(all_pairs(np.argwhere(first), np.argwhere(second))[0])
