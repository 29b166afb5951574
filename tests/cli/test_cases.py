"""Which cases are run: the user's answers, repeats, and one id for each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from napari_brats.cli.cases import Assignment, parse_assignment, select, tell_apart
from napari_brats.core.modalities import Modality

MakeCase = Callable[..., Path]
WriteImage = Callable[..., Path]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("T1C=post.nii.gz", Assignment(Modality.T1C, "post.nii.gz")),
        ("t2f=a=b.nii", Assignment(Modality.T2F, "a=b.nii")),
        ("T1N=data.nii.gz:0", Assignment(Modality.T1N, "data.nii.gz", 0)),
        ("T1N=C:\\data\\x.nii:3", Assignment(Modality.T1N, "C:\\data\\x.nii", 3)),
        ("T1N=C:\\data\\x.nii", Assignment(Modality.T1N, "C:\\data\\x.nii")),
        ("T2W=*_0002.nii.gz", Assignment(Modality.T2W, "*_0002.nii.gz")),
    ],
)
def test_assignments_as_they_are_written(text: str, expected: Assignment):
    assert parse_assignment(text) == expected


@pytest.mark.parametrize("text", ["T1C", "T1C=", "=x.nii", "T3=x.nii", "x.nii"])
def test_what_is_no_assignment_is_a_usage_error(text: str):
    with pytest.raises(typer.BadParameter, match="T1N, T1C, T2W, T2F"):
        parse_assignment(text)


def test_a_file_name_that_ends_like_a_channel_is_a_file_if_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    Path("x:1").write_text("")
    assert parse_assignment("T1C=x:1") == Assignment(Modality.T1C, "x:1")


def test_ids_that_differ_are_kept(make_case: MakeCase, tmp_path: Path):
    make_case("BraTS2021_00001")
    make_case("BraTS2021_00002")
    selection = select([tmp_path / "data"])
    assert [f.case_id for f in selection.cases] == ["BraTS2021_00001", "BraTS2021_00002"]


def test_the_shortest_part_of_the_path_that_differs_goes_before_an_id(
    write_image: WriteImage, tmp_path: Path
):
    for patient in ("P1", "P2"):
        for name in ("t1", "t1c", "t2", "flair"):
            write_image(tmp_path / "data" / patient / "first" / f"{name}.nii.gz")
    selection = select([tmp_path / "data"])
    assert [f.case_id for f in selection.cases] == ["P1_first", "P2_first"]


def test_ids_that_differ_in_case_only_count_as_one(make_case: MakeCase):
    lower, upper = (select([make_case(name)]).cases[0] for name in ("patient7", "PATIENT7"))
    selection = tell_apart([lower, upper])
    ids = [files.case_id.casefold() for files in selection.cases]
    assert len(set(ids)) + len(selection.problems) == 2


def test_cases_of_one_id_in_one_folder_are_refused(make_case: MakeCase):
    (case,) = select([make_case()]).cases
    selection = tell_apart([case, case])
    assert selection.cases == ()
    assert [p.case_id for p in selection.problems] == ["BraTS2021_00001"] * 2
    assert "--output" in selection.problems[0].error


def test_a_modality_found_twice_is_settled_by_the_user(
    make_case: MakeCase, write_image: WriteImage
):
    folder = make_case()
    second = write_image(folder / "BraTS2021_00001_t1gd.nii.gz")
    (files,) = select([folder]).cases
    assert files.problems
    (files,) = select([folder], [Assignment(Modality.T1C, str(second))]).cases
    assert not files.problems
    assert files.modalities[Modality.T1C].path.name == "BraTS2021_00001_t1gd.nii.gz"


def test_a_file_from_elsewhere_joins_the_only_case(
    make_case: MakeCase, write_image: WriteImage, tmp_path: Path
):
    folder = make_case()
    other = write_image(tmp_path / "elsewhere" / "x.nii.gz")
    (files,) = select([folder], [Assignment(Modality.T1C, str(other))]).cases
    assert files.modalities[Modality.T1C].path == other


def test_a_pattern_that_fits_two_files_of_a_case_is_refused(make_case: MakeCase):
    with pytest.raises(typer.BadParameter, match="fits 2 files"):
        select([make_case()], [Assignment(Modality.T1C, "*t1*")])
