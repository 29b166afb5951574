"""How a network does on cases it has not seen: the scores of a bundle's card."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from napari_brats.core.case import Case
from napari_brats.core.errors import CaseError
from napari_brats.core.labels import REGION_LABELS, REGIONS, LabelMap, Region
from napari_brats.core.modalities import Modality
from napari_brats.core.progress import Job, Progress, drain
from napari_brats.inference.segment import SegmentOptions, segment
from napari_brats.io.case_files import CaseFiles
from napari_brats.io.load import load_case
from napari_brats.metrics.overlap import confusion_of_labels, joint_counts
from napari_brats.metrics.overlap import dice as overlap_dice
from napari_brats.metrics.score import RegionScore, score_regions
from napari_brats.models.bundle import Bundle

NOTE = (
    "Cases left out of training, each scored by the network that had not seen its patient. "
    "Whole-volume Dice and HD95 (mm); lesion-wise Dice by the rules of BraTS 2023. Means over the "
    "cases whose reference has the region."
)


def score_held_out(bundle: Bundle, held_out: Sequence[CaseFiles]) -> Job[list[dict[str, Any]]]:
    """A row per case: scores with all modalities, and Dice with every subset of them.

    CaseError if one has no label map.
    """
    rows: list[dict[str, Any]] = []
    subsets = subsets_of(bundle.card.modalities)
    for done, files in enumerate(held_out):
        case = load_case(files)
        reference = _reference(case)
        dice: dict[str, dict[Region, float]] = {}
        row: dict[str, Any] = {"case_id": files.case_id, "dice_by_modalities": dice}
        for number, subset in enumerate(subsets):
            yield Progress(
                done * len(subsets) + number,
                len(held_out) * len(subsets),
                f"Scoring case {files.case_id} with {'+'.join(subset)}",
            )
            prediction = _prediction(bundle, case, subset)
            counts = joint_counts(reference, prediction)
            dice["+".join(subset)] = {
                region: round(overlap_dice(confusion_of_labels(counts, REGION_LABELS[region])), 4)
                for region in REGIONS
            }
            if number == 0:
                spacing = case.reference.grid.spacing_mm
                scores = score_regions(reference, prediction, spacing)
                row["regions"] = {region: _facts(score) for region, score in scores.items()}
        rows.append(row)
    return rows


def card_scores(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What the card says of its cases: the rows, and means over those that have the region."""
    ordered = sorted(rows, key=lambda row: str(row["case_id"]))
    subsets = ordered[0]["dice_by_modalities"] if ordered else {}
    return {
        "note": NOTE,
        "cases": ordered,
        "mean_dice_by_modalities": {
            subset: means
            for subset in subsets
            if (means := _means([(row, row["dice_by_modalities"][subset]) for row in ordered]))
        },
    }


def subsets_of(modalities: tuple[Modality, ...]) -> list[tuple[Modality, ...]]:
    """Every non-empty subset, the full one first."""
    return [
        subset
        for size in range(len(modalities), 0, -1)
        for subset in itertools.combinations(modalities, size)
    ]


def _means(
    rows: Sequence[tuple[Mapping[str, Any], Mapping[str, float]]],
) -> dict[str, dict[str, float]]:
    """Mean and n by region over cases with it: a Dice without a reference says nothing."""
    means = {}
    for region in REGIONS:
        values = [dice[region] for row, dice in rows if row["regions"][region]["reference_ml"]]
        if values:
            means[str(region)] = {"mean": round(statistics.fmean(values), 4), "n": len(values)}
    return means


def _reference(case: Case) -> LabelMap:
    if case.label_map is None:
        raise CaseError(f"Case {case.case_id} was left out to be scored but has no label map.")
    return case.label_map.volume.data


def _prediction(bundle: Bundle, case: Case, subset: tuple[Modality, ...]) -> LabelMap:
    partial = replace(case, volumes={m: case.volumes[m] for m in subset if m in case.volumes})
    return drain(segment(partial, bundle, SegmentOptions())).labels


def _facts(score: RegionScore) -> dict[str, float | None]:
    """Rounded, as the card keeps them; null where a figure is not defined."""
    facts = {
        "dice": (score.dice, 4),
        "hd95_mm": (score.hd95_mm, 2),
        "lesionwise_dice": (score.lesionwise_dice, 4),
        "lesionwise_hd95_mm": (score.lesionwise_hd95_mm, 2),
        "reference_ml": (score.reference_ml, 2),
        "prediction_ml": (score.prediction_ml, 2),
    }
    return {
        name: None if value != value else round(value, digits)  # NaN
        for name, (value, digits) in facts.items()
    }
