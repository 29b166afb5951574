"""``napari-brats report`` from files to a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from typer.testing import CliRunner

from napari_brats.cli import app


@pytest.fixture
def mask(make_case: Callable[..., Path], tmp_path: Path) -> tuple[Path, Path]:
    """A case and a label map of it elsewhere."""
    case = make_case()
    image = nib.load(next(case.glob("*t1ce.nii.gz")))
    labels = np.zeros(image.shape, np.uint8)
    labels[1:4, 1:3, 1:3] = 2
    path = tmp_path / "BraTS2021_00001-seg.nii.gz"
    nib.Nifti1Image(labels, image.affine).to_filename(path)
    return case, path


def report(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["report", *map(str, arguments)])
    return result.exit_code, result.output


def test_a_case_and_its_mask_give_a_file(mask: tuple[Path, Path], tmp_path: Path) -> None:
    case, labels = mask
    labels.with_name("BraTS2021_00001-seg.json").write_text('{"bundle": {"name": "net"}}')
    target = tmp_path / "r.json"
    code, _ = report(case, "--segmentation", labels, "--reference", labels, "--output", target)
    assert code == 0
    told = json.loads(target.read_text())
    assert told["made_by"]["network"] == "net"
    assert told["measures"]["volumes_ml"]["WT"] == pytest.approx(0.012)
    assert told["scores"]["WT"]["dice"] == 1.0


def test_usage_errors_are_told_before_work(mask: tuple[Path, Path], tmp_path: Path) -> None:
    case, labels = mask
    taken = tmp_path / "r.json"
    taken.write_text("{}")
    for arguments, words in (
        ((case, "--segmentation", labels, "--output", tmp_path / "r.docx"), "suffix"),
        ((case, "--segmentation", labels, "--output", taken), "--overwrite"),
        ((case, "--output", tmp_path / "n.json"), "Name one"),
    ):
        code, output = report(*arguments)
        assert code == 2
        assert words in " ".join(output.split())


def test_a_mask_on_another_grid_is_refused(mask: tuple[Path, Path], tmp_path: Path) -> None:
    case, _ = mask
    moved = tmp_path / "moved-seg.nii.gz"
    nib.Nifti1Image(np.zeros((3, 3, 3), np.uint8), np.eye(4)).to_filename(moved)
    code, output = report(case, "--segmentation", moved, "--output", tmp_path / "r.json")
    assert code == 1
    assert "does not lie on the grid" in output
