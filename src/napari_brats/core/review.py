"""What a network says of its own result: how good it expects it to be, and where to look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_brats.core.labels import REGIONS, Region


@dataclass(frozen=True)
class Place:
    """A place where the result may be wrong.

    Attributes
    ----------
    region
        Whose outline is in doubt there.
    what
        What is in doubt, in words: ``ET border``.
    volume_ml
        How much is in doubt there: the volume that is expected to be wrong.
    where
        The side of the brain it lies on, in words: ``left, superior, anterior``.
    voxel
        (x, y, z) in the file's own axis order.
    """

    region: Region
    what: str
    volume_ml: float
    where: str
    voxel: tuple[int, int, int]

    @property
    def title(self) -> str:
        """One line for a list: ``ET border, 0.8 ml, left, superior, anterior``."""
        amount = f"{self.volume_ml:.1f} ml" if self.volume_ml >= 0.05 else "below 0.1 ml"
        return f"{self.what}, {amount}, {self.where}"


@dataclass(frozen=True)
class ExpectedDice:
    """The Dice that a region is expected to reach against a reference drawn by people.

    Attributes
    ----------
    value
        0 to 1.
    error
        Mean absolute error of such expectations on cases left out of training; None where there
        is no calibration for such a case, so that ``value`` is what the probabilities alone say.
    """

    value: float
    error: float | None = None


@dataclass(frozen=True, eq=False)
class Review:
    """All that is said of one result.

    Attributes
    ----------
    expected_dice
        Region -> expectation; a region of which nothing was found is not in it.
    why_unknown
        Why the expectations are not calibrated, in words; empty if they are.
    places
        Where to look, the place with the most expected error first.
    unusual
        Why the images are not what the network knows, in words; empty if nothing stands out.
    agreement
        Region -> Dice between the passes over the image and its mirror images, 0 to 1; empty for a
        single pass.
    uncertainty
        (X, Y, Z) float16 on the file's grid, 0 sure to 1 as good as tossing a coin; None if it was
        not kept.
    """

    expected_dice: Mapping[Region, ExpectedDice] = field(default_factory=dict)
    why_unknown: str = ""
    places: tuple[Place, ...] = ()
    unusual: tuple[str, ...] = ()
    agreement: Mapping[Region, float] = field(default_factory=dict)
    uncertainty: npt.NDArray[np.float16] | None = None

    @property
    def expectation(self) -> str:
        """The Dice to expect, in one line for people; empty where nothing was found.

        Without a calibration there is no number in it: the probabilities alone promise too much.
        """
        if not self.expected_dice:
            return ""
        parts = [
            f"{region.value} {dice.value:.2f} \u00b1 {dice.error:.2f}"
            for region, dice in self.expected_dice.items()
            if dice.error is not None
        ]
        if not parts:
            return f"Expected Dice of this result: unknown, for {self.why_unknown}."
        return f"Expected Dice of this result: {', '.join(parts)} (estimated; research only)"

    def to_json(self) -> dict[str, Any]:
        """JSON-able facts; ``expected_dice`` is null for a region of which nothing was found."""
        expected = {region: self.expected_dice.get(region) for region in REGIONS}
        return {
            "expected_dice": {
                region.value: None
                if dice is None
                else {"value": round(dice.value, 3), "error": dice.error}
                for region, dice in expected.items()
            },
            "places": [
                {
                    "what": place.what,
                    "volume_ml": round(place.volume_ml, 3),
                    "where": place.where,
                    "voxel": list(place.voxel),
                }
                for place in self.places
            ],
            "unusual": list(self.unusual),
            "agreement": {region.value: round(v, 4) for region, v in self.agreement.items()},
        }
