"""Tuning under cross-validation: what tuned options reach on patients they were not tuned on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from napari_brats.core.errors import CaseError
from napari_brats.core.labels import Region
from napari_brats.core.progress import Job, report_shares
from napari_brats.inference.postprocess_options import PostprocessOptions
from napari_brats.metrics.lesionwise import DEFAULT_CHALLENGE, Challenge
from napari_brats.training.crossval import Fold, fold_cases
from napari_brats.tuning.cases import TuningCase
from napari_brats.tuning.search import Objective, Scores, Search

MIN_PATIENTS = 3


@dataclass(frozen=True)
class TunedFold:
    """The cases that were left out, and the options found on all others."""

    left_out: tuple[str, ...]
    options: PostprocessOptions


@dataclass(frozen=True, eq=False)
class Tuning:
    """What was found, and what it is worth.

    Attributes
    ----------
    objective, challenge
        What was made as large as possible, by which rules.
    cases
        On which, in the order of the scores.
    options
        Those found on all cases.
    folds
        Those found in each fold.
    defaults, cross_validated, in_sample
        (N, 3, 2) whole-volume and lesion-wise Dice of WT, TC, ET: of the options that do nothing
        but cut at one half; of those found without the case's patient; of ``options``.
    """

    objective: Objective
    challenge: Challenge
    cases: tuple[TuningCase, ...]
    options: PostprocessOptions
    folds: tuple[TunedFold, ...]
    defaults: Scores
    cross_validated: Scores
    in_sample: Scores

    @property
    def patients(self) -> int:
        """How many patients the cases are of."""
        return len({case.patient for case in self.cases})

    def gains(self, scores: Scores) -> Scores:
        """(N,) by how much the objective of each case exceeds that of the defaults."""
        gained: Scores = self.objective.of(scores - self.defaults).mean(axis=1)
        return gained

    @property
    def is_worth_it(self) -> bool:
        """Whether the options gain anything on patients they were not tuned on."""
        return float(self.gains(self.cross_validated).mean()) > 1e-9


def tune(
    cases: Sequence[TuningCase],
    objective: Objective = Objective.MEAN,
    challenge: Challenge = DEFAULT_CHALLENGE,
    folds: int | None = None,
) -> Job[Tuning]:
    """Find the options that score best on ``cases``, and score them by cross-validation.

    Parameters
    ----------
    cases
        At least `MIN_PATIENTS` patients, whose probabilities a network gave that never saw them.
    objective
        What is made as large as possible.
    challenge
        The rules of the lesion-wise scores.
    folds
        In how many folds the patients are dealt out; None leaves out one patient at a time.

    Raises
    ------
    CaseError
        If there are too few patients.
    BratsError
        If there are fewer patients than folds.
    """
    patients = sorted({case.patient for case in cases})
    if len(patients) < MIN_PATIENTS:
        raise CaseError(
            f"There are {len(cases)} cases of {len(patients)} patients with probabilities and a "
            f"reference. Expected at least {MIN_PATIENTS} patients: fewer tell nothing of others."
        )
    groups = _folds(cases, folds)
    total = 100 * (len(groups) + 1)
    search = Search(cases, objective, challenge)
    everyone = range(len(cases))
    options = yield from report_shares(
        search.best(everyone), "Searching on all cases", 0, 100, total
    )
    found, scores = [], np.zeros((len(cases), 3, 2))
    for number, left_out in enumerate(groups, start=1):
        others = [i for i in everyone if i not in left_out]
        message, first = f"Fold {number} of {len(groups)}", 100 * number
        tuned = yield from report_shares(search.best(others), message, first, first + 100, total)
        found.append(TunedFold(tuple(cases[i].case_id for i in left_out), tuned))
        for i in left_out:
            scores[i] = search.score(i, tuned)
    return Tuning(
        objective,
        challenge,
        tuple(cases),
        options,
        tuple(found),
        np.array([search.score(i, PostprocessOptions()) for i in everyone]),
        scores,
        np.array([search.score(i, options) for i in everyone]),
    )


def _folds(cases: Sequence[TuningCase], folds: int | None) -> list[list[int]]:
    """Which cases (by index) each fold leaves out: all of a patient, or none."""
    if folds is None:
        patients = sorted({case.patient for case in cases})
        return [[i for i, c in enumerate(cases) if c.patient == p] for p in patients]
    enhancing = {c.case_id: float(np.count_nonzero(c.reference[Region.ET])) for c in cases}
    left_out = [fold_cases(enhancing, Fold(index, folds)) for index in range(folds)]
    return [[i for i, c in enumerate(cases) if c.case_id in ids] for ids in left_out]
