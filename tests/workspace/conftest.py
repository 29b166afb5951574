"""Tiny cases on disk, and a user whom closed folders are closed to."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

NOBODY = 65534
SHAPE = (6, 5, 4)
SUFFIXES = ("t1", "t1ce", "t2", "flair")
AFFINE = np.diag([-1.0, -1.0, 1.0, 1.0])


def write_image(path: Path, data: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.Nifti1Image(data, AFFINE).to_filename(path)


@pytest.fixture
def make_case(tmp_path: Path) -> Callable[..., Path]:
    """Write a case in the naming of BraTS 2021; gives its folder."""

    def make(
        name: str = "BraTS2021_00001",
        *,
        mask: bool = False,
        dice: float | None = None,
        suffixes: tuple[str, ...] = SUFFIXES,
    ) -> Path:
        folder = tmp_path / "data" / name
        image = np.arange(np.prod(SHAPE), dtype=np.int16).reshape(SHAPE)
        for suffix in suffixes:
            write_image(folder / f"{name}_{suffix}.nii.gz", image)
        if mask or dice is not None:
            labels = np.zeros(SHAPE, np.uint8)
            labels[1:3, 1:3, 1] = 2
            write_image(folder / f"{name}-seg.nii.gz", labels)
        if dice is not None:
            expected = {r: {"value": dice, "error": 0.05} for r in ("WT", "TC")}
            record = {
                "convention": {"name": "brats2021"},
                "review": {"expected_dice": expected | {"ET": None}},
                "volumes_ml": {"WT": 1.5, "TC": 0.5, "ET": 0.0},
            }
            (folder / f"{name}-seg.json").write_text(json.dumps(record))
        return folder

    return make


@pytest.fixture
def plain_user(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of a user without privileges, who this process acts as, even where root runs it."""
    if os.name == "nt":
        pytest.skip("Windows knows no user ids")
    folder = Path(tempfile.mkdtemp())  # those of pytest are closed to everybody else
    monkeypatch.setenv("NAPARI_BRATS_DATA", str(folder / "own"))
    is_root = os.geteuid() == 0
    if is_root:
        os.chown(folder, NOBODY, NOBODY)
        os.setegid(NOBODY)
        os.seteuid(NOBODY)
    try:
        yield folder
    finally:
        if is_root:
            os.seteuid(0)
            os.setegid(0)
        shutil.rmtree(folder)
