"""The run of ``evaluate`` over its pairs: one bad case does not stop the others."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from napari_brats.cli.pairs import LabelMapFile, Pair
from napari_brats.core.case import LabelVolume
from napari_brats.core.errors import BratsError, CaseError, GeometryError
from napari_brats.core.labels import Mask
from napari_brats.core.progress import Job, Progress
from napari_brats.io.case_files import FileChoice
from napari_brats.io.load import label_volume, read_choices
from napari_brats.io.nifti import read_volume
from napari_brats.metrics.score import ScoreOptions, score_labels, score_regions
from napari_brats.metrics.tables import CaseScore
from napari_brats.scale.workers import Workers, batches, hand_out

_FAILURES = (BratsError, OSError, MemoryError, ValueError)
"""What one case may end with without ending the run."""

_BATCH = 4
"""Pairs that a worker is given at once."""


@dataclass(frozen=True)
class Plan:
    """What is the same for every pair.

    Attributes
    ----------
    options
        How to score.
    reference_convention, prediction_convention
        Names of label conventions; None infers them.
    labels
        Whether single labels are scored, too.
    set_name
        The name of these predictions, where there are several.
    """

    options: ScoreOptions
    reference_convention: str | None = None
    prediction_convention: str | None = None
    labels: bool = False
    set_name: str = ""


@dataclass(frozen=True, eq=False)
class _Brain:
    """Where the brain is; without ``mask``, why that is not known."""

    paths: tuple[str, ...]
    mask: Mask | None = None
    reason: str | None = None


def score_pairs(
    pairs: tuple[Pair, ...], plan: Plan, workers: Workers | None = None
) -> Job[list[CaseScore]]:
    """Score every pair, several at once; one that fails does not stop the others.

    Yields as cases are done; returns the scores in the order of ``pairs``. They do not depend on
    who makes them: ``workers``, or for None a thread per CPU.
    """
    run = _by_threads(pairs, plan) if workers is None else _by_workers(pairs, plan, workers)
    scores: dict[str, CaseScore] = {}
    for score in run:
        scores[score.case_id] = score
        yield Progress(len(scores), len(pairs), f"{score.case_id}: scored")
    return [scores[pair.case_id] for pair in pairs]


def _by_threads(pairs: tuple[Pair, ...], plan: Plan) -> Iterator[CaseScore]:
    threads = max(1, min(len(pairs), os.cpu_count() or 1))
    with ThreadPoolExecutor(max_workers=threads) as pool:
        futures = [pool.submit(_attempt, pair, plan) for pair in pairs]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _by_workers(pairs: tuple[Pair, ...], plan: Plan, workers: Workers) -> Iterator[CaseScore]:
    work = batches(pairs, workers.count, _BATCH)
    for returned in hand_out(workers, partial(score_batch, plan), work):
        for pair in returned.batch if returned.error else ():
            yield _without_scores(pair, "failed", returned.error or "", plan)
        yield from returned.answer or ()


def score_batch(plan: Plan, pairs: tuple[Pair, ...]) -> list[CaseScore]:
    """What a worker makes of a few pairs: their scores, or why there are none."""
    return [_attempt(pair, plan) for pair in pairs]


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
        return _without_scores(pair, "no reference", text, plan)
    reference = read_label_map(pair.reference, plan.reference_convention)
    grid, labels = reference.volume.grid, reference.volume.data
    status, error, prediction = "scored", None, None
    if pair.prediction is None:
        status, error = "no prediction", "There is no prediction; scored as an empty one."
        predicted = np.zeros_like(labels)
    else:
        prediction = read_label_map(pair.prediction, plan.prediction_convention)
        _require_one_grid(pair, reference, prediction)
        predicted = prediction.volume.data
    brain = _brain(pair, reference)
    pair_of_maps = (labels, predicted, grid.spacing_mm, plan.options, brain.mask)
    return CaseScore(
        pair.case_id,
        status,
        score_regions(*pair_of_maps),
        error,
        _sources(reference, prediction, brain),
        grid.affine,
        score_labels(*pair_of_maps) if plan.labels else {},
        plan.set_name,
    )


def _attempt(pair: Pair, plan: Plan) -> CaseScore:
    try:
        return score_pair(pair, plan)
    except _FAILURES as error:
        text = str(error) if isinstance(error, BratsError) else f"{type(error).__name__}: {error}"
        return _without_scores(pair, "failed", text, plan)


def _without_scores(pair: Pair, status: str, error: str, plan: Plan) -> CaseScore:
    nothing = _sources(None, None, _Brain(()))
    return CaseScore(pair.case_id, status, error=error, sources=nothing, set_name=plan.set_name)


def read_label_map(file: LabelMapFile, convention: str | None) -> LabelVolume:
    """The label map of a file, in the convention of that name or an inferred one.

    BratsError if the file cannot be used.
    """
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


def _brain(pair: Pair, reference: LabelVolume) -> _Brain:
    """Where any image of the case shows something; images that were asked for must fit."""
    from napari_brats.inference.preprocess import foreground_mask

    asked = pair.images is not None
    choices = pair.images if pair.images is not None else _beside(pair)
    paths = tuple(dict.fromkeys(str(choice.path) for choice in choices))
    if not choices:
        return _Brain((), reason="no image was found for the case")
    grid = reference.volume.grid
    brain = np.zeros(grid.shape, np.bool_)
    try:
        for volume in read_choices(dict(enumerate(choices))).values():
            if difference := grid.difference(volume.grid):
                raise GeometryError(
                    f"The image {volume.path} does not lie on the grid of the reference: "
                    f"{difference}. Expected one grid; give another --image, or --image none."
                )
            brain |= foreground_mask(volume.data)
    except BratsError as error:
        if asked:
            raise
        return _Brain(paths, reason=str(error))
    return _Brain(paths, brain)


def _beside(pair: Pair) -> tuple[FileChoice, ...]:
    return pair.reference.images if pair.reference else ()


def _sources(
    reference: LabelVolume | None, prediction: LabelVolume | None, brain: _Brain
) -> dict[str, Any]:
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
    used = brain.mask is not None
    facts["brain"] = {"images": list(brain.paths), "used": used, "reason": brain.reason}
    return facts
