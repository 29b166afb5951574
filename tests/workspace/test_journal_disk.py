"""Journals on a disk that is full or closed, whose files vanish or grow."""

import errno
import os

import numpy as np
import pytest
from tests.workspace.journals import KEY, left_over, new, painted

from napari_brats.core.errors import SaveError
from napari_brats.workspace import journal as journals
from napari_brats.workspace import journal_file
from napari_brats.workspace.folders import folder_of
from napari_brats.workspace.journal import (
    delete_journal,
    find_journals,
)

REAL_WRITE = os.write


def full(number=errno.ENOSPC, after=0):
    """A write that stops after some bytes, as on a full disk."""
    left = [after]

    def write(descriptor, data):
        if not left[0]:
            raise OSError(number, os.strerror(number))
        done = REAL_WRITE(descriptor, bytes(data)[: left[0]])
        left[0] -= done
        return done

    return write


@pytest.mark.parametrize("after", [0, 1, 30, 90])
def test_on_a_full_disk_nothing_is_torn_and_all_comes_when_there_is_room(monkeypatch, after):
    journal = new()
    journal.write(painted((0, 0, 0)), {}, [1])
    before = journal.path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(journal_file.os, "write", full(after=after))
        with pytest.raises(SaveError, match=r"No space left on device.*save now"):
            journal.write(painted((0, 0, 0), (1, 1, 1)), {}, [1, 2])
    assert journal.path.read_bytes() == before
    journal.write(painted((0, 0, 0), (1, 1, 1), (2, 2, 2)), {}, [1, 2, 3])
    journal.close()
    again = left_over()
    np.testing.assert_array_equal(again.labels, painted((0, 0, 0), (1, 1, 1), (2, 2, 2)))
    assert again.events == (1, 2, 3)


def test_after_a_half_record_that_cannot_be_taken_back_a_new_file_holds_everything(monkeypatch):
    journal = new()
    journal.write(painted((0, 0, 0)), {}, [1])

    def refuse(*_):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(journal_file.os, "write", full(after=20))
        patch.setattr(journal_file.os, "ftruncate", refuse)
        with pytest.raises(SaveError):
            journal.write(painted((0, 0, 0), (1, 1, 1)), {}, [1, 2])
    journal.write(painted((0, 0, 0), (1, 1, 1)), {}, [1, 2])
    journal.close()
    again = left_over()
    assert not again.is_damaged
    np.testing.assert_array_equal(again.labels, painted((0, 0, 0), (1, 1, 1)))
    assert again.events == (1, 2)


def test_the_first_write_on_a_full_disk_leaves_no_file(monkeypatch):
    journal = new()
    with monkeypatch.context() as patch:
        patch.setattr(journal_file.os, "write", full(after=10))
        with pytest.raises(SaveError):
            journal.write(painted((0, 0, 0)), {})
    assert journal.path is None
    assert list(folder_of("journals").iterdir()) == []
    assert journal.write(painted((0, 0, 0)), {}) == 1


def test_a_folder_closed_for_writing_is_said(monkeypatch):
    folder_of("journals")
    monkeypatch.setattr(
        journal_file.os,
        "open",
        lambda *_: (_ for _ in ()).throw(PermissionError(errno.EACCES, os.strerror(errno.EACCES))),
    )  # root may write anywhere
    with pytest.raises(SaveError, match="Permission denied"):
        new().write(painted((0, 0, 0)), {})


@pytest.mark.skipif(os.name != "posix", reason="Windows deletes no open files")
def test_a_journal_that_somebody_deleted_is_written_anew():
    journal = new()
    journal.write(painted((0, 0, 0)), {}, [1])
    journal.path.unlink()
    journal.write(painted((0, 0, 0), (1, 1, 1)), {}, [1, 2])
    journal.close()
    again = left_over()
    np.testing.assert_array_equal(again.labels, painted((0, 0, 0), (1, 1, 1)))
    assert again.events == (1, 2)


def test_a_grown_journal_is_written_anew_and_loses_nothing(monkeypatch):
    monkeypatch.setattr(journals, "LIMIT_BYTES", 2000)
    journal = new()
    labels = painted()
    sizes = []
    for step in range(200):
        labels = labels.copy()
        labels[step % 4, step % 3, step % 5] ^= 1
        journal.write(labels, {}, list(range(step + 1)))
        sizes.append(journal.path.stat().st_size)
    assert max(sizes) < 8000
    assert len(list(folder_of("journals").iterdir())) == 1
    journal.close()
    again = left_over()
    np.testing.assert_array_equal(again.labels, labels)
    assert again.events == tuple(range(200))


def test_a_crash_while_compacting_leaves_the_newer_one_to_restore():
    journal = new()
    journal.write(painted((0, 0, 0)), {})
    older = journal.path.read_bytes()
    journal.write(painted((1, 1, 1)), {})
    path = journal.path
    journal.close()
    newer = path.with_name(path.name.replace("0001", "0002"))
    path.rename(newer)
    path.write_bytes(older)
    assert find_journals([KEY]) == (newer,)
    delete_journal(newer)
    assert list(folder_of("journals").iterdir()) == []
