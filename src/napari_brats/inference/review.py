"""What is to be said of a network's answer, put together: `core.review.Review`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy.typing as npt

from napari_brats.core.labels import REGIONS, LabelMap
from napari_brats.core.modalities import Modality
from napari_brats.core.review import Review
from napari_brats.inference.expected import CARD_KEY, expect_dice, signs_of
from napari_brats.inference.mirroring import MirroredPrediction, Mirroring
from napari_brats.inference.preprocess import PreparedImage
from napari_brats.inference.uncertainty import find_places, uncertainty_map
from napari_brats.inference.unusual import find_unusual
from napari_brats.models.card import Card


@dataclass(frozen=True, eq=False)
class Answer:
    """What a network made of a case.

    Attributes
    ----------
    arrays
        Modality -> (X, Y, Z) as read.
    prepared
        What the network saw of them.
    prediction
        Its probabilities, on the prepared image's grid, 0 off the brain.
    mirroring
        How it looked.
    likeness
        `familiar.likeness_to_expected`, where it is known.
    """

    arrays: Mapping[Modality, npt.NDArray[Any]]
    prepared: PreparedImage
    prediction: MirroredPrediction
    mirroring: Mirroring
    likeness: float | None = None


def review_answer(
    answer: Answer, labels: LabelMap, card: Card, *, keep_uncertainty: bool
) -> Review:
    """The Dice to expect, the places to look at, and what is unusual about the images.

    Parameters
    ----------
    answer
        The network's.
    labels
        (X, Y, Z) in file order: what was made of it.
    card
        Of the bundle: its channels, and its calibration of the expected Dice.
    keep_uncertainty
        Whether the map of uncertainty, on the file's grid, is part of the review.
    """
    prepared, placement = answer.prepared, answer.prepared.placement
    probabilities = answer.prediction.probabilities
    agreement = dict(zip(REGIONS, map(float, answer.prediction.agreement), strict=False))
    drawn = placement.to_canonical(labels)
    signs = signs_of(probabilities, drawn, agreement, math.prod(prepared.spacing_mm))
    places = find_places(probabilities, drawn, prepared.brain, prepared.spacing_mm)
    unusual = find_unusual(prepared, answer.arrays, card.modalities, agreement, answer.likeness)
    why_unknown = _why_unknown(answer, card, unusual)
    return Review(
        expect_dice(signs, {} if why_unknown else card.scores, answer.mirroring),
        why_unknown,
        tuple(replace(p, voxel=placement.voxel_to_file(p.voxel)) for p in places),
        unusual,
        agreement,
        placement.to_file(uncertainty_map(probabilities)) if keep_uncertainty else None,
    )


def _why_unknown(answer: Answer, card: Card, unusual: Sequence[str]) -> str:
    """Why the card's calibration of the expected Dice says nothing here; empty if it does.

    It was fitted on usual images with all modalities: elsewhere a number would only reassure.
    """
    if unusual:
        return "the images are unusual"
    if missing := [m for m in card.modalities if m not in answer.arrays]:
        return f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
    if answer.mirroring not in card.scores.get(CARD_KEY, {}):
        return f"the bundle is not calibrated with mirroring {answer.mirroring}"
    return ""
