"""docs/cli.md names every option, file and JSON key."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from typer.main import get_command
from typer.testing import CliRunner

from napari_brats.cli import app
from napari_brats.core.labels import CONVENTIONS
from napari_brats.models.bundle import DEFAULT_BUNDLE

DOCUMENT = Path(__file__).parents[2] / "docs" / "cli.md"


def table() -> list[tuple[str, str, str, str]]:
    rows = [line.strip("|").split("|") for line in DOCUMENT.read_text().splitlines()]
    cells = [tuple(cell.strip() for cell in row) for row in rows if len(row) == 4]
    return cells[2:]  # type: ignore[return-value]


def names(command: str, kinds: tuple[str, ...]) -> set[str]:
    return {
        name
        for row in table()
        if row[0] in (command, "all") and row[1] in kinds
        for name in re.findall(r"`([^`]+)`", row[2])
    }


def key_paths(value: Any, prefix: str = "") -> Iterator[str]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from key_paths(item, f"{prefix}.{key}" if prefix else key)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for item in value:
            yield from key_paths(item, f"{prefix}[]")
    else:
        yield prefix


def documented(path: str, known: set[str]) -> bool:
    """Whether a key has a row, or what it stands in or (where it is empty here) holds has one."""
    return any(
        inner == outer or inner.startswith((f"{outer}.", f"{outer}["))
        for name in known
        for inner, outer in ((path, name), (name, path))
    )


@pytest.mark.parametrize("command", sorted(get_command(app).commands))  # type: ignore[attr-defined]
def test_every_option_has_a_row(command: str):
    parameters = get_command(app).commands[command].params  # type: ignore[attr-defined]
    every = {name for p in parameters for name in (*p.opts, *p.secondary_opts)}
    options = {name for name in every if name.startswith("--")}
    assert options <= names(command, ("option",))
    assert names(command, ("option",)) - options <= names("all", ("option",))


def test_every_convention_and_the_default_bundle_are_named():
    text = DOCUMENT.read_text()
    assert all(f"`{name}`" in text for name in CONVENTIONS)
    assert f"default `{DEFAULT_BUNDLE}`" in text


def test_every_key_and_file_of_segment_has_a_row(
    make_case: Callable[..., Path], network: Any, tmp_path: Path
):
    out = tmp_path / "out"
    extras = ["--probabilities", "--uncertainty"]
    arguments = ["segment", str(make_case()), "--output", str(out), *extras]
    CliRunner().invoke(app, arguments)
    files = {path.name.replace("BraTS2021_00001", "<id>") for path in out.iterdir()}
    assert files == names("segment", ("file",))
    record = json.loads((out / "BraTS2021_00001-seg.json").read_text())
    del record["undefined"]  # the fake network's own
    known = names("segment", ("record",))
    assert [path for path in key_paths(record) if not documented(path, known)] == []
    summary = json.loads((out / "summary.json").read_text())
    assert set(key_paths(summary)) == names("segment", ("summary",))


def test_every_key_of_inspect_has_a_row(make_case: Callable[..., Path]):
    shown = json.loads(CliRunner().invoke(app, ["inspect", str(make_case()), "--json"]).stdout)
    known = names("inspect", ("key",))
    assert [path for path in key_paths(shown) if not documented(path, known)] == []
    entry = shown["cases"][0]["modalities"]["T1C"]
    assert set(entry) == names("inspect", ("entry",))


def test_every_key_of_evaluate_has_a_row(make_case: Callable[..., Path], tmp_path: Path):
    labels = np.zeros((6, 5, 4), np.uint8)
    labels[1:3, 1:3, 1:3] = 1
    mask = tmp_path / "BraTS2021_00001-seg.nii.gz"
    nib.Nifti1Image(labels, np.eye(4)).to_filename(mask)
    output = tmp_path / "scores.json"
    sides = ["--reference", str(mask), "--prediction", f"a={mask}", "--prediction", f"b={mask}"]
    arguments = [*sides, "--labels", "--output", str(output)]
    assert CliRunner().invoke(app, ["evaluate", *arguments]).exit_code == 0
    scores = json.loads(output.read_text())
    known = names("evaluate", ("key",))
    assert [path for path in key_paths(scores) if not documented(path, known)] == []
    metrics = names("evaluate", ("metric",))
    shown = scores["cases"][0]["regions"]["WT"]
    assert [path for path in key_paths(shown) if not documented(path, metrics)] == []


def test_every_key_of_bundles_has_a_row(network: Any):
    shown = json.loads(CliRunner().invoke(app, ["bundles", "--json"]).stdout)
    known = names("bundles", ("key",))
    assert [path for path in key_paths(shown) if not documented(path, known)] == []


def test_every_key_of_tune_has_a_row(monkeypatch: pytest.MonkeyPatch):
    from tests.tuning.synthetic import make_case as make_tuning_case

    from napari_brats.core.progress import drain
    from napari_brats.tuning import search
    from napari_brats.tuning.crossval import tune
    from napari_brats.tuning.report import tuning_to_json

    monkeypatch.setattr(search, "SHAPES", search.SHAPES[:1])
    found = drain(tune([make_tuning_case(name, {"WT": [(99, 0.9)]}) for name in "abc"]))
    known = names("tune", ("key",))
    assert [path for path in key_paths(tuning_to_json(found)) if not documented(path, known)] == []
