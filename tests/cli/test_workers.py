"""--workers and --scheduler: what may be asked, and which devices it gives."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from napari_brats.cli import app
from napari_brats.cli.workers import _devices

BOTH = ["--workers", "2", "--scheduler", "tcp://127.0.0.1:1"]


def test_workers_and_a_scheduler_are_a_usage_error(
    make_case: Callable[..., Path], network: Any, tmp_path: Path
):
    arguments = ["segment", str(make_case()), "--output", str(tmp_path / "out"), *BOTH]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert "--workers, --scheduler" in result.stderr
    assert not (tmp_path / "out").exists()


def test_without_the_extra_the_message_says_which_one(
    make_case: Callable[..., Path],
    network: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setitem(sys.modules, "distributed", None)
    arguments = ["segment", str(make_case()), "--output", str(tmp_path / "out"), *BOTH[2:]]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1
    assert "pip install 'napari-brats[scale]'" in result.stderr


@pytest.mark.parametrize(
    ("device", "expected"),
    [
        ("auto", ["cuda:0", "cuda:1", "cuda:0"]),
        ("cuda", ["cuda:0", "cuda:1", "cuda:0"]),
        ("cuda:1", ["cuda:1"] * 3),
        ("cpu", ["cpu"] * 3),
    ],
)
def test_processes_share_the_gpus(
    device: str, expected: list[str], monkeypatch: pytest.MonkeyPatch
):
    here = lambda: ("cuda:0", "cuda:1", "cpu")
    monkeypatch.setattr("napari_brats.inference.devices.available_devices", here)
    assert _devices(device, 3) == expected


def test_help_says_that_nothing_leaves_the_machine_unasked():
    for command in ("segment", "evaluate"):
        shown = " ".join(CliRunner().invoke(app, [command, "--help"]).stdout.split())
        assert "Without this option nothing leaves the machine" in shown
