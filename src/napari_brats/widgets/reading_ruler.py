"""Rulers and scale bars in mm: how long they are, and where their lines lie."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

LENGTHS_MM = (1, 2, 5, 10, 20, 50, 100, 150, 200)
"""What a ruler may show; it is the longest that takes at most `SHARE` of the height."""

SHARE = 0.5
TICK_PX, LONG_TICK_PX = 5.0, 9.0

BAR_PX = 150.0
"""The greatest length of a scale bar."""


def ruler_length_mm(px_per_mm: float, height_px: float) -> int:
    """The longest of `LENGTHS_MM` in half of ``height_px``; the shortest if none fits."""
    return _longest_mm(SHARE * height_px / px_per_mm)


def bar_length_mm(px_per_mm: float) -> int:
    """The longest of `LENGTHS_MM` in `BAR_PX`; the shortest if none fits."""
    return _longest_mm(BAR_PX / px_per_mm)


def ruler_lines(length_mm: int, px_per_mm: float) -> npt.NDArray[np.float64]:
    """(2 n, 2) canvas points, two per line: the ruler's edge and its ticks to the left of it.

    A tick each tenth of rulers below 5 cm, else each cm; longer at both ends and each fifth.
    """
    step = length_mm / 10 if length_mm < 50 else 10.0
    count = round(length_mm / step)
    lines = [((LONG_TICK_PX, 0.0), (LONG_TICK_PX, length_mm * px_per_mm))]
    for number in range(count + 1):
        is_long = number % 5 == 0 or number == count
        left = LONG_TICK_PX - (LONG_TICK_PX if is_long else TICK_PX)
        y = number * step * px_per_mm
        lines.append(((left, y), (LONG_TICK_PX, y)))
    return np.array(lines).reshape(-1, 2)


def _longest_mm(most_mm: float) -> int:
    fitting = [length for length in LENGTHS_MM if length <= most_mm]
    return fitting[-1] if fitting else LENGTHS_MM[0]
