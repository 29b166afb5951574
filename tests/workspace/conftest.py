"""A user whom closed folders are closed to."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

NOBODY = 65534


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
