"""A worklist as it was seen last, in SQLite in the data folder: shown at once while it is scanned.

SQLite's locks do not hold on network folders, so nothing is kept here alone: the truth are the
images and the status files beside them, and an index that is lost or broken is made anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_brats.core.labels import Region
from napari_brats.core.modalities import Modality
from napari_brats.io.case_files import CaseFiles, FileChoice, FilesProblem
from napari_brats.workspace.folders import KINDS, folder_of
from napari_brats.workspace.status_files import status_of, status_to_json
from napari_brats.workspace.worklist import WorkCase

if TYPE_CHECKING:
    import sqlite3

_VERSION = 1
_WAIT_S = 5.0
"""Another window of this user may be writing the same index."""


def index_path(folder: Path) -> Path:
    """The index of the worklist of ``folder``; it need not exist."""
    name = hashlib.sha256(str(folder.absolute()).encode(errors="surrogateescape")).hexdigest()
    return KINDS["worklists"].folder / f"{name[:32]}.sqlite"


def read_index(folder: Path) -> tuple[WorkCase, ...]:
    """The worklist of ``folder`` as it was stored last; empty if there is none or it is broken."""
    import sqlite3

    if not index_path(folder).is_file():
        return ()
    try:
        with _database(folder) as database:
            rows = database.execute("SELECT entry FROM cases ORDER BY position").fetchall()
        return tuple(_from_json(json.loads(row[0])) for row in rows)
    except (sqlite3.Error, ValueError, TypeError, LookupError, AttributeError):
        return ()


def write_index(folder: Path, cases: Sequence[WorkCase]) -> None:
    """Store the worklist of ``folder``, all of it or nothing; a broken index is replaced.

    SaveError if the data folder cannot be made. What SQLite refuses otherwise is passed over: the
    index only saves time.
    """
    import sqlite3

    folder_of("worklists")
    rows = [(i, case.key, json.dumps(_to_json(case))) for i, case in enumerate(cases)]
    try:
        _store(folder, rows)
    except sqlite3.OperationalError:  # locked by another window, or the disk is full
        return
    except sqlite3.Error:  # no database
        with suppress(OSError, sqlite3.Error):
            index_path(folder).unlink()
            _store(folder, rows)


def _store(folder: Path, rows: Sequence[tuple[int, str, str]]) -> None:
    with _database(folder) as database:
        database.execute("DELETE FROM cases")
        database.executemany("INSERT OR REPLACE INTO cases VALUES (?, ?, ?)", rows)


@contextmanager
def _database(folder: Path) -> Iterator[sqlite3.Connection]:
    """An open index with its table; what is done in the block is done wholly or not at all."""
    import sqlite3

    with closing(sqlite3.connect(index_path(folder), timeout=_WAIT_S)) as database, database:
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version != _VERSION:
            database.execute("DROP TABLE IF EXISTS cases")
            database.execute(f"PRAGMA user_version = {_VERSION}")
        database.execute(
            "CREATE TABLE IF NOT EXISTS cases (position INTEGER, key TEXT PRIMARY KEY, entry TEXT)"
        )
        yield database


def _to_json(case: WorkCase) -> dict[str, Any]:
    files = case.files
    return {
        "case_id": files.case_id,
        "modalities": {m.value: _choice_to_json(c) for m, c in files.modalities.items()},
        "label_map": None if files.label_map is None else _choice_to_json(files.label_map),
        "unassigned": [_choice_to_json(choice) for choice in files.unassigned],
        "ignored": [_choice_to_json(choice) for choice in files.ignored],
        "naming": files.naming,
        "convention_hint": files.convention_hint,
        "problems": [[p.text, p.modality and p.modality.value] for p in files.problems],
        "status": status_to_json(case.case_id, case.status),
        "expected_dice": {region.value: value for region, value in case.expected_dice.items()},
        "volumes_ml": {region.value: value for region, value in case.volumes_ml.items()},
    }


def _from_json(entry: Mapping[str, Any]) -> WorkCase:
    label_map = entry["label_map"]
    files = CaseFiles(
        entry["case_id"],
        {Modality(name): _choice(one) for name, one in entry["modalities"].items()},
        None if label_map is None else _choice(label_map),
        tuple(_choice(one) for one in entry["unassigned"]),
        entry["naming"],
        entry["convention_hint"],
        tuple(_choice(one) for one in entry["ignored"]),
        tuple(FilesProblem(text, m and Modality(m)) for text, m in entry["problems"]),
    )
    return WorkCase(
        files,
        status_of(entry["status"]),
        {Region(name): value for name, value in entry["expected_dice"].items()},
        {Region(name): value for name, value in entry["volumes_ml"].items()},
    )


def _choice_to_json(choice: FileChoice) -> list[Any]:
    return [str(choice.path), choice.reason, choice.channel]


def _choice(entry: Sequence[Any]) -> FileChoice:
    return FileChoice(Path(entry[0]), entry[1], entry[2])
