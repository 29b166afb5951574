"""The command line as a whole: what help, version and the other sub-commands say and import."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from napari_brats import __version__
from napari_brats._sample_data import SAMPLE_CASE_ID, sample_directory
from napari_brats.cli import app
from napari_brats.core.errors import BratsError

COMMANDS = (
    "segment",
    "anomaly",
    "denoise",
    "evaluate",
    "inspect",
    "open",
    "bundles",
    "sample",
    "train",
    "bundle",
    "export",
)
HEAVY = ("numpy", "scipy", "nibabel", "torch", "SimpleITK", "napari", "qtpy", "rich")


def invoke(*arguments: object) -> Any:
    return CliRunner().invoke(app, list(map(str, arguments)))


@pytest.mark.parametrize("arguments", [["--help"], ["segment", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(arguments: list[str]):
    code = (
        "import sys\n"
        "from napari_brats.cli import main\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        f"    print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True
    )
    assert result.returncode == 0
    assert result.stderr.strip() == "[]"


def test_version():
    result = invoke("--version")
    assert result.exit_code == 0
    assert result.stdout == f"napari-brats {__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str):
    result = invoke(command, "--help")
    assert result.exit_code == 0
    assert "Usage" in result.stdout


@pytest.mark.parametrize("command", ["segment", "evaluate", "open"])
def test_help_says_research_use_only_where_results_are_made(command: str):
    assert "Research use only" in invoke(command, "--help").stdout


def test_segment_help_names_every_convention():
    from napari_brats.core.labels import CONVENTIONS

    text = " ".join(invoke("segment", "--help").stdout.split())
    assert all(name in text for name in CONVENTIONS)


def test_bundles_lists_cards(network: object):
    result = invoke("bundles")
    assert result.exit_code == 0
    assert result.stdout.startswith("glioma-unet3d (default): A network for tests\n")
    assert "T1N, T1C, T2W, T2F" in result.stdout
    listed = json.loads(invoke("bundles", "--json").stdout)
    assert listed["default"] == "glioma-unet3d"
    assert listed["bundles"][0]["sha256"] == "ab" * 32


def test_a_bundle_goes_to_the_users_folder_unless_told_otherwise(
    network: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    from napari_brats.models.bundle import user_folder

    folders = []

    def bundle_run(runs: list[Path], name: str, folder: Path, *_: object):
        folders.append(folder)
        raise BratsError(f"{runs[0]} is not the folder of a run")
        yield

    monkeypatch.setattr("napari_brats.training.bundling.bundle_run", bundle_run)
    assert invoke("bundle", tmp_path, "--name", "mine").exit_code == 1
    assert invoke("bundle", tmp_path, "--name", "mine", "--output", tmp_path).exit_code == 1
    assert folders == [user_folder(), tmp_path]
    refused = invoke("bundle", tmp_path, "--name", "glioma-unet3d")
    assert refused.exit_code == 2
    assert "built-in" in refused.stderr


def test_bundles_marks_the_users_own_and_names_damaged_cards(network: object):
    from napari_brats.models.bundle import BUILT_IN, user_folder

    user_folder().mkdir()
    for path in BUILT_IN.iterdir():
        (user_folder() / f"mine{path.suffix}").write_bytes(path.read_bytes())
    (user_folder() / "broken.json").write_text("{")
    result = invoke("bundles")
    assert result.exit_code == 0
    assert "mine (yours): A network for tests" in result.stdout
    assert f"Left out: The card {user_folder() / 'broken.json'}" in result.stderr
    listed = json.loads(invoke("bundles", "--json").stdout)
    assert [b["origin"] for b in listed["bundles"]] == ["built-in", "user"]
    assert "broken.json" in listed["problems"][0]


def test_open_says_that_there_is_no_screen(
    make_case: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    result = invoke("open", make_case())
    assert result.exit_code == 1
    assert "There is no screen" in result.stderr
    assert "napari-brats segment" in result.stderr


def test_open_says_which_extra_brings_the_window(
    make_case: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setitem(sys.modules, "napari", None)  # importing it raises ImportError
    result = invoke("open", make_case())
    assert result.exit_code == 1
    assert 'pip install "napari-brats[pyqt5]"' in result.stderr


def test_open_of_a_missing_case_is_a_usage_error(tmp_path: Path):
    assert invoke("open", tmp_path / "nowhere").exit_code == 2


def test_sample_into_a_file_is_a_usage_error(tmp_path: Path):
    (tmp_path / SAMPLE_CASE_ID).write_text("")
    assert invoke("sample", tmp_path / SAMPLE_CASE_ID).exit_code == 2
    assert invoke("sample", tmp_path).exit_code == 2


def test_sample_writes_the_shipped_files_and_keeps_what_is_there(tmp_path: Path):
    result = invoke("sample", tmp_path / "new" / "folder")
    assert result.exit_code == 0
    written = Path(result.stdout.strip())
    shipped = sample_directory() / SAMPLE_CASE_ID
    assert written == tmp_path / "new" / "folder" / SAMPLE_CASE_ID
    assert {p.name: p.read_bytes() for p in written.iterdir()} == {
        p.name: p.read_bytes() for p in shipped.iterdir()
    }
    own = written / f"{SAMPLE_CASE_ID}-seg.nii.gz"
    own.write_bytes(b"my own")
    assert invoke("sample", written.parent).exit_code == 1
    assert own.read_bytes() == b"my own"
    assert invoke("sample", written.parent, "--overwrite").exit_code == 0
    assert own.read_bytes() == (shipped / own.name).read_bytes()
