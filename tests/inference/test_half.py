"""float16 to the bit, against numpy's own conversion."""

from __future__ import annotations

import numpy as np
import pytest

from napari_brats.inference.half import to_half


@pytest.mark.parametrize("largest", [1.0, 1e-3, 7e-5, 1e-6, 1e-7, 4e-8, 1e-12])
def test_it_is_numpys_own_to_the_bit(largest: float) -> None:
    values = np.random.default_rng(1).random((3, 50, 40), np.float32) * np.float32(largest)
    np.testing.assert_array_equal(
        to_half(values).view(np.uint16), values.astype(np.float16).view(np.uint16), strict=True
    )


def test_numbers_between_two_steps_are_rounded_alike() -> None:
    halves = np.arange(0, 2100, dtype=np.float32) * np.float32(2.0**-25)
    near = [np.nextafter(halves, np.float32(0)), halves, np.nextafter(halves, np.float32(1))]
    values = np.concatenate([*near, np.float32([1, 0.5, 2.0**-14])])
    assert (to_half(values).view(np.uint16) == values.astype(np.float16).view(np.uint16)).all()


def test_nan_stays_nan() -> None:
    found = to_half(np.float32([np.nan, 0.25]))
    assert np.isnan(found[0])
    assert found[1] == 0.25


def test_the_order_in_memory_does_not_matter() -> None:
    values = np.asfortranarray(np.random.default_rng(2).random((4, 5, 6), np.float32)) * 1e-4
    np.testing.assert_array_equal(to_half(values[::-1]), values[::-1].astype(np.float16))
