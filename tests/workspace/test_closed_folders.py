"""Folders that the user may not write to, closed by the system itself: nothing is pretended."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_brats.core.errors import SaveError
from napari_brats.workspace.journal import Journal
from napari_brats.workspace.settings import Settings, change_settings, read_settings
from napari_brats.workspace.status_files import CaseState, StatusPlace, change_status, read_status


def closed(folder: Path) -> Path:
    """A folder that can be read and searched only."""
    folder.mkdir()
    folder.chmod(0o555)
    return folder


def test_what_is_said_of_a_case_goes_into_the_user_s_own_folder(plain_user: Path) -> None:
    data = closed(plain_user / "data")
    place = StatusPlace(data, "case")
    change_status(place, {"state": CaseState.REVIEWED})
    assert list(data.iterdir()) == []
    assert place.own.stat().st_mode & 0o077 == 0
    assert read_status(place).state is CaseState.REVIEWED


def test_settings_stay_as_they_were_and_it_is_said(
    plain_user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = closed(plain_user / "closed")
    monkeypatch.setenv("NAPARI_BRATS_DATA", str(own))
    with pytest.raises(SaveError, match="Permission denied"):
        change_settings(editor="Jo")
    assert read_settings() == Settings()
    assert list(own.iterdir()) == []


def test_a_journal_that_cannot_be_kept_says_so_before_anything_is_lost(
    plain_user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NAPARI_BRATS_DATA", str(closed(plain_user / "closed")))
    labels = np.zeros((4, 3, 5), np.uint8)
    journal = Journal("0" * 32, labels, {})
    with pytest.raises(SaveError, match="Permission denied"):
        journal.write(labels + 1, {})
    assert journal.path is None
    monkeypatch.setenv("NAPARI_BRATS_DATA", str(plain_user / "open"))
    journal.write(labels + 1, {})  # once there is a place for it
    assert journal.path is not None
    journal.close()
