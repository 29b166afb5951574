"""Bookmarks of cases: kept apart, private, and never in the way."""

from __future__ import annotations

import os
import stat

import pytest

from napari_brats.workspace.bookmarks import Bookmark, read_bookmarks, write_bookmarks
from napari_brats.workspace.folders import KINDS, delete

MARKS = (Bookmark((1, 2, 3), "Grenze unklar: ödem?"), Bookmark((4, 5, 6)))


def test_what_is_written_is_read_for_that_case_only() -> None:
    write_bookmarks("/data/p1/p1", MARKS)
    write_bookmarks("/data/p2/p1", MARKS[1:])
    assert read_bookmarks("/data/p1/p1") == MARKS
    assert read_bookmarks("/data/p2/p1") == MARKS[1:]
    assert read_bookmarks("/data/p3/p1") == ()


def test_names_of_files_tell_nothing_and_nobody_else_reads_them() -> None:
    write_bookmarks("/data/Miller/1970", MARKS)
    (path,) = KINDS["bookmarks"].folder.iterdir()
    assert "Miller" not in str(path.name)
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_without_bookmarks_nothing_is_left() -> None:
    write_bookmarks("/data/p1", MARKS)
    write_bookmarks("/data/p1", ())
    assert list(KINDS["bookmarks"].folder.iterdir()) == []
    write_bookmarks("/data/p1", ())
    write_bookmarks("/data/p1", MARKS)
    delete(["bookmarks"])
    assert read_bookmarks("/data/p1") == ()


@pytest.mark.parametrize("content", [b"{", b"[1]", b'[{"voxel": [1, 2]}]', b'{"a": 1}', b"[null]"])
def test_a_broken_file_gives_none(content: bytes) -> None:
    write_bookmarks("/data/p1", MARKS)
    (path,) = KINDS["bookmarks"].folder.iterdir()
    path.write_bytes(content)
    assert read_bookmarks("/data/p1") == ()
