"""Locks and what may be painted over, on four voxels each."""

from __future__ import annotations

import numpy as np
import pytest

from napari_brats.core.edits.edit import PaintOver, PaintRules

BEFORE = np.array([0, 1, 2, 3], dtype=np.uint8).reshape(4, 1, 1)


@pytest.mark.parametrize(
    ("locked", "over", "painted", "expected"),
    [
        ([], PaintOver.UNLOCKED, 2, [2, 2, 2, 2]),
        ([1], PaintOver.UNLOCKED, 2, [2, 1, 2, 2]),  # 1 loses nothing
        ([2], PaintOver.UNLOCKED, 2, [0, 1, 2, 3]),  # 2 gains nothing
        ([0], PaintOver.UNLOCKED, 2, [0, 2, 2, 2]),  # nothing is added
        ([], PaintOver.BACKGROUND, 2, [2, 1, 2, 3]),
        ([], PaintOver.BACKGROUND, 0, [0, 0, 0, 0]),  # erasing is no painting over
        ([1], PaintOver.BACKGROUND, 0, [0, 1, 0, 0]),
        ([1], PaintOver.EVERYTHING, 2, [2, 2, 2, 2]),
    ],
)
def test_rules_say_which_voxels_change(
    locked: list[int], over: PaintOver, painted: int, expected: list[int]
) -> None:
    rules = PaintRules(frozenset(locked), over)
    after = rules.apply(BEFORE, np.full_like(BEFORE, painted))
    assert after.ravel().tolist() == expected
    assert after.dtype == BEFORE.dtype
