"""A small head with a tumour of known size, and the report on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from napari_brats.core.case import Case, Volume
from napari_brats.core.geometry import Grid
from napari_brats.core.labels import CONVENTIONS, Label
from napari_brats.core.modalities import Modality
from napari_brats.core.progress import Job, T
from napari_brats.report.compose import Report, Subject, compose

AFFINE = np.diag([-2.0, -2.0, 3.0, 1.0])
SHAPE = (40, 48, 30)
DAY = date(2026, 3, 9)


def _run(job: Job[T]) -> T:
    try:
        while True:
            next(job)
    except StopIteration as end:
        result: T = end.value
        return result


@pytest.fixture
def case() -> Case:
    """A ball of 200 on 0 in T1C and T2F; x runs to the patient's left."""
    x, y, z = np.indices(SHAPE)
    inside = ((x - 20) / 16) ** 2 + ((y - 24) / 20) ** 2 + ((z - 15) / 12) ** 2 <= 1
    data = np.where(inside, 200 + x, 0).astype(np.int16)
    volumes = {
        modality: Volume(
            data, Grid(SHAPE, AFFINE), nib.Nifti1Header(), Path(f"/secret/c-{modality}.nii")
        )
        for modality in (Modality.T1C, Modality.T2F)
    }
    return Case("Case_$1$ <b>", volumes, None, CONVENTIONS["brats2023"])


@pytest.fixture
def labels() -> np.ndarray:
    """On the patient's left: ED 6 x 10 x 4, in it ET 4 x 6 x 2; voxels of 12 mm^3."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[26:32, 20:30, 13:17] = Label.ED
    labels[27:31, 22:28, 14:16] = Label.ET
    return labels


@pytest.fixture
def drain() -> Callable[[Job[Any]], Any]:
    """Runs a job to its end."""
    return _run


@pytest.fixture
def reported(case: Case, labels: np.ndarray) -> Callable[..., Report]:
    """The report on the case, with other fields of its subject."""

    def make(**others: Any) -> Report:
        return _run(compose(Subject(**{"case": case, "labels": labels, **others}), DAY))

    return make
