"""What is taken from a dataset.json, and what is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from napari_brats.core.modalities import Modality
from napari_brats.io.dataset_json import DatasetJson, read_dataset_json

T1N, T1C, T2W, T2F = Modality


def read(folder: Path, content: Any) -> DatasetJson | None:
    (folder / "dataset.json").write_text(json.dumps(content))
    return read_dataset_json(folder)


@pytest.mark.parametrize(
    ("content", "channels"),
    [
        ({"modality": {"0": "FLAIR", "1": "T1w", "2": "t1gd", "3": "T2w"}}, (T2F, T1N, T1C, T2W)),
        ({"channel_names": {"0": "T1", "1": "T1ce", "2": "T2"}}, (T1N, T1C, T2W)),
        ({"channel_names": {"1": "T1", "0": "ADC"}}, (None, T1N)),
        ({"channel_names": ["T2", "FLAIR"]}, (T2W, T2F)),
        ({"channel_names": {"0": "T1", "2": "T2"}}, ()),  # 1 is missing
        ({"channel_names": {"first": "T1"}}, ()),
        ({"channel_names": 4}, ()),
        ({}, ()),
    ],
)
def test_channels(tmp_path: Path, content: Any, channels: tuple[Modality | None, ...]) -> None:
    dataset = read(tmp_path, content)
    assert dataset is not None
    assert dataset.channels == channels


@pytest.mark.parametrize(
    ("labels", "convention"),
    [
        (
            {"0": "background", "1": "edema", "2": "non-enhancing tumor", "3": "enhancing tumour"},
            "msd",
        ),
        ({"background": 0, "edema": 1, "necrosis": 2, "enhancing": 3}, "msd"),
        ({"background": 0, "NCR": 1, "ED": 2, "ET": 3}, "brats2023"),
        ({"background": 0, "NCR": 1, "ED": 2, "ET": 4}, "brats2021"),
        ({"NETC": 1, "SNFH": 2, "ET": 3, "resection cavity": 4}, "brats2024-post"),
        ({"background": 0, "whole": [1, 2, 3], "core": [2, 3], "enhancing tumor": [3]}, "msd"),
        (
            {"background": 0, "whole": [1, 2, 3], "core": [1, 3], "enhancing tumor": [3]},
            "brats2023",
        ),
        ({"background": 0, "liver": 1, "tumour": 2}, None),
        ({"ET": 1}, None),
        (["background", "ED"], None),
    ],
)
def test_convention(tmp_path: Path, labels: Any, convention: str | None) -> None:
    dataset = read(tmp_path, {"labels": labels})
    assert dataset is not None
    assert dataset.convention == convention


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", "[" * 100_000, "\ufeff{}"])
def test_what_is_no_dataset_json_counts_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "dataset.json").write_text(text, encoding="utf-8")
    assert read_dataset_json(tmp_path) is None
    assert read_dataset_json(tmp_path / "missing") is None
