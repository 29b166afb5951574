"""What people said of a case, in one small JSON file beside its images: the truth of a worklist.

Several people, and processes, may write at once: each entry carries its time and the newest wins,
and a writer reads, merges and replaces the file while it holds a lock file. Where a folder cannot
be written to, the file lies in the user's data folder; both are read, and merged.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from napari_brats.core.errors import SaveError
from napari_brats.io.atomic import write_atomically
from napari_brats.io.sidecar import to_json
from napari_brats.workspace.folders import KINDS, folder_of, make_private
from napari_brats.workspace.status_lock import locked

FORMAT = 1
_MAX_BYTES = 1_000_000
"""No status file is as large; what is would only be read into memory."""


class CaseState(StrEnum):
    """How far a case is."""

    TO_DO = "to do"
    IN_PROGRESS = "in progress"
    REVIEWED = "reviewed"
    PROBLEM = "problem"


NAMES = ("state", "reviewer", "note", "message", "mask")
"""What a status file holds entries of; entries of other names, of newer versions, are kept."""


@dataclass(frozen=True)
class Entry:
    """One thing that was said: what, when and by whom."""

    value: str
    at: datetime
    by: str = ""


@dataclass(frozen=True)
class Holder:
    """Who has a case open; nobody if ``session`` is empty.

    Attributes
    ----------
    session
        Tells one window from another.
    editor
        The name others see.
    host
        Some digits of a hash of the computer's name.
    since, seen
        When it was opened, and when its window was last alive.
    """

    session: str
    editor: str
    host: str
    since: datetime
    seen: datetime


@dataclass(frozen=True)
class CaseStatus:
    """All that is known of a case's review.

    Attributes
    ----------
    entries
        Name -> the newest entry.
    holder
        Who has it open; None if nobody ever had.
    problems
        What could not be read, in words.
    """

    entries: Mapping[str, Entry] = field(default_factory=dict)
    holder: Holder | None = None
    problems: tuple[str, ...] = ()

    @property
    def state(self) -> CaseState:
        """How far the case is; to do where nobody said, or in words that are not known."""
        try:
            return CaseState(self.text("state"))
        except ValueError:
            return CaseState.TO_DO

    @property
    def reviewer(self) -> str:
        """Who reviews it."""
        return self.text("reviewer")

    @property
    def note(self) -> str:
        """What a person wrote about it."""
        return self.text("note")

    @property
    def message(self) -> str:
        """What the program has to say: why a run failed, say."""
        return self.text("message")

    @property
    def mask(self) -> Path | None:
        """Where a run put its label map, if not beside the images."""
        return Path(self.text("mask")) if self.text("mask") else None

    def text(self, name: str) -> str:
        """The value of an entry; empty where there is none."""
        entry = self.entries.get(name)
        return "" if entry is None else entry.value


Hold = Callable[[CaseStatus], Holder | None]


@dataclass(frozen=True)
class StatusPlace:
    """Where the status of a case is written: beside its images, else in the data folder.

    Attributes
    ----------
    folder
        The one its images lie in.
    case_id
        The stem of the file.
    """

    folder: Path
    case_id: str

    @property
    def beside(self) -> Path:
        """The file beside the images."""
        return self.folder / f"{self.case_id}-status.json"

    @property
    def own(self) -> Path:
        """The file in this user's data folder."""
        key = f"{self.folder.absolute()}/{self.case_id}".encode(errors="surrogateescape")
        name = hashlib.sha256(key).hexdigest()[:32]
        return KINDS["worklists"].folder / "status" / f"{name}.json"


def read_status(place: StatusPlace) -> CaseStatus:
    """The status of a case, from both files; what cannot be read counts as nothing said."""
    beside, own = _read(place.beside), _read(place.own)
    return merged(beside, own)


def change_status(
    place: StatusPlace, values: Mapping[str, str], by: str = "", hold: Hold | None = None
) -> CaseStatus:
    """Say something new of a case, and give what is known then.

    Parameters
    ----------
    place
        Whose status.
    values
        Entry name -> value; the others stay as whoever said them last.
    by
        The editor's name, for the entries.
    hold
        Gives who has it open from now on, from what is known while no other process writes; None,
        here or as its answer, leaves that as it is.

    Raises
    ------
    SaveError
        If neither file can be written.
    """
    try:
        return _change(place.beside, place, values, by, hold)
    except SaveError:  # read-only or full: what was said must not be lost
        make_private(folder_of("worklists") / "status")
        return _change(place.own, place, values, by, hold)


def merged(first: CaseStatus, second: CaseStatus) -> CaseStatus:
    """Both together: of each entry, and of the holders, the newest."""
    entries = dict(first.entries)
    for name, entry in second.entries.items():
        if name not in entries or entry.at > entries[name].at:
            entries[name] = entry
    holders = [one.holder for one in (first, second) if one.holder is not None]
    holder = max(holders, key=lambda one: one.seen, default=None)
    return CaseStatus(entries, holder, first.problems + second.problems)


def _change(
    path: Path, place: StatusPlace, values: Mapping[str, str], by: str, hold: Hold | None
) -> CaseStatus:
    with locked(path):
        there = _read(path)
        known = merged(there, _read(place.own if path == place.beside else place.beside))
        now = datetime.now(UTC)
        entries = dict(known.entries)
        for name, value in values.items():
            former = entries.get(name)
            at = now if former is None else max(now, former.at + timedelta(microseconds=1))
            entries[name] = Entry(value, at, by)
        holder = None if hold is None else hold(known)
        if holder is None and not values:
            return known
        if holder is not None and known.holder is not None:  # clocks of two machines may differ
            seen = max(holder.seen, known.holder.seen + timedelta(microseconds=1))
            holder = replace(holder, seen=seen)
        changed = CaseStatus(entries, holder or known.holder)
        payload = to_json(status_to_json(place.case_id, changed))
        is_broken = bool(there.problems)
        write_atomically(
            path, payload, overwrite=not is_broken, backup=is_broken, private=path == place.own
        )
        return changed


def status_to_json(case_id: str, status: CaseStatus) -> dict[str, Any]:
    """What a status file holds."""
    holder = status.holder
    return {
        "format": FORMAT,
        "case_id": case_id,
        "entries": {
            name: {"value": entry.value, "at": entry.at.isoformat(), "by": entry.by}
            for name, entry in status.entries.items()
        },
        "open": None
        if holder is None
        else {
            "session": holder.session,
            "editor": holder.editor,
            "host": holder.host,
            "since": holder.since.isoformat(),
            "seen": holder.seen.isoformat(),
        },
    }


def _read(path: Path) -> CaseStatus:
    try:
        with path.open("rb") as stream:
            stored = json.loads(stream.read(_MAX_BYTES))
        return status_of(stored)
    except FileNotFoundError:
        return CaseStatus()
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else repr(error)
        problem = (
            f"The status file {path} cannot be read ({reason}). It counts as empty; with the next "
            f"change it is kept as {path.name}.bak and written anew."
        )
        return CaseStatus(problems=(problem,))


def status_of(stored: Any) -> CaseStatus:
    """The status that a status file's JSON tells.

    ValueError, TypeError, LookupError or AttributeError if it is none.
    """
    entries = {
        str(name): Entry(str(one["value"]), _time(one["at"]), str(one.get("by", "")))
        for name, one in stored["entries"].items()
    }
    holder = stored.get("open")
    if holder is None:
        return CaseStatus(entries)
    session, editor, host = (str(holder[name]) for name in ("session", "editor", "host"))
    since, seen = (_time(holder[name]) for name in ("since", "seen"))
    return CaseStatus(entries, Holder(session, editor, host, since, seen))


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)
