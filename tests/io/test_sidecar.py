"""The record beside a label map."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_brats.io.sidecar import record_path, recorded_convention


@pytest.mark.parametrize("name", ["x_1998.03.30-seg.nii", "x_1998.03.30-seg.nii.gz"])
def test_the_record_is_called_like_the_label_map(name: str) -> None:
    assert record_path(Path("a") / name) == Path("a/x_1998.03.30-seg.json")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"convention": {"name": "msd"}}', "msd"),
        ('{"convention": {"name": "another"}}', None),
        ('{"convention": "brats2021"}', None),
        ('{"convention": ["msd"]}', None),
        ('["something", "else"]', None),
        ("no JSON", None),
    ],
)
def test_it_tells_the_convention(tmp_path: Path, content: str, expected: str | None) -> None:
    (tmp_path / "x-seg.json").write_text(content)
    assert recorded_convention(tmp_path / "x-seg.nii.gz") == expected


def test_without_a_record_nothing_is_told(tmp_path: Path) -> None:
    assert recorded_convention(tmp_path / "x-seg.nii.gz") is None
