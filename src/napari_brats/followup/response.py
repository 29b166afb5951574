"""How a figure goes over time: from baseline, from nadir, against noise and RANO's thresholds.

Thresholds: RANO 2.0 (Wen et al. 2023, J Clin Oncol 41:5187-5199, doi:10.1200/JCO.23.01059). They
are figures only. What RANO calls a response or a progression also needs the patient's state, the
dose of steroids, new lesions, the time since radiotherapy and a confirming examination.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from napari_brats.core.errors import CaseError
from napari_brats.core.labels import Region
from napari_brats.metrics.measures import TumourMeasures

TARGETS = 2
"""RANO 2.0 adds up the products of at most two target lesions of a kind."""

Band = tuple[float, float]

CITATION = (
    "Thresholds of RANO 2.0 (Wen et al. 2023, J Clin Oncol 41:5187, doi:10.1200/JCO.23.01059): "
    "figures only, no assessment of response."
)


class Quantity(StrEnum):
    """What is followed over time; the value names it in tables, with its unit."""

    VOLUME = "volume_ml"
    PRODUCTS = "products_mm2"

    @property
    def title(self) -> str:  # type: ignore[override]
        """A name for people, with the unit."""
        return "volume (ml)" if self is Quantity.VOLUME else "diameter products (mm\u00b2)"


@dataclass(frozen=True)
class Thresholds:
    """Changes that RANO 2.0 names, in percent.

    Attributes
    ----------
    increase
        Against the nadir.
    decrease
        Against the baseline, as a positive number.
    """

    increase: float
    decrease: float


THRESHOLDS = {
    Quantity.PRODUCTS: Thresholds(increase=25.0, decrease=50.0),
    Quantity.VOLUME: Thresholds(increase=40.0, decrease=65.0),
}


@dataclass(frozen=True)
class Value:
    """One figure at one time point.

    Attributes
    ----------
    quantity
        What it is.
    value
        In the quantity's unit.
    band
        Between which values it may lie, because measuring has noise; None if that is not known.
    baseline, nadir
        The first value, and the smallest of those before this one; None for the first one.
    is_beyond_noise
        Whether the bands of this value and of the baseline do not touch; None if not known.
    """

    quantity: Quantity
    value: float
    band: Band | None
    baseline: float | None = None
    nadir: float | None = None
    is_beyond_noise: bool | None = None

    @property
    def from_baseline_percent(self) -> float | None:
        """Change against the baseline; None for the first value and against 0."""
        return _percent(self.value, self.baseline)

    @property
    def from_nadir_percent(self) -> float | None:
        """Change against the nadir; None for the first value and against 0."""
        return _percent(self.value, self.nadir)

    @property
    def increase_limit(self) -> float | None:
        """The value at which the threshold of increase lies; None for the first value."""
        rise = 1 + THRESHOLDS[self.quantity].increase / 100
        return None if self.nadir is None else self.nadir * rise

    @property
    def decrease_limit(self) -> float | None:
        """The value at which the threshold of decrease lies; None for the first value."""
        rest = 1 - THRESHOLDS[self.quantity].decrease / 100
        return None if self.baseline is None else self.baseline * rest

    @property
    def crossed(self) -> tuple[str, ...]:
        """Which thresholds are reached, in words. Anything is an increase against 0."""
        found = []
        limits, up, down = THRESHOLDS[self.quantity], self.increase_limit, self.decrease_limit
        if up is not None and self.value >= up * (1 - _ROUNDING) and self.value > 0:
            found.append(f"+{limits.increase:g} % against nadir")
        if down is not None and self.value <= down * (1 + _ROUNDING) and self.baseline:
            found.append(f"-{limits.decrease:g} % against baseline")
        return tuple(found)


_ROUNDING = 1e-9
"""100 ml * 1.4 is a hair more than 140 ml in floating point."""


@dataclass(frozen=True)
class Series:
    """A quantity of a region over time; None where a time point could not be measured."""

    region: Region
    quantity: Quantity
    values: tuple[Value | None, ...]


def sum_of_products_mm2(measures: TumourMeasures, region: Region) -> float:
    """The products of the two largest measurable lesions of a region, added up; 0.0 without any.

    The lesions are chosen at each time point anew; RANO chooses its targets at the baseline.
    """
    products = [
        lesion.diameters.product_mm2 for lesion in measures.lesions[region] if lesion.is_measurable
    ]
    return sum(sorted(products, reverse=True)[:TARGETS])


def follow(
    region: Region,
    quantity: Quantity,
    values: Sequence[float | None],
    bands: Sequence[Band | None],
) -> Series:
    """The values of a quantity in order of time with what has changed; None: not measured.

    The first value that is there is the baseline. The nadir of a time point is the smallest value
    before it, the baseline included, as RANO has it.
    """
    baseline: Value | None = None
    nadir = 0.0
    followed: list[Value | None] = []
    for value, band in zip(values, bands, strict=True):
        if value is None:
            followed.append(None)
        elif baseline is None:
            baseline, nadir = Value(quantity, value, band), value
            followed.append(baseline)
        else:
            apart = _are_apart(band, baseline.band)
            followed.append(Value(quantity, value, band, baseline.value, nadir, apart))
            nadir = min(nadir, value)
    return Series(region, quantity, tuple(followed))


def repeatability_band(value: float, percent: float) -> Band:
    """A value with a noise of so many percent to each side; CaseError for less than 0 or over 100.

    ``percent`` is how far measuring the same tumour again may lead from this value.
    """
    if not 0 <= percent <= 100:
        raise CaseError(f"A repeatability of {percent:g} % is not in 0 to 100.")
    noise = value * percent / 100
    return value - noise, value + noise


def dice_band(value: float, dice: float) -> Band:
    """Between which volumes a reference lies that has this Dice (above 0) with the segmentation.

    Dice = 2|A and B| / (|A| + |B|) is at most 2 min(|A|, |B|) / (|A| + |B|). So the other volume is
    at least D / (2 - D) and at most (2 - D) / D of this one: a bound for any two masks, wide
    because it holds even if all of the error lies on one side.
    """
    return value * dice / (2 - dice), value * (2 - dice) / dice


def _percent(value: float, base: float | None) -> float | None:
    return None if not base else 100 * (value - base) / base


def _are_apart(one: Band | None, other: Band | None) -> bool | None:
    if one is None or other is None:
        return None
    return one[1] < other[0] or other[1] < one[0]
