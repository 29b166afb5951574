"""Quick tables over label maps, against numpy's own."""

from __future__ import annotations

import numpy as np
import pytest

from napari_brats.core.lookup import looked_up, value_counts

VALUES = np.random.default_rng(3).integers(0, 256, (4, 5, 6), np.uint8)
SPARSE = VALUES * (np.arange(6) == 2).astype(np.uint8)
TABLE = np.arange(255, -1, -1, dtype=np.uint8)
ZERO_STAYS = np.roll(TABLE, 1) * (np.arange(256) > 0).astype(np.uint8)


@pytest.mark.parametrize(
    "values",
    [
        VALUES,
        np.asfortranarray(VALUES),
        SPARSE,
        np.asfortranarray(SPARSE)[:, :, 1:4],
        VALUES[::-1, :, ::2],
        VALUES.transpose(2, 0, 1)[:, ::-1],
        VALUES[:0],
        np.uint8(7) * np.ones((), np.uint8),
    ],
    ids=["C", "F", "sparse", "sparse F", "flipped", "turned", "empty", "one"],
)
@pytest.mark.parametrize("table", [TABLE, ZERO_STAYS, TABLE > 100, TABLE < 100])
def test_a_table_does_what_numpy_does(values: np.ndarray, table: np.ndarray) -> None:
    found = looked_up(table, values)
    expected = table[values]
    np.testing.assert_array_equal(found, expected, strict=True)
    if values.ndim == 3 and values.size:
        assert found.strides == expected.strides


def test_what_comes_back_can_be_painted_and_shares_nothing() -> None:
    values = np.asfortranarray(VALUES)
    found = looked_up(np.arange(256, dtype=np.uint8), values)
    found[:] = 1
    np.testing.assert_array_equal(values, VALUES)


@pytest.mark.parametrize("values", [VALUES, SPARSE, VALUES[::2, ::-1], VALUES[:0], VALUES * 0])
def test_counts_are_those_of_bincount(values: np.ndarray) -> None:
    np.testing.assert_array_equal(
        value_counts(values), np.bincount(values.ravel(), minlength=256), strict=True
    )
