"""Folds of a cross-validation: split by patient, stratified by how much tumour enhances."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from napari_brats.core.errors import BratsError

_TIME_POINT = re.compile(
    r"(?<=-\d{5})-\d{3}$"  # BraTS-GLI-00005-101
    r"|_FU\d+d$"  # UCSF-PDGM-0429_FU003d
    r"|[-_](week|tp|time|timepoint|ses)[-_]?\d+([-_]\d+)?$",  # Patient-001_week-044-1
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Fold:
    """Fold ``index`` (from 0) of ``count``: its cases are left out, all others train."""

    index: int
    count: int

    def __post_init__(self) -> None:
        """Raise BratsError for a fold that does not exist."""
        if self.count < 2 or not 0 <= self.index < self.count:
            raise BratsError(
                f"Fold {self.index} of {self.count} does not exist. Expected at least 2 folds, "
                f"and --fold from 0 to one less than --folds."
            )


def patient_of(case_id: str) -> str:
    """The patient's part of a case id: without the time point, where the naming has one."""
    return _TIME_POINT.sub("", case_id)


def fold_cases(enhancing: Mapping[str, float], fold: Fold, seed: int = 0) -> tuple[str, ...]:
    """The ids of the cases that ``fold`` leaves out, sorted.

    Parameters
    ----------
    enhancing
        Volume of ET by case id, in any unit. Patients are ranked by it and dealt out rank by rank,
        so that every fold has its share of tumours that enhance and of those that do not.
    fold
        Which of how many.
    seed
        Decides, within each round of the deal, which fold gets which patient.

    Raises
    ------
    BratsError
        If there are fewer patients than folds.
    """
    by_patient: dict[str, float] = {}
    for case_id, volume in enhancing.items():
        patient = patient_of(case_id)
        by_patient[patient] = max(volume, by_patient.get(patient, 0.0))
    if len(by_patient) < fold.count:
        raise BratsError(
            f"{fold.count} folds need at least {fold.count} patients, but there are "
            f"{len(by_patient)}. Choose fewer folds or add cases."
        )
    ranked = sorted(by_patient, key=lambda patient: (-by_patient[patient], patient))
    rng = np.random.default_rng(seed)
    chosen = set()
    for start in range(0, len(ranked), fold.count):
        deal = rng.permutation(fold.count)
        for position, patient in enumerate(ranked[start : start + fold.count]):
            if deal[position] == fold.index:
                chosen.add(patient)
    return tuple(sorted(case_id for case_id in enhancing if patient_of(case_id) in chosen))
