"""``napari-brats followup`` from the outside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nibabel as nib
import pytest
from tests.followup.patients import write_visit
from typer.testing import CliRunner

from napari_brats.cli import app


@pytest.fixture
def patient(tmp_path: Path) -> Path:
    folder = tmp_path / "patient"
    for week in (0, 8):
        write_visit(folder, f"P1_week{week:03}")
    return folder


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are not drawn, which takes most of the time."""
    monkeypatch.setattr("napari_brats.cli.followup_output.plot_series", lambda *_: b"picture")
    monkeypatch.setattr("napari_brats.cli.followup_output.plot_checkerboards", lambda _: None)


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["followup", *map(str, arguments)])


def test_files(patient: Path, tmp_path: Path):
    out = tmp_path / "out"
    done = run(patient, "--output", out, "--registered", "--repeatability", "10")
    assert done.exit_code == 0, done.output
    names = {path.name for path in out.iterdir()}
    assert names == {
        "table.csv",
        "followup.json",
        "plot.png",
        "plot.pdf",
        "registration.png",
        "week008-on-week000.tfm",
        *(f"change-week000-week008-{region}.nii.gz" for region in ("wt", "tc", "et")),
        *(f"week{w}-on-week000-{kind}.nii.gz" for w in ("000", "008") for kind in ("t1c", "seg")),
    }
    record = json.loads((out / "followup.json").read_text())
    assert set(record["outputs"]) == names
    changes = nib.load(out / "change-week000-week008-wt.nii.gz")
    seg = nib.load(patient / "P1_week000" / "P1_week000-seg.nii.gz")
    assert (changes.affine == seg.affine).all()
    assert (changes.get_fdata() == (seg.get_fdata() > 0)).all()  # all stable
    again = run(patient, "--output", out)
    assert again.exit_code == 1
    assert "--overwrite" in again.stderr


def test_list(patient: Path):
    done = run(patient, "--list")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[1].startswith("week008  week008 (days since a beginning)  T1C")


@pytest.mark.usefixtures("undrawn")
def test_output_beside_the_images_is_not_read_again(patient: Path):
    out = patient / "comparison"
    assert run(patient, "--output", out, "--registered").exit_code == 0
    assert run(patient, "--output", out, "--registered", "--overwrite").exit_code == 0
    record = json.loads((out / "followup.json").read_text())
    assert [point["name"] for point in record["time_points"]] == ["week000", "week008"]


def test_usage_errors(patient: Path, tmp_path: Path):
    assert run(patient).exit_code == 2
    assert run(patient, "--output", tmp_path / "o", "--repeatability", "-1").exit_code == 2
    named = run(patient, "--output", tmp_path / "o", "--time-point", "week001")
    assert named.exit_code == 1
    assert "no time point 'week001'" in named.stderr
    assert not (tmp_path / "o").exists()


@pytest.mark.usefixtures("undrawn")
def test_a_time_point_that_cannot_be_used_gives_1_and_the_rest(patient: Path, tmp_path: Path):
    write_visit(patient, "P1_week010", blocks=None)
    done = run(patient, "--output", tmp_path / "o", "--no-segment")
    assert done.exit_code == 1
    assert "week010 is left out" in done.stderr
    assert (tmp_path / "o" / "table.csv").exists()


@pytest.mark.usefixtures("undrawn")
def test_time_points_without_label_map_are_segmented(patient: Path, network: Any, tmp_path: Path):
    write_visit(patient, "P1_week010", blocks=None)
    done = run(patient, "--output", tmp_path / "o")
    assert done.exit_code == 0, done.output
    record = json.loads((tmp_path / "o" / "followup.json").read_text())
    assert record["time_points"][2]["label_map_from"] == "segmented now by glioma-unet3d"
    band = record["time_points"][2]["regions"]["WT"]["volume_ml"]["band"]
    assert band[0] < record["time_points"][2]["regions"]["WT"]["volume_ml"]["value"] < band[1]
    assert len(network.seen) == 1


@pytest.mark.usefixtures("undrawn")
def test_nothing_is_written_where_the_disk_refuses(
    patient: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(*arguments: object, **_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    done = run(patient, "--output", tmp_path / "o")
    assert done.exit_code == 1
    assert "No space left" in done.stderr
    assert list((tmp_path / "o").iterdir()) == []
