"""Where the program's own files lie, who may read them, and that they can all be deleted."""

import os
import stat

import pytest

from napari_brats.core.errors import SaveError
from napari_brats.core.user_folders import cache_folder
from napari_brats.workspace.folders import (
    KINDS,
    data_folder,
    delete,
    folder_of,
    make_data_folder,
    sizes,
)

posix = pytest.mark.skipif(os.name != "posix", reason="rights of POSIX systems")


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_the_data_folder_is_that_of_the_variable_else_the_systems(monkeypatch, tmp_path):
    monkeypatch.setenv("NAPARI_BRATS_DATA", str(tmp_path / "mine"))
    assert data_folder() == tmp_path / "mine"
    monkeypatch.delenv("NAPARI_BRATS_DATA")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.setattr("napari_brats.core.user_folders.sys.platform", "linux")
    assert data_folder() == tmp_path / "share" / "napari-brats"


@posix
def test_folders_are_made_for_their_owner_alone():
    old = os.umask(0)
    try:
        journals = folder_of("journals")
    finally:
        os.umask(old)
    assert mode(data_folder()) == mode(journals) == 0o700
    journals.chmod(0o755)
    assert mode(folder_of("journals")) == 0o700


@posix
def test_a_data_folder_that_was_there_keeps_its_rights(tmp_path, monkeypatch):
    (tmp_path / "shared").mkdir(mode=0o755)
    monkeypatch.setenv("NAPARI_BRATS_DATA", str(tmp_path / "shared"))
    make_data_folder()
    assert mode(tmp_path / "shared") == 0o755


def test_a_folder_that_cannot_be_made_is_said_with_the_way_out(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NAPARI_BRATS_DATA", str(tmp_path / "file"))
    with pytest.raises(SaveError, match=r"file cannot be made.*NAPARI_BRATS_DATA"):
        folder_of("journals")


def test_sizes_count_every_file_of_a_kind():
    assert set(sizes().values()) == {0}
    (folder_of("journals") / "a").write_bytes(b"123")
    (folder_of("journals") / "deep").mkdir()
    (folder_of("journals") / "deep" / "b").write_bytes(b"4567")
    cache_folder().mkdir(parents=True)
    (cache_folder() / "case.npy").write_bytes(b"8")
    assert sizes() == dict.fromkeys(KINDS, 0) | {"journals": 7, "cases": 1}


def test_delete_takes_all_of_a_kind_and_nothing_else(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "keep").write_text("")
    (folder_of("journals") / "a").write_text("")
    (folder_of("journals") / "link").symlink_to(outside)
    (data_folder() / "settings.json").write_text("{}")
    assert delete(KINDS) == ()
    assert [path.name for path in data_folder().iterdir()] == ["settings.json"]
    assert (outside / "keep").exists()
