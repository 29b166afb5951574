"""What a metric is where a region is empty: one policy for all of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
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


class Presence(StrEnum):
    """On which side of a pair a region has voxels."""

    BOTH = "both"
    REFERENCE = "reference only"
    PREDICTION = "prediction only"
    NEITHER = "neither"

    @classmethod
    def of(cls, *, reference: bool, prediction: bool) -> Presence:
        """The presence of a region that the sides have, or have not."""
        if reference and prediction:
            return cls.BOTH
        return cls.REFERENCE if reference else cls.PREDICTION if prediction else cls.NEITHER


DISTANCES = frozenset({"hd_mm", "hd95_mm", "hd95_voxel_mm", "assd_mm", "nsd"})
_DIVIDED_BY_EITHER = frozenset({"dice", "iou", "volume_similarity"})
_BY_POLICY: Mapping[Presence, frozenset[str]] = {
    Presence.BOTH: frozenset(),
    Presence.REFERENCE: DISTANCES | {"precision"},
    Presence.PREDICTION: DISTANCES | {"sensitivity"},
    Presence.NEITHER: DISTANCES | _DIVIDED_BY_EITHER | {"precision", "sensitivity"},
}
LESIONWISE = frozenset({"lesionwise_dice", "lesionwise_hd95_mm"})


def decided_by_policy(presence: Presence, lesions: int) -> frozenset[str]:
    """The metrics to which the policy, not the formula, gives a value.

    Parameters
    ----------
    presence
        On which sides the region is.
    lesions
        How many count: found, missed and false ones together.
    """
    return _BY_POLICY[presence] | (frozenset() if lesions else LESIONWISE)
