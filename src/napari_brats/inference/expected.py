"""The Dice a result is expected to reach, from the network's own probabilities.

Probabilities alone promise too much: what a network has never seen it gets wrong without doubt. So
a bundle's card may carry a small calibration, fitted on cases that were left out of training.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_brats.core.errors import BundleError
from napari_brats.core.labels import REGIONS, LabelMap, Region, region_mask
from napari_brats.core.review import ExpectedDice

CARD_KEY = "expected_dice"
"""``card.scores[CARD_KEY]``: how mirrored -> `Calibration.to_json`."""

RIDGE = 1.0
"""Strength of the penalty on the slopes, in units of standardised signs; fixed, not tuned."""

Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Signs:
    """What a result tells of its own quality, for one region.

    Attributes
    ----------
    soft_dice
        The expected Dice if voxels were wrong independently of each other, see `soft_dice`.
    agreement
        Dice between the passes over mirror images; 1 for a single pass.
    log_volume
        Logarithm to base 10 of the volume in ml plus 0.1: small regions are got wrong more easily.
    """

    soft_dice: float
    agreement: float
    log_volume: float


@dataclass(frozen=True)
class Row:
    """One region of one case that was left out of training: its signs and the Dice it reached."""

    case_id: str
    region: Region
    signs: Signs
    dice: float


@dataclass(frozen=True)
class Calibration:
    """Ridge regression of the Dice on the signs: one intercept per region, shared slopes.

    Attributes
    ----------
    intercept
        Region -> Dice at mean signs.
    slope, mean, scale
        Of each sign, in the order of `Signs`.
    error
        Region -> mean absolute error, each case predicted from the other cases.
    cases
        How many cases it was fitted on.
    """

    intercept: Mapping[Region, float]
    slope: tuple[float, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    error: Mapping[Region, float]
    cases: int

    def dice(self, region: Region, signs: Signs) -> float:
        """The expected Dice, 0 to 1."""
        values = (np.array(list(asdict(signs).values())) - self.mean) / np.array(self.scale)
        return float(np.clip(self.intercept[region] + values @ np.array(self.slope), 0, 1))

    def to_json(self) -> dict[str, Any]:
        """As it stands in a card."""
        facts = asdict(self)
        for key in ("intercept", "error"):
            facts[key] = {region.value: round(v, 4) for region, v in facts[key].items()}
        for key in ("slope", "mean", "scale"):
            facts[key] = [round(v, 4) for v in facts[key]]
        return facts

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Calibration:
        """Inverse of `to_json`; BundleError if it is no calibration of this version."""
        try:
            count = len(Signs.__dataclass_fields__)
            slope, mean, scale = (
                tuple(float(facts[k][i]) for i in range(count)) for k in ("slope", "mean", "scale")
            )
            intercept, error = (
                {Region(r): float(v) for r, v in facts[k].items()} for k in ("intercept", "error")
            )
            return cls(intercept, slope, mean, scale, error, int(facts["cases"]))
        except (IndexError, KeyError, TypeError, ValueError, AttributeError) as problem:
            raise BundleError(
                f"The card's '{CARD_KEY}' is not one this version can read ({problem}); expected "
                f"intercept, slope, mean, scale, error and cases. Calibrate the bundle again."
            ) from problem


def signs_of(
    probabilities: Floats, labels: LabelMap, agreement: Mapping[Region, float], voxel_mm3: float
) -> dict[Region, Signs]:
    """The signs of each region that was drawn; the others are left out.

    Parameters
    ----------
    probabilities
        (R, X, Y, Z), regions WT, TC, ET.
    labels
        (X, Y, Z), the label map made of them.
    agreement
        Region -> see `Signs`; empty for a single pass.
    voxel_mm3
        Volume of a voxel.
    """
    signs = {}
    for region, p in zip(REGIONS, probabilities, strict=True):
        mask = region_mask(labels, region)
        voxels = int(np.count_nonzero(mask))
        if voxels:
            volume_ml = voxels * voxel_mm3 / 1000
            log_volume = math.log10(volume_ml + 0.1)
            signs[region] = Signs(soft_dice(p, mask), agreement.get(region, 1.0), log_volume)
    return signs


def soft_dice(probability: Floats, mask: npt.NDArray[np.bool_]) -> float:
    """The Dice to expect of ``mask`` if each voxel belongs to the region with its probability.

    Twice the expected overlap by the expected sum of both volumes, which for many independent
    voxels is the mean Dice but for terms of one over their number. 1 if both are empty.
    """
    inside = float(probability[mask].sum(dtype=np.float64))
    total = float(probability.sum(dtype=np.float64))
    volume = int(np.count_nonzero(mask))
    return 2 * inside / (volume + total) if volume + total else 1.0


def calibrate(rows: Sequence[Row]) -> Calibration:
    """Fit on cases left out of training; its error leaves out one case after the other.

    Needs three cases at least: BundleError with fewer.
    """
    missed: dict[Region, list[float]] = {}
    for row, expected in zip(rows, expect_left_out(rows), strict=True):
        if expected is not None:
            missed.setdefault(row.region, []).append(abs(expected - row.dice))
    error = {region: float(np.mean(gaps)) for region, gaps in missed.items()}
    fit = _fit(rows)
    return replace(fit, intercept={r: fit.intercept[r] for r in error}, error=error)


def expect_left_out(rows: Sequence[Row]) -> list[float | None]:
    """For each row the Dice that is expected by a fit on the other cases.

    None where no other case has the row's region. BundleError with fewer than three cases.
    """
    cases = sorted({row.case_id for row in rows})
    if len(cases) < 3:
        raise BundleError(
            f"Expected Dice cannot be calibrated on {len(cases)} cases; expected 3 at least that "
            f"were left out of training and have a label map."
        )
    fits = {case: _fit([row for row in rows if row.case_id != case]) for case in cases}
    return [
        fits[row.case_id].dice(row.region, row.signs)
        if row.region in fits[row.case_id].intercept
        else None
        for row in rows
    ]


def _fit(rows: Sequence[Row]) -> Calibration:
    """Intercepts are the regions' own means; slopes are shared, and shrunk."""
    x = np.array([list(asdict(row.signs).values()) for row in rows])
    y = np.array([row.dice for row in rows])
    mean, scale = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-3)
    x = (x - mean) / scale
    regions = [region for region in REGIONS if any(row.region is region for row in rows)]
    is_region = np.array([[row.region is region for region in regions] for row in rows], float)
    design = np.hstack([x, is_region])
    penalty = np.diag([RIDGE] * x.shape[1] + [1e-9] * len(regions))
    weights = np.linalg.solve(design.T @ design + penalty, design.T @ y)
    slope, intercept = weights[: x.shape[1]], weights[x.shape[1] :]
    return Calibration(
        dict(zip(regions, intercept.tolist(), strict=True)),
        tuple(slope.tolist()),
        tuple(mean.tolist()),
        tuple(scale.tolist()),
        {},
        len({row.case_id for row in rows}),
    )


def expect_dice(
    signs: Mapping[Region, Signs], scores: Mapping[str, Any], mirroring: str
) -> dict[Region, ExpectedDice]:
    """What to expect of each region in ``signs``, by the calibration in a card's scores.

    Without one for this ``mirroring``, the soft Dice itself with no error: it promises too much.
    """
    facts = scores.get(CARD_KEY, {}).get(mirroring)
    if facts is None:
        return {region: ExpectedDice(s.soft_dice) for region, s in signs.items()}
    calibration = Calibration.from_json(facts)
    return {
        region: ExpectedDice(calibration.dice(region, s), calibration.error[region])
        for region, s in signs.items()
        if region in calibration.intercept
    }
