"""Status files: merged by time, by several processes, whatever happens to them."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from napari_brats.core.errors import SaveError
from napari_brats.workspace import status_lock
from napari_brats.workspace.status_files import (
    CaseState,
    CaseStatus,
    Entry,
    Holder,
    StatusPlace,
    change_status,
    merged,
    read_status,
)

EARLY = datetime(2026, 1, 1, tzinfo=UTC)
LATE = datetime(2026, 1, 2, tzinfo=UTC)

WRITER = """
import sys
from pathlib import Path
from napari_brats.workspace.status_files import StatusPlace, change_status
place = StatusPlace(Path(sys.argv[1]), "case")
number = 0
while number < int(sys.argv[3]):
    change_status(place, {f"{sys.argv[2]}{number % 10}": str(number)})
    number += 1
"""


def start_writer(folder: Path, name: str, times: int) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", WRITER, str(folder), name, str(times)])


def test_nobody_said_anything(tmp_path: Path):
    status = read_status(StatusPlace(tmp_path, "case"))
    assert status == CaseStatus()
    assert (status.state, status.reviewer, status.mask) == (CaseState.TO_DO, "", None)


def test_what_is_said_is_found_beside_the_case(tmp_path: Path):
    place = StatusPlace(tmp_path, "case")
    change_status(place, {"state": CaseState.REVIEWED, "note": "größer"}, by="Ann")
    stored = json.loads((tmp_path / "case-status.json").read_text("utf-8"))
    assert stored["entries"]["state"]["value"] == "reviewed"
    assert stored["entries"]["state"]["by"] == "Ann"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["case-status.json"]
    assert read_status(place).state is CaseState.REVIEWED
    assert read_status(place).note == "größer"


def test_of_each_entry_the_newest_counts():
    first = CaseStatus({"note": Entry("old", EARLY), "state": Entry("reviewed", LATE)})
    second = CaseStatus({"note": Entry("new", LATE), "state": Entry("to do", EARLY)})
    for both in (merged(first, second), merged(second, first)):
        assert both.note == "new"
        assert both.state is CaseState.REVIEWED


def test_a_change_counts_although_the_clock_of_the_former_one_is_fast(tmp_path: Path):
    place = StatusPlace(tmp_path, "case")
    future = datetime(2999, 1, 1, tzinfo=UTC)
    stored = {"entries": {"note": {"value": "old", "at": future.isoformat(), "by": ""}}}
    place.beside.write_text(json.dumps(stored))
    change_status(place, {"note": "new"})
    assert read_status(place).note == "new"


def test_entries_of_newer_versions_are_kept(tmp_path: Path):
    place = StatusPlace(tmp_path, "case")
    stored = {"entries": {"colour": {"value": "red", "at": EARLY.isoformat(), "by": ""}}}
    place.beside.write_text(json.dumps(stored))
    change_status(place, {"note": "n"})
    assert read_status(place).text("colour") == "red"


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"entries": []}', b'{"entries": {"note": {}}}', b"\xff\xfe", b"[" * 9999],
)
def test_a_broken_file_is_told_kept_and_written_anew(content: bytes, tmp_path: Path):
    place = StatusPlace(tmp_path, "case")
    place.beside.write_bytes(content)
    problems = read_status(place).problems
    assert len(problems) == 1
    assert str(place.beside) in problems[0]
    assert change_status(place, {"note": "n"}).problems == ()
    assert read_status(place).note == "n"
    assert (tmp_path / "case-status.json.bak").read_bytes() == content


def test_a_folder_that_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """As a read-only disk does, whoever the user is."""
    real = os.open

    def refusing(path, flags, *rest, **more):
        if "data" in Path(path).parts and flags & os.O_CREAT:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, flags, *rest, **more)

    monkeypatch.setattr(os, "open", refusing)
    folder = tmp_path / "data"
    folder.mkdir()
    place = StatusPlace(folder, "case")
    change_status(place, {"state": CaseState.REVIEWED})
    assert list(folder.iterdir()) == []
    assert place.own.is_file()
    assert place.own.stat().st_mode & 0o077 == 0
    assert read_status(place).state is CaseState.REVIEWED


def test_what_was_said_while_read_only_counts_until_somebody_says_otherwise(tmp_path: Path):
    place = StatusPlace(tmp_path, "case")
    place.own.parent.mkdir(parents=True)
    stored = {"entries": {"note": {"value": "own", "at": LATE.isoformat(), "by": ""}}}
    place.own.write_text(json.dumps(stored))
    assert read_status(place).note == "own"
    change_status(place, {"state": CaseState.REVIEWED})
    assert json.loads(place.beside.read_text())["entries"]["note"]["value"] == "own"
    change_status(place, {"note": "new"})
    assert read_status(place).note == "new"


def test_two_processes_lose_nothing_of_each_other(tmp_path: Path):
    writers = [start_writer(tmp_path, name, 30) for name in "ab"]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0]
    status = read_status(StatusPlace(tmp_path, "case"))
    expected = {f"{name}{digit}": str(20 + digit) for name in "ab" for digit in range(10)}
    assert {name: entry.value for name, entry in status.entries.items()} == expected
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["case-status.json"]


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no SIGKILL")
def test_a_killed_writer_leaves_a_whole_file_and_no_lasting_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(status_lock, "ABANDONED_S", 0.05)
    place = StatusPlace(tmp_path, "case")
    writer = start_writer(tmp_path, "a", 100_000)
    while not place.beside.exists():
        assert writer.poll() is None
        time.sleep(0.01)
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    lock = tmp_path / ".case-status.json.lock"
    lock.touch()  # whatever the moment was: the worst that it can leave
    before = read_status(place)
    assert before.problems == ()
    assert before.entries
    assert change_status(place, {"note": "n"}).note == "n"
    assert not lock.exists()


def test_a_lock_that_is_alive_is_waited_for_in_vain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(status_lock, "PATIENCE_S", 0.05)
    path = tmp_path / "x"
    path.with_name(".x.lock").touch()
    with pytest.raises(SaveError, match=r"\.x\.lock"), status_lock.locked(path):
        pass
    assert path.with_name(".x.lock").exists()


def test_the_newest_holder_counts():
    old = Holder("a", "Ann", "h", EARLY, EARLY)
    new = Holder("b", "Bob", "h", EARLY, LATE)
    assert merged(CaseStatus(holder=new), CaseStatus(holder=old)).holder is new
    assert merged(CaseStatus(holder=old), CaseStatus()).holder is old
