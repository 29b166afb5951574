"""Folds part patients, not cases, and each gets its share of enhancing tumours."""

import pytest

from napari_brats.core.errors import BratsError
from napari_brats.training.crossval import Fold, fold_cases, patient_of


@pytest.mark.parametrize(
    ("case_id", "patient"),
    [
        ("BraTS-GLI-00005-101", "BraTS-GLI-00005"),
        ("UCSF-PDGM-0429_FU003d", "UCSF-PDGM-0429"),
        ("Patient-001_week-044-1", "Patient-001"),
        ("BraTS2021_00006", "BraTS2021_00006"),
        ("Brats18_TCIA02_607_1", "Brats18_TCIA02_607_1"),
    ],
)
def test_the_time_point_is_no_part_of_the_patient(case_id, patient):
    assert patient_of(case_id) == patient


def test_every_case_is_left_out_once_and_enhancing_ones_are_shared_out():
    enhancing = {f"C{i:02}": max(0.0, 8.0 - i) for i in range(17)}  # C00 to C07 enhance
    folds = [fold_cases(enhancing, Fold(i, 4)) for i in range(4)]
    assert sorted(case_id for fold in folds for case_id in fold) == sorted(enhancing)
    assert [sum(enhancing[case_id] > 0 for case_id in fold) for fold in folds] == [2, 2, 2, 2]


def test_time_points_of_a_patient_stay_together():
    enhancing = {f"BraTS-GLI-0000{p}-10{t}": p + t for p in range(4) for t in range(3)}
    for index in range(2):
        left_out = fold_cases(enhancing, Fold(index, 2))
        assert len(left_out) == 6
        assert len({patient_of(case_id) for case_id in left_out}) == 2


def test_folds_that_cannot_be_are_refused():
    with pytest.raises(BratsError, match="Fold 3 of 3 does not exist"):
        Fold(3, 3)
    with pytest.raises(BratsError, match="at least 3 patients, but there are 2"):
        fold_cases({"A": 1.0, "B": 2.0}, Fold(0, 3))
