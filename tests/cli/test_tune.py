"""``tune`` from files to a card, and from the card to the next segmentation."""

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
from napari_brats.models.bundle import load_bundle, user_folder
from napari_brats.tuning import search

SHAPE = (24, 12, 12)
IDS = ("BraTS-GLI-00001-000", "BraTS-GLI-00002-000", "BraTS-GLI-00003-000")


@pytest.fixture(autouse=True)
def few_candidates(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(search, "SHAPES", search.SHAPES[:1])


def tune(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["tune", *map(str, arguments)])


def save(path: Path, data: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(data, np.eye(4)), path)


def write_case(folder: Path, case_id: str, right: float, wrong: float) -> None:
    """A block of WT of probability ``right`` that is one, and one of ``wrong`` that is none."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[2:9, 2:9, 2:9] = 2
    whole = np.where(labels == 2, right, 0).astype(np.float32)
    whole[15:22, 2:9, 2:9] = wrong
    save(folder / "references" / f"{case_id}-seg.nii.gz", labels)
    for region, data in (("wt", whole), ("tc", 0 * whole), ("et", 0 * whole)):
        save(folder / "predictions" / f"{case_id}-probability-{region}.nii.gz", data)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Three cases whose WT is found above 0.6 alone."""
    for case_id in IDS:
        write_case(tmp_path, case_id, 0.62, 0.58)
    return tmp_path / "predictions", tmp_path / "references"


@pytest.fixture
def hopeless(tmp_path: Path) -> tuple[Path, Path]:
    """Three cases that are right as they are."""
    for case_id in IDS:
        write_case(tmp_path, case_id, 0.9, 0.0)
    return tmp_path / "predictions", tmp_path / "references"


@pytest.fixture
def mine(network: Any) -> Path:
    """The card of a bundle of the user's own."""
    user_folder().mkdir(exist_ok=True)
    for path in load_bundle("glioma-unet3d").weights.parent.iterdir():
        (user_folder() / f"mine{path.suffix}").write_bytes(path.read_bytes())
    return user_folder() / "mine.json"


def test_tuned_options_go_into_the_card_and_from_there_into_the_next_run(
    folders: tuple[Path, Path], mine: Path, network: Any, make_case: Callable[..., Path],
    tmp_path: Path,
):  # fmt: skip
    output = tmp_path / "tuning.json"
    result = tune(*folders, "--bundle", "mine", "--store", "--output", output)
    assert result.exit_code == 0, result.output
    assert "threshold_wt = 0.6" in result.stdout
    assert "Stored in" in result.stdout
    table = load_bundle("mine").card.postprocess
    assert table["options"]["threshold_wt"] == 0.6
    assert (table["n"], table["patients"]) == (3, 3)
    assert table["scores"]["cross_validated"]["WT"]["dice"] == 1.0
    assert "tuned       threshold_wt 0.6, " in CliRunner().invoke(app, ["bundles"]).stdout
    facts = json.loads(output.read_text())
    assert {case["case_id"] for case in facts["cases"]} == set(IDS)
    arguments = ["segment", str(make_case()), "--output", str(tmp_path / "out")]
    assert CliRunner().invoke(app, [*arguments, "--bundle", "mine"]).exit_code == 0
    assert network.options[0].postprocess.threshold_wt == 0.6


def test_what_gains_nothing_is_not_stored_unless_forced(hopeless: tuple[Path, Path], mine: Path):
    before = mine.read_bytes()
    result = tune(*hopeless, "--bundle", "mine", "--store")
    assert result.exit_code == 1
    assert "nothing was stored" in result.stderr
    assert mine.read_bytes() == before
    assert tune(*hopeless, "--bundle", "mine", "--store", "--force").exit_code == 0
    assert load_bundle("mine").card.postprocess["gain"]["cross_validated"]["mean"] == 0.0


def test_without_store_nothing_is_written(folders: tuple[Path, Path], mine: Path):
    before = mine.read_bytes()
    assert tune(*folders, "--bundle", "mine").exit_code == 0
    assert mine.read_bytes() == before


def test_a_built_in_card_is_stored_into_by_its_path_only(
    folders: tuple[Path, Path], network: Any, tmp_path: Path
):
    refused = tune(*folders, "--bundle", "glioma-unet3d", "--store")
    assert refused.exit_code == 2
    assert "built-in" in refused.stderr
    path = tmp_path / "built-in" / "glioma-unet3d.json"
    assert tune(*folders, "--bundle", path, "--store").exit_code == 0
    assert load_bundle("glioma-unet3d").card.postprocess["options"]["threshold_wt"] == 0.6


def test_cases_that_the_network_was_trained_on_are_pointed_out(
    folders: tuple[Path, Path], mine: Path
):
    card = json.loads(mine.read_text())
    mine.write_text(json.dumps(card | {"training": {"cases": list(IDS[:2])}}))
    record = {"bundle": {"name": "mine", "sha256": card["sha256"]}}
    for case_id in IDS:
        (folders[0] / f"{case_id}-seg.json").write_text(json.dumps(record))
    assert "was trained on 2 of these 3 cases" in tune(*folders, "--bundle", "mine").stderr


def test_no_common_case_names_both_sides(folders: tuple[Path, Path]):
    for path in folders[1].iterdir():
        path.rename(path.with_name(path.name.replace("GLI", "SSA")))
    result = tune(*folders)
    assert result.exit_code == 2
    assert "No case has both" in result.stderr
    assert IDS[0] in result.stderr


def test_a_case_without_a_reference_is_left_out_and_too_few_are_refused(
    folders: tuple[Path, Path],
):
    (folders[1] / f"{IDS[2]}-seg.nii.gz").unlink()
    result = tune(*folders)
    assert result.exit_code == 1
    assert f"Without a reference, and left out: {IDS[2]}" in result.stderr
    assert "at least 3 patients" in result.stderr


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--store"], "--bundle"),
        (["--bundle", "nothing"], "Known: glioma-unet3d"),
        (["--objective", "accuracy"], "mean, dice, lesionwise"),
        (["--challenge", "ISLES"], "GLI"),
        (["--output", "scores.csv"], "does not end in .json"),
        (["--output", "nowhere/x.json"], "does not exist"),
        (["--reference-convention", "brats1999"], "brats2023"),
    ],
)
def test_a_wrong_option_is_a_usage_error(
    options: list[str], expected: str, folders: tuple[Path, Path], network: Any
):
    result = tune(*folders, *options)
    assert result.exit_code == 2
    assert expected in result.stderr


def test_folders_without_what_is_asked_for_are_usage_errors(
    folders: tuple[Path, Path], tmp_path: Path
):
    (tmp_path / "empty").mkdir()
    result = tune(tmp_path / "empty", folders[1])
    assert result.exit_code == 2
    assert "no probabilities" in result.stderr
    assert f"{tmp_path / 'empty'}" in tune(folders[0], tmp_path / "empty").stderr
    assert "does not exist" in tune(folders[0], tmp_path / "gone").stderr
