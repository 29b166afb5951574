"""What is done to probabilities, where that comes from, and what a record says of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from napari_brats.core.errors import BratsError, BundleError
from napari_brats.core.labels import REGIONS, Region
from napari_brats.models.card import Card

CARD_OPTIONS = "options"
"""``card.postprocess[CARD_OPTIONS]``: the tuned values by the names of `PostprocessOptions`."""


@dataclass(frozen=True)
class PostprocessOptions:
    """What is done to the probabilities; the defaults only cut at one half.

    Attributes
    ----------
    threshold_wt, threshold_tc, threshold_et
        0 to 1. A voxel belongs to the region where its probability is above this.
    min_component_wt_mm3, min_component_tc_mm3, min_component_et_mm3
        26-connected components of the region smaller than this are dropped; 0 keeps all.
    largest_wt, largest_tc, largest_et
        How many components of the region are kept, the largest ones; 0 keeps all.
    et_to_ncr_mm3
        ET of less than this in total becomes NCR; 0 leaves it.
    tc_reach_mm
        TC farther than this from ET becomes ED, in tumours that enhance; 0 leaves it.
    fill_holes
        Whether holes of WT and TC are filled. Those of ET stay: they are the necrotic core.
    closing_mm
        Radius of the ball that closes gaps in each region; 0 leaves them.
    opening_mm
        Radius of the ball that opens each region (drops what is thinner); 0 leaves it.
    smooth_mm
        Standard deviation of the Gaussian that smooths the probabilities; 0 leaves them.

    Raises
    ------
    BratsError
        If a value is out of its range.
    """

    threshold_wt: float = 0.5
    threshold_tc: float = 0.5
    threshold_et: float = 0.5
    min_component_wt_mm3: float = 0.0
    min_component_tc_mm3: float = 0.0
    min_component_et_mm3: float = 0.0
    largest_wt: int = 0
    largest_tc: int = 0
    largest_et: int = 0
    et_to_ncr_mm3: float = 0.0
    tc_reach_mm: float = 0.0
    fill_holes: bool = False
    closing_mm: float = 0.0
    opening_mm: float = 0.0
    smooth_mm: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            _require_range(field.name, getattr(self, field.name))

    def threshold(self, region: Region) -> float:
        """The threshold of ``region``."""
        return float(getattr(self, f"threshold_{region.lower()}"))

    def min_component_mm3(self, region: Region) -> float:
        """The size below which components of ``region`` are dropped; 0 for none."""
        return float(getattr(self, f"min_component_{region.lower()}_mm3"))

    def largest(self, region: Region) -> int:
        """How many components of ``region`` are kept; 0 for all."""
        return int(getattr(self, f"largest_{region.lower()}"))


OPTION_NAMES = tuple(field.name for field in fields(PostprocessOptions))


def _require_range(name: str, value: Any) -> None:
    """BratsError naming the option if ``value`` is not what it takes."""
    if name == "fill_holes":
        fits, expected = isinstance(value, bool), "true or false"
    elif isinstance(value, bool) or not isinstance(value, int | float):
        fits, expected = False, "a number"
    elif name.startswith("threshold"):
        fits, expected = 0.0 <= value <= 1.0, "0 to 1"
    elif name.startswith("largest"):
        fits, expected = isinstance(value, int) and value >= 0, "a whole number, 0 or more"
    else:
        fits, expected = 0.0 <= value < math.inf, "0 or more"
    if not fits:
        raise BratsError(f"The post-processing option {name} is {value!r}; expected {expected}.")


def options_from_card(card: Card) -> PostprocessOptions:
    """The options a bundle's results start with: the tuned ones of its card, else the defaults.

    BundleError naming the bundle and the value if the card tells something else than options.
    """
    tuned = card.postprocess.get(CARD_OPTIONS, {})
    try:
        return _from_table(tuned)
    except BratsError as error:
        raise BundleError(
            f"The card of bundle '{card.name}' tells post-processing options that cannot be used. "
            f"{error} Update napari-brats, or run 'napari-brats tune' again."
        ) from error


def _from_table(tuned: Any) -> PostprocessOptions:
    if not isinstance(tuned, Mapping):
        raise BratsError(f"They are {tuned!r}; expected an object of names and values.")
    if unknown := [name for name in tuned if name not in OPTION_NAMES]:
        raise BratsError(f"There is no option '{unknown[0]}' in this version.")
    return PostprocessOptions(**tuned)


def postprocess_record(options: PostprocessOptions, card: Card | None = None) -> dict[str, Any]:
    """What a record says of post-processing: every option, the steps in words, and their source.

    ``steps`` lists what is done, in its order; ``from_card`` the options whose values are the
    tuned ones of the bundle's card.
    """
    values = asdict(options)
    tuned = {} if card is None else card.postprocess.get(CARD_OPTIONS, {})
    from_card = [name for name in tuned if values.get(name) == tuned[name]]
    return {**values, "steps": steps_in_words(options), "from_card": from_card}


def steps_in_words(options: PostprocessOptions) -> list[str]:
    """The steps that `postprocess` makes with these options, in their order."""

    def by_region(values: Mapping[Region, float]) -> str:
        return ", ".join(f"{region.value} {value:g}" for region, value in values.items() if value)

    sizes = by_region({region: options.min_component_mm3(region) for region in REGIONS})
    counts = by_region({region: options.largest(region) for region in REGIONS})
    thresholds = ", ".join(f"{region.value} {options.threshold(region):g}" for region in REGIONS)
    steps = {
        f"smooth probabilities, Gaussian of {options.smooth_mm:g} mm": options.smooth_mm,
        f"keep probabilities above {thresholds}": True,
        "join ET into TC and TC into WT": True,
        f"TC farther than {options.tc_reach_mm:g} mm from ET becomes ED": options.tc_reach_mm,
        f"close by a ball of {options.closing_mm:g} mm": options.closing_mm,
        f"open by a ball of {options.opening_mm:g} mm": options.opening_mm,
        "fill holes of WT and TC": options.fill_holes,
        f"drop components below {sizes} mm^3, with what is inside": sizes,
        f"keep the largest components only: {counts}": counts,
        f"ET below {options.et_to_ncr_mm3:g} mm^3 in total becomes NCR": options.et_to_ncr_mm3,
    }
    return [words for words, done in steps.items() if done]
