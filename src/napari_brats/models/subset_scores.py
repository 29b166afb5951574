"""What a bundle's card lets one expect from the modalities at hand."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from napari_brats.core.labels import Region
from napari_brats.core.modalities import Modality
from napari_brats.models.card import Card

HARDLY_FOUND = 0.2
"""A mean Dice below this: the region's mask is of no use."""


@dataclass(frozen=True)
class MeanDice:
    """Mean Dice of one region over the ``cases`` left out of training that have it."""

    mean: float
    cases: int


def expected_by_subset(card: Card, modalities: Collection[Modality]) -> dict[Region, MeanDice]:
    """Mean Dice by region on cases left out, given just these modalities.

    Modalities the bundle does not use are ignored. Empty if the card does not tell.
    """
    used = [modality for modality in card.modalities if modality in modalities]
    table = card.scores.get("mean_dice_by_modalities")
    row = table.get("+".join(used)) if isinstance(table, Mapping) else None
    if not isinstance(row, Mapping):
        return {}
    found = {}
    for region in card.regions:
        try:
            found[region] = MeanDice(float(row[region]["mean"]), int(row[region]["n"]))
        except (KeyError, TypeError, ValueError):  # a card of the user's may hold anything
            continue
    return found


def expectation_text(card: Card, modalities: Collection[Modality]) -> str:
    """What to expect from these modalities in a sentence or two; empty if the card does not tell.

    ``With T1C and T2F only: expect Dice WT 0.77, TC 0.40, ET 0.51 (mean of 4, 4 and 3 cases left
    out of training; with all 4 modalities: 0.78, 0.49, 0.53).``
    """
    expected = expected_by_subset(card, modalities)
    if not expected:
        return ""
    used = [modality for modality in card.modalities if modality in modalities]
    figures = ", ".join(f"{region} {dice.mean:.2f}" for region, dice in expected.items())
    notes = f"{_counts(expected)} left out of training"
    if len(used) == len(card.modalities):
        return f"Expect Dice {figures} ({notes})."
    full = expected_by_subset(card, card.modalities)
    if all(region in full for region in expected):
        best = ", ".join(f"{full[region].mean:.2f}" for region in expected)
        notes += f"; with all {len(card.modalities)} modalities: {best}"
    lost = [region for region, dice in expected.items() if dice.mean < HARDLY_FOUND]
    warning = f" {_listed(lost)} cannot be relied on." if lost else ""
    return f"With {_listed(used)} only: expect Dice {figures} ({notes}).{warning}"


def _counts(expected: Mapping[Region, MeanDice]) -> str:
    """``mean of 4 cases``, or ``mean of 4, 4 and 3 cases`` where not all have every region."""
    counts = [str(dice.cases) for dice in expected.values()]
    if set(counts) == {"1"}:
        return "1 case"
    return f"mean of {counts[0] if len(set(counts)) == 1 else _listed(counts)} cases"


def _listed(words: list[str] | list[Region] | list[Modality]) -> str:
    """``A``, ``A and B``, ``A, B and C``."""
    *first, last = (str(word) for word in words)
    return f"{', '.join(first)} and {last}" if first else last
