"""What a journal gives back: all that was written, or as much of it as the disk kept whole."""

import os
import stat
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from tests.workspace.journals import KEY, left_over, new, painted

from napari_brats.core.errors import CaseError
from napari_brats.core.geometry import Grid
from napari_brats.workspace.journal import (
    Journal,
    delete_journal,
    find_journals,
    journal_key,
    journals_in_use,
    read_journal,
)

MAPS = npst.arrays(np.uint8, (4, 3, 5), elements=st.integers(0, 4))


quick = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None
)


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
