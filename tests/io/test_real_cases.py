"""Discovery, convention and warnings on real cases, where they are at hand."""

from __future__ import annotations

import itertools
import os
from dataclasses import replace
from pathlib import Path

import pytest

from napari_brats.core.labels import CONVENTIONS, labels_to_disk
from napari_brats.core.modalities import MODALITIES
from napari_brats.io.checks import check_case
from napari_brats.io.convention import infer_convention
from napari_brats.io.discover import CaseFiles, discover
from napari_brats.io.fill_in import verdicts
from napari_brats.io.load import load_case

CASES = Path(os.environ.get("NAPARI_BRATS_CASES", ""))

pytestmark = pytest.mark.skipif(
    "NAPARI_BRATS_CASES" not in os.environ, reason="NAPARI_BRATS_CASES names no folder of cases"
)


@pytest.fixture(scope="module")
def found() -> dict[str, CaseFiles]:
    return {files.case_id: files for files in discover(CASES)}


def test_all_cases_are_found_whole(found: dict[str, CaseFiles]) -> None:
    assert len(found) == 20
    assert all(files.missing == () and files.unassigned == () for files in found.values())
    assert sum(files.label_map is not None for files in found.values()) == 18


@pytest.mark.parametrize("case_id", ["BraTS2021_00006", "BraTS2021_01478", "BRATS_009"])
def test_right_names_raise_no_warning_and_the_23_wrong_orders_do(
    case_id: str, found: dict[str, CaseFiles]
) -> None:
    case = load_case(found[case_id])
    assert check_case(case) == ()
    for order in list(itertools.permutations(MODALITIES))[1:]:
        volumes = {m: case.volumes[taken] for m, taken in zip(MODALITIES, order, strict=True)}
        (warning,) = check_case(replace(case, volumes=volumes))
        assert "do not fit their names" in warning


@pytest.mark.parametrize("case_id", ["BraTS-MET-00110-000", "BRATS_009"])
def test_images_of_cases_it_was_not_fitted_on_are_recognised(
    case_id: str, found: dict[str, CaseFiles]
) -> None:
    case = load_case(found[case_id])
    given = verdicts({}, [case.volumes[m] for m in reversed(MODALITIES)])
    assert [verdict.modality for verdict in given] == list(reversed(MODALITIES))


def test_a_native_scan_is_not_recognised_but_told_to_have_its_skull(
    found: dict[str, CaseFiles],
) -> None:
    case = load_case(found["TCGA-FG-6692_native"])
    for verdict in verdicts({}, list(case.volumes.values())):
        assert verdict.modality is None
        assert "skull" in verdict.reason


def test_a_metastasis_raises_no_warning(found: dict[str, CaseFiles]) -> None:
    assert check_case(load_case(found["BraTS-MET-00110-000"])) == ()


def test_a_native_scan_is_told_to_have_its_skull(found: dict[str, CaseFiles]) -> None:
    grids, skull = check_case(load_case(found["TCGA-FG-6692_native"]))
    assert "not on the grid of T1C" in grids
    assert "skull seems to be still on in T1N, T1C, T2W, T2F" in skull


@pytest.mark.parametrize("name", ["brats2021", "brats2023", "msd"])
def test_conventions_are_told_apart_by_the_images_alone(
    name: str, found: dict[str, CaseFiles]
) -> None:
    case = load_case(found["BraTS2021_00019"])
    assert case.label_map is not None
    disk = labels_to_disk(case.label_map.volume.data, CONVENTIONS[name])
    t1n, t1c = (case.volumes[m].data for m in MODALITIES[:2])
    values = {int(value) for value in set(disk[::2, ::2, ::2].ravel().tolist())}
    convention, _ = infer_convention(values, None, "unknown", t1n=t1n, t1c=t1c, disk=disk)
    assert convention.name == name
