"""``anomaly`` and ``denoise``: the files, their geometry, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from typer.testing import CliRunner

from napari_brats.cli import app

SHAPE = (24, 22, 20)
NAMES = {"T1N": "t1", "T1C": "t1ce", "T2W": "t2", "T2F": "flair"}


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """Four int16 files with qform code 2; FLAIR bright in a cube."""
    folder = tmp_path / "BraTS2021_00001"
    folder.mkdir()
    rng = np.random.default_rng(0)
    affine = np.diag([-2.0, -2.0, 2.0, 1.0])
    for modality, name in NAMES.items():
        data = np.zeros(SHAPE, np.int16)
        data[3:21, 3:19, 3:17] = rng.normal(100, 5, (18, 16, 14))
        if modality == "T2F":
            data[6:10, 6:10, 6:10] += 200
        image = nib.Nifti1Image(data, affine)
        image.set_qform(affine, code=2)
        image.to_filename(folder / f"BraTS2021_00001_{name}.nii.gz")
    return folder


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_anomaly_writes_a_map_with_the_geometry_of_t1c_and_a_record(case: Path, tmp_path: Path):
    out = tmp_path / "maps"
    result = run("anomaly", case, "--output", out, "--method", "flair")
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in out.iterdir()) == [
        "BraTS2021_00001-anomaly.json",
        "BraTS2021_00001-anomaly.nii.gz",
        "anomaly-summary.json",
    ]
    written = nib.load(out / "BraTS2021_00001-anomaly.nii.gz")
    source = nib.load(case / "BraTS2021_00001_t1ce.nii.gz")
    assert np.array_equal(written.affine, source.affine)
    assert int(written.header["qform_code"]) == 2
    data = written.get_fdata()
    assert data[7:9, 7:9, 7:9].min() > 0.5
    assert data.max() <= 1
    record = json.loads((out / "BraTS2021_00001-anomaly.json").read_text())
    assert record["method"] == "flair"
    assert record["outputs"]["map"] == "BraTS2021_00001-anomaly.nii.gz"
    assert len(record["inputs"]) == 4


def test_denoise_writes_each_modality_in_its_scale(case: Path, tmp_path: Path):
    out = tmp_path / "images"
    result = run("denoise", case, "--output", out, "--method", "gaussian")
    assert result.exit_code == 0, result.output
    for modality, name in NAMES.items():
        suffix = {"T1N": "t1n", "T1C": "t1c", "T2W": "t2w", "T2F": "t2f"}[modality]
        written = nib.load(out / f"BraTS2021_00001-denoised-{suffix}.nii.gz")
        before = nib.load(case / f"BraTS2021_00001_{name}.nii.gz").get_fdata()
        after = written.get_fdata()
        assert np.array_equal(after[before == 0], before[before == 0])
        assert after[12:18, 6:16, 6:14].mean() == pytest.approx(99.5, abs=1)
        assert after[12:18, 6:16, 6:14].std() < 4
    record = json.loads((out / "BraTS2021_00001-denoised.json").read_text())
    assert (record["method"], record["strength"]) == ("gaussian", 1.0)
    again = run("inspect", out, "--json")
    assert "BraTS2021_00001-denoised" in again.stdout


@pytest.mark.parametrize("command", ["anomaly", "denoise"])
def test_what_is_there_is_replaced_only_if_told_so(command: str, case: Path, tmp_path: Path):
    method = {"anomaly": "flair", "denoise": "median"}[command]
    arguments = (command, case, "--output", tmp_path / "out", "--method", method)
    assert run(*arguments).exit_code == 0
    refused = run(*arguments)
    assert refused.exit_code == 1
    assert "would be replaced" in refused.output
    assert run(*arguments, "--overwrite").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["anomaly", "--method", "guess"], "combined, autoencoder, mirror, flair"),
        (["denoise", "--method", "guess"], "autoencoder, nlm, gaussian, median"),
        (["denoise", "--strength", "2"], "not in 0 to 1"),
        (["anomaly", "--grid", "PET"], "no modality 'PET'"),
        (["denoise", "--device", "abacus"], "not a device"),
    ],
)
def test_usage_errors(arguments: list[str], said: str, case: Path, tmp_path: Path):
    command, *options = arguments
    result = run(command, case, "--output", tmp_path / "out", *options)
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())
