"""What a metric is where a region is empty: one policy for all of them."""

from __future__ import annotations

import math
from enum import StrEnum

WORST_DISTANCE_MM = 374.0
"""The distance of a missed region in the BraTS challenge: about a volume's diagonal."""


class EmptyPolicy(StrEnum):
    """How an empty region is scored.

    ``challenge`` as BraTS 2023 does: agreement on nothing is perfect (overlap 1, distance 0), a
    region on one side only is the worst (overlap 0, distance 374 mm). ``nan``: undefined wherever
    the formula has no value.
    """

    CHALLENGE = "challenge"
    NAN = "nan"

    def overlap(self, *, both: bool) -> float:
        """The score of an overlap that divides by zero; ``both``: neither side has the region."""
        if self is EmptyPolicy.NAN:
            return math.nan
        return 1.0 if both else 0.0

    def distance_mm(self, *, both: bool) -> float:
        """The distance where one side, or with ``both`` each, has no surface."""
        if self is EmptyPolicy.NAN:
            return math.nan
        return 0.0 if both else WORST_DISTANCE_MM
