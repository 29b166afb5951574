"""What a journal gives back: all that was written, or as much of it as the disk kept whole."""

import errno
import os
import stat
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from napari_brats.core.errors import CaseError, SaveError
from napari_brats.core.geometry import Grid
from napari_brats.workspace import journal as journals
from napari_brats.workspace import journal_file
from napari_brats.workspace.folders import folder_of
from napari_brats.workspace.journal import (
    Journal,
    delete_journal,
    find_journals,
    journal_key,
    journals_in_use,
    read_journal,
)

KEY = "0" * 32
MAPS = npst.arrays(np.uint8, (4, 3, 5), elements=st.integers(0, 4))
quick = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None
)


def new(base=None):
    return Journal(
        KEY, np.zeros((4, 3, 5), np.uint8) if base is None else base, {"made": "by hand"}
    )


def painted(*voxels):
    labels = np.zeros((4, 3, 5), np.uint8, order="F")
    for voxel in voxels:
        labels[voxel] = 1
    return labels


def left_over():
    (path,) = find_journals([KEY])
    return read_journal(path)


@quick
@given(MAPS, st.lists(MAPS, min_size=1, max_size=4), st.booleans())
def test_the_last_state_comes_back_whatever_was_painted(base, states, fortran):
    journal = new(np.asarray(base, order="F" if fortran else "C"))
    for number, state in enumerate(states):
        journal.write(state, {"number": number}, [{"step": n} for n in range(number)])
    found = journal.path is not None
    journal.close()
    if not found:  # nothing was ever different from the base
        assert all(np.array_equal(state, base) for state in states)
        return
    again = left_over()
    np.testing.assert_array_equal(again.base, base)
    np.testing.assert_array_equal(again.labels, states[-1])
    assert not again.is_damaged
    assert again.facts["made"] == "by hand"
    delete_journal(again.path)


def test_events_come_back_once_each_in_their_order():
    journal = new()
    events = [{"step": 1}]
    journal.write(painted((0, 0, 0)), {}, events)
    events += [{"step": 2}, {"step": 3}]
    journal.write(painted((0, 0, 0)), {}, events)  # undone and redone: no voxel differs
    journal.close()
    assert [event["step"] for event in left_over().events] == [1, 2, 3]


def test_nothing_is_on_disk_until_there_is_something_to_lose():
    journal = new()
    assert journal.write(painted(), {}, [{"step": 1}]) == 0
    assert journal.path is None
    assert journal.write(painted((1, 2, 3), (3, 2, 4)), {}) == 2
    assert journal.path is not None


def test_a_save_deletes_the_file_and_begins_anew():
    journal = new()
    journal.write(painted((1, 1, 1)), {}, [{"step": 1}])
    journal.start_from(painted((1, 1, 1)))
    assert find_journals([KEY]) == ()
    assert not journals_in_use([KEY])
    journal.write(painted((1, 1, 1), (2, 2, 2)), {}, [{"step": 2}])
    journal.close()
    again = left_over()
    np.testing.assert_array_equal(again.base, painted((1, 1, 1)))
    assert again.voxels == 1
    assert [event["step"] for event in again.events] == [2]


def test_a_journal_in_use_is_not_left_over_and_two_windows_write_apart():
    one, other = new(), new()
    one.write(painted((0, 0, 0)), {})
    other.write(painted((1, 1, 1)), {})
    assert find_journals([KEY]) == ()
    assert journals_in_use([KEY])
    assert one.path != other.path
    one.close()
    assert left_over().labels[0, 0, 0] == 1
    other.close()
    assert len(find_journals([KEY])) == 2


def records(journal):
    """The file after each of three strokes."""
    sizes = []
    for end in range(1, 4):
        journal.write(painted(*[(n, n, n) for n in range(end)]), {})
        sizes.append(journal.path.stat().st_size)
    path = journal.path
    journal.close()
    return path, sizes


def test_a_torn_tail_is_ignored_wherever_it_is_torn():
    path, sizes = records(new())
    data = path.read_bytes()
    for length in range(sizes[0], sizes[2]):
        path.write_bytes(data[:length])
        again = left_over()
        whole = sum(size <= length for size in sizes)
        np.testing.assert_array_equal(again.labels, painted(*[(n, n, n) for n in range(whole)]))
        assert again.is_damaged == (length not in sizes)


def test_one_that_ends_before_its_first_edit_is_said_to_be_damaged():
    path, sizes = records(new())
    path.write_bytes(path.read_bytes()[: sizes[0] - 1])
    with pytest.raises(CaseError, match=r"damaged.*1 whole records"):
        read_journal(path)
    path.write_bytes(b"")
    with pytest.raises(CaseError, match="0 whole records"):
        read_journal(path)


@quick
@given(st.data())
def test_no_flipped_bit_goes_unnoticed(data):
    journal = new()
    path, sizes = records(journal)
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    whole = sum(size <= place for size in sizes)  # the records before the one that was hit
    if whole == 0:
        with pytest.raises(CaseError):
            read_journal(path)
    else:
        again = read_journal(path)
        assert again.is_damaged
        np.testing.assert_array_equal(again.labels, painted(*[(n, n, n) for n in range(whole)]))
    path.unlink()


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


REAL_WRITE = os.write


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


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_a_journal_is_its_owners_alone_and_tells_no_path():
    grid = Grid((4, 3, 5), np.eye(4))
    journal = Journal(journal_key("/data/Jane Doe/x-seg.nii.gz", grid), painted(), {})
    journal.write(painted((0, 0, 0)), {})
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
    assert "Doe" not in journal.path.name
    assert b"Doe" not in journal.path.read_bytes()


def test_keys_tell_files_and_grids_apart():
    grid, moved = Grid((4, 3, 5), np.eye(4)), Grid((4, 3, 5), np.diag([1, 1, 2, 1]))
    keys = {journal_key("a", grid), journal_key("b", grid), journal_key("a", moved)}
    assert len(keys) == 3
    assert journal_key("a", Grid((4, 3, 5), np.eye(4) + 1e-6)) == journal_key("a", grid)


def test_a_killed_process_loses_nothing_that_was_written_before():
    """No word of farewell, no flush: the journal holds at least what `write` came back from."""
    program = """
import numpy as np
from napari_brats.workspace.journal import Journal
labels = np.zeros((4, 3, 5), np.uint8)
journal = Journal("0" * 32, labels, {})
for number in range(1, 250):
    labels[number % 4, :, number % 5] = number
    journal.write(labels, {}, list(range(number)))
    print(number, flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        told = [int(process.stdout.readline()) for _ in range(20)]
        process.kill()
    again = left_over()
    assert len(again.events) >= told[-1]
    expected = np.zeros((4, 3, 5), np.uint8)
    for number in range(1, len(again.events) + 1):
        expected[number % 4, :, number % 5] = number
    np.testing.assert_array_equal(again.labels, expected)
