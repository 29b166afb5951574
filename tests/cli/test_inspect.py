"""What ``inspect`` tells: files, geometry, convention, warnings."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from napari_brats.cli import app

CASE = "BraTS2021_00001"
MakeCase = Callable[..., Path]
WriteImage = Callable[..., Path]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["inspect", *map(str, arguments)])


def facts(*arguments: object) -> dict[str, Any]:
    (case,) = json.loads(run(*arguments, "--json").stdout)["cases"]
    return dict(case)


def write_labels(folder: Path) -> None:
    labels = np.zeros((6, 5, 4), np.uint8)
    labels[1, 1, 1], labels[2, 1, 1], labels[3, 1, 1] = 1, 2, 4
    image = nib.Nifti1Image(labels, np.diag([-1.0, -1.0, 1.0, 1.0]))
    image.to_filename(folder / f"{CASE}_seg.nii.gz")


def test_files_geometry_and_convention(make_case: MakeCase):
    folder = make_case()
    write_labels(folder)
    case = facts(folder)
    assert (case["case_id"], case["naming"]) == (CASE, "BraTS 2021")
    t1c = case["modalities"]["T1C"]
    assert t1c["path"] == str(folder / f"{CASE}_t1ce.nii.gz")
    assert "t1ce" in t1c["reason"]
    assert (t1c["shape"], t1c["spacing_mm"]) == ([6, 5, 4], [1.0, 1.0, 1.0])
    assert (t1c["orientation"], t1c["oblique"]) == ("LPS", False)
    assert case["label_map"]["path"] == str(folder / f"{CASE}_seg.nii.gz")
    assert case["convention"]["name"] == "brats2021"
    assert "1, 2, 4" in case["convention"]["reason"]
    assert case["grid_differences"] == []
    assert case["error"] is None


def test_text_names_each_file_with_its_reason(make_case: MakeCase):
    result = run(make_case())
    assert result.exit_code == 0
    assert f"T1C      {CASE}_t1ce.nii.gz: 't1ce' in its name" in result.stdout
    assert "6x5x4 voxels of 1 x 1 x 1 mm, LPS" in result.stdout
    assert "label convention  brats2021" in result.stdout


def test_different_grids_are_named(make_case: MakeCase, write_image: WriteImage):
    folder = make_case()
    write_image(folder / f"{CASE}_t2.nii.gz", (3, 3, 2), spacing_mm=2.0)
    (difference,) = facts(folder)["grid_differences"]
    assert difference == "T1C and T2W: shapes (6, 5, 4) and (3, 3, 2)"


def test_missing_and_ignored_files_are_named(make_case: MakeCase, write_image: WriteImage):
    folder = make_case()
    (folder / f"{CASE}_flair.nii.gz").unlink()
    write_image(folder / f"{CASE}_t1-voided.nii.gz")
    case = facts(folder)
    assert case["missing"] == ["T2F"]
    assert case["ignored"][0]["path"].endswith("voided.nii.gz")
    text = run(folder).stdout
    assert "missing  T2F" in text
    assert "ignored  " in text


@pytest.mark.parametrize("options", [[], ["--headers"]])
def test_an_unreadable_file_is_an_error_of_its_case(options: list[str], make_case: MakeCase):
    folder = make_case()
    broken = folder / f"{CASE}_t2.nii.gz"
    broken.write_bytes(b"<!DOCTYPE html><html>404</html>")
    result = run(folder, *options)
    assert result.exit_code == 1
    assert f"error  {broken}" in result.stdout
    assert "Traceback" not in result.output


def test_two_files_for_one_modality_are_an_error_that_names_both(
    make_case: MakeCase, write_image: WriteImage
):
    folder = make_case()
    write_image(folder / f"{CASE}_t1gd.nii.gz")
    result = run(folder)
    assert result.exit_code == 1
    assert f"{CASE}_t1gd.nii.gz" in result.stdout
    assert "--modality T1C=" in result.stdout


def test_headers_do_not_touch_what_the_images_hold(
    make_case: MakeCase, monkeypatch: pytest.MonkeyPatch
):
    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("the voxels were read")

    monkeypatch.setattr("napari_brats.cli.describe.load_case", forbidden)
    case = facts(make_case(), "--headers")
    assert case["convention"]["name"] == "brats2021"
    assert case["modalities"]["T2F"]["shape"] == [6, 5, 4]


def test_channels_of_a_4d_file_without_a_known_order_are_unassigned(
    write_image: WriteImage, tmp_path: Path
):
    case = facts(write_image(tmp_path / "patient.nii.gz", (6, 5, 4, 4)))
    assert case["modalities"] == {}
    assert [entry["channel"] for entry in case["unassigned"]] == [0, 1, 2, 3]
    assert case["unassigned"][0]["shape"] == [6, 5, 4]


def test_nothing_found_is_a_usage_error(tmp_path: Path):
    assert run(tmp_path).exit_code == 2
