"""Edits of a label map that are not saved yet, on disk, so that a crash costs seconds.

A journal is one file per open label map, ``<key>.<session>.<number>.journal`` in the folder
"journals" of `folders`: the label map as it was when it was opened or last saved, then boxes of it
as they became. It is locked while its window lives; one that nobody has locked is left over. The
name says nothing of the patient, and the file holds labels and steps, no image and no path.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from napari_brats.core.boxes import Box, bounding_box
from napari_brats.core.errors import CaseError, SaveError
from napari_brats.core.geometry import Grid
from napari_brats.core.labels import LabelMap
from napari_brats.workspace.folders import KINDS, folder_of
from napari_brats.workspace.journal_file import JournalFile
from napari_brats.workspace.journal_records import (
    BASE,
    EDIT,
    Entry,
    pack,
    unpack,
    whole_bytes,
)
from napari_brats.workspace.locks import is_locked

_SUFFIX = ".journal"
_NOTHING: Box = (slice(0, 0), slice(0, 0), slice(0, 0))
LIMIT_BYTES = 16 * 2**20
"""A journal that has grown to this is written anew as one box, unless that helps little."""


def journal_key(source: str, grid: Grid) -> str:
    """What the journals of a label map are called: 32 hexadecimal digits that tell no path.

    ``source`` is the path of the file whose header it is saved with, or what else tells it apart.
    """
    facts = [source, list(grid.shape), np.round(grid.affine, 3).ravel().tolist()]
    return hashlib.sha256(json.dumps(facts).encode(errors="surrogatepass")).hexdigest()[:32]


class Journal:
    """Writes one label map's edits since it was opened or saved. Not for two threads at once.

    Nothing is on disk until there is something to lose.

    Parameters
    ----------
    key
        From `journal_key`.
    base
        (X, Y, Z) uint8 as opened or saved; copied.
    facts
        What else restoring needs to know, fit for JSON; nothing of the patient.
    """

    def __init__(self, key: str, base: LabelMap, facts: Mapping[str, Any]) -> None:
        self._key = key
        self._facts = dict(facts)
        self._session = secrets.token_hex(4)
        self._file: JournalFile | None = None
        self._files = 0
        self.start_from(base)

    @property
    def path(self) -> Path | None:
        """The file; None while there is nothing to lose."""
        return self._file.path if self._file else None

    def base(self) -> LabelMap:
        """(X, Y, Z) as opened or last saved; not to be written to."""
        return next(unpack(self._head)).labels if self._head else self._written

    def start_from(self, base: LabelMap) -> None:
        """From now on ``base`` is what is safe elsewhere; the file is deleted."""
        self.delete()
        self._head = b""  # the record of the base, made when it is needed
        self._written = base.copy(order="K")
        self._events = 0

    def prepare(self) -> None:
        """Do what the first write needs most time for. Harmless when called twice."""
        if not self._head:
            x, y, z = (slice(0, size) for size in self._written.shape)
            facts = {**self._facts, "time": _now(), "digest": digest_of(self._written)}
            self._head = pack(Entry(BASE, facts, (x, y, z), self._written))

    def write(
        self, labels: LabelMap, facts: Mapping[str, Any], events: Sequence[Mapping[str, Any]] = ()
    ) -> int:
        """Append what changed since the last call; how many voxels that are.

        Parameters
        ----------
        labels
            (X, Y, Z) as they are now; may be painted while they are read: what is missed comes with
            the next call.
        facts
            What holds now, fit for JSON.
        events
            All that happened since the base, fit for JSON; those not written yet are.

        Raises
        ------
        SaveError
            If the disk does not take it. The next call tries again with all that is missing.
        """
        if self._file and self._file.is_gone:
            self.close()  # all that is unsaved goes into a new file
        known = self._written if self._file else self.base()
        box = bounding_box(labels != known)
        if box is None and (self._file is None or len(events) == self._events):
            return 0
        box = box or _NOTHING
        part = labels[box].copy(order="K")
        new = events[self._events :] if self._file else events
        entry = Entry(EDIT, {**facts, "time": _now(), "events": list(new)}, box, part)
        if self._file is None:
            self._begin(entry)
            self._written[...] = known
        else:
            self._add(self._file, entry)
        voxels = int(np.count_nonzero(part != self._written[box]))
        self._written[box] = part
        self._events = len(events)
        self._compact(facts, events)
        return voxels

    def delete(self) -> None:
        """Forget all that was written: it is safe elsewhere, or unwanted."""
        former = self._file
        self.close()
        if former:
            former.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the file, which stays for `find_journals`."""
        if self._file:
            self._file.close()
        self._file = None

    def _begin(self, entry: Entry) -> None:
        self.prepare()
        self._files += 1
        name = f"{self._key}.{self._session}.{self._files:04d}{_SUFFIX}"
        self._file = JournalFile(folder_of("journals") / name, self._head + pack(entry))

    def _add(self, file: JournalFile, entry: Entry) -> None:
        try:
            file.append(pack(entry))
        except SaveError:
            if not file.is_sound:  # what stands after a half record would never be read
                self.close()
            raise

    def _compact(self, facts: Mapping[str, Any], events: Sequence[Mapping[str, Any]]) -> None:
        """Write a file that has grown too large anew, as its base and one box."""
        former = self._file
        if former is None or former.size < max(LIMIT_BYTES, 4 * former.first_size):
            return
        self._file = None
        try:
            self.write(self._written, facts, events)
        except SaveError:
            self._file = former  # still whole; tried again with the next edit
            return
        former.close()
        former.path.unlink(missing_ok=True)


@dataclass(frozen=True, eq=False)
class LeftOver:
    """What a journal that nobody has in use holds.

    Attributes
    ----------
    path
        Its file.
    base, labels
        (X, Y, Z) uint8 as opened or saved, and as last written.
    base_digest
        Of the base, see `digest_of`.
    facts
        Those of its label map, then those that held last.
    events
        What happened since the base.
    written
        When the last record was.
    is_damaged
        Whether its end could not be read.
    """

    path: Path
    base: LabelMap
    labels: LabelMap
    base_digest: str
    facts: Mapping[str, Any]
    events: tuple[Mapping[str, Any], ...]
    written: datetime
    is_damaged: bool

    @property
    def voxels(self) -> int:
        """How many differ from the base."""
        return int(np.count_nonzero(self.base != self.labels))


def find_journals(keys: Iterable[str]) -> tuple[Path, ...]:
    """The left-over journals of some label maps, oldest first; none of one that is in use."""
    folder = KINDS["journals"].folder
    found = {path for key in keys for path in folder.glob(f"{key}.*{_SUFFIX}")}
    newest: dict[str, Path] = {}
    for path in sorted(found):  # a crash while compacting leaves two of one session
        newest[path.name.rsplit(".", 2)[0]] = path
    return tuple(sorted((path for path in newest.values() if not is_locked(path)), key=_modified))


def journals_in_use(keys: Iterable[str]) -> bool:
    """Whether a window, this one included, has unsaved edits of one of these label maps."""
    folder = KINDS["journals"].folder
    return any(is_locked(path) for key in keys for path in folder.glob(f"{key}.*{_SUFFIX}"))


def read_journal(path: Path) -> LeftOver:
    """What a journal holds, as far as its records are whole.

    CaseError if it cannot be read, or not even its beginning is whole.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CaseError(f"The journal {path} cannot be read: {error.strerror}.") from error
    entries = list(unpack(data))
    if len(entries) < 2 or entries[0].kind != BASE:
        raise CaseError(
            f"The journal {path} is damaged: {len(data)} bytes, {len(entries)} whole records, "
            f"expected two or more. The edits in it are lost; delete it, or keep it for a closer "
            f"look."
        )
    base, edits = entries[0], entries[1:]
    labels = base.labels.copy(order="K")
    for entry in edits:
        labels[entry.box] = entry.labels
    return LeftOver(
        path=path,
        base=base.labels,
        labels=labels,
        base_digest=str(base.facts["digest"]),
        facts={**base.facts, **edits[-1].facts},
        events=tuple(event for entry in edits for event in entry.facts["events"]),
        written=datetime.fromisoformat(edits[-1].facts["time"]),
        is_damaged=whole_bytes(data) < len(data),
    )


def delete_journal(path: Path) -> None:
    """Delete a left-over journal and older ones of its session."""
    for file in path.parent.glob(f"{path.name.rsplit('.', 2)[0]}.*{_SUFFIX}"):
        file.unlink(missing_ok=True)


def digest_of(labels: LabelMap) -> str:
    """The same text for the same voxels, whatever their order in memory."""
    return hashlib.blake2b(np.ascontiguousarray(labels).data, digest_size=16).hexdigest()


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="milliseconds")
