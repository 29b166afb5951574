"""The run of ``evaluate`` over its pairs: one bad case does not stop the others."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_brats.cli.pairs import LabelMapFile, Pair
from napari_brats.core.case import LabelVolume
from napari_brats.core.errors import BratsError, CaseError, GeometryError
from napari_brats.core.progress import Job, Progress
from napari_brats.io.load import label_volume
from napari_brats.io.nifti import read_volume
from napari_brats.metrics.score import ScoreOptions, score_regions
from napari_brats.metrics.tables import CaseScore

_FAILURES = (BratsError, OSError, MemoryError, ValueError)
"""What one case may end with without ending the run."""


@dataclass(frozen=True)
class Plan:
    """What is the same for every pair.

    Attributes
    ----------
    options
        How to score.
    reference_convention, prediction_convention
        Names of label conventions; None infers them.
    """

    options: ScoreOptions
    reference_convention: str | None = None
    prediction_convention: str | None = None


def score_pairs(pairs: tuple[Pair, ...], plan: Plan) -> Job[list[CaseScore]]:
    """Score every pair, several at once; one that fails does not stop the others.

    Yields as each case is done; returns the scores in the order of ``pairs``.
    """
    workers = max(1, min(len(pairs), os.cpu_count() or 1))
    with ThreadPoolExecutor(max_workers=workers) as pool:
        futures = {pool.submit(_attempt, pair, plan): pair for pair in pairs}
        try:
            for done, future in enumerate(as_completed(futures), start=1):
                yield Progress(done, len(pairs), f"{futures[future].case_id}: scored")
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    return [future.result() for future in futures]


def score_pair(pair: Pair, plan: Plan) -> CaseScore:
    """The scores of one pair; a missing prediction counts as an empty one.

    Raises
    ------
    BratsError
        If a file cannot be used, or the two do not lie on one grid.
    """
    if pair.reference is None:
        where = pair.prediction.path if pair.prediction else None
        text = f"There is no reference for the prediction {where}; it was not scored."
        return CaseScore(pair.case_id, "no reference", error=text, sources=_sources(None, None))
    reference = _read(pair.reference, plan.reference_convention)
    grid, labels = reference.volume.grid, reference.volume.data
    status, error, prediction = "scored", None, None
    if pair.prediction is None:
        status, error = "no prediction", "There is no prediction; scored as an empty one."
        predicted = np.zeros_like(labels)
    else:
        prediction = _read(pair.prediction, plan.prediction_convention)
        _require_one_grid(pair, reference, prediction)
        predicted = prediction.volume.data
    return CaseScore(
        pair.case_id,
        status,
        score_regions(labels, predicted, grid.spacing_mm, plan.options),
        error,
        _sources(reference, prediction),
        grid.affine,
    )


def _attempt(pair: Pair, plan: Plan) -> CaseScore:
    try:
        return score_pair(pair, plan)
    except _FAILURES as error:
        text = str(error) if isinstance(error, BratsError) else f"{type(error).__name__}: {error}"
        return CaseScore(pair.case_id, "failed", error=text, sources=_sources(None, None))


def _read(file: LabelMapFile, convention: str | None) -> LabelVolume:
    if file.problem:
        raise CaseError(file.problem)
    return label_volume(read_volume(file.path), {}, convention, file.hint, file.naming)


def _require_one_grid(pair: Pair, reference: LabelVolume, prediction: LabelVolume) -> None:
    difference = reference.volume.grid.difference(prediction.volume.grid)
    if difference:
        raise GeometryError(
            f"Reference and prediction of case {pair.case_id} do not lie on one grid: "
            f"{difference}.\n"
            f"  reference {reference.volume.path}: {reference.volume.grid.describe()}\n"
            f"  prediction {prediction.volume.path}: {prediction.volume.grid.describe()}\n"
            f"Expected one grid. Resample the prediction onto that of the reference."
        )


def _sources(reference: LabelVolume | None, prediction: LabelVolume | None) -> dict[str, Any]:
    sides = {"reference": reference, "prediction": prediction}
    facts: dict[str, Any] = {
        side: None
        if found is None
        else {
            "path": str(found.volume.path),
            "convention": found.convention.name,
            "reason": found.reason,
        }
        for side, found in sides.items()
    }
    facts["spacing_mm"] = None if reference is None else list(reference.volume.grid.spacing_mm)
    return facts
