"""Places of a case that somebody marked, kept between sessions in the data folder.

One file per case, named by a hash of where the case lies, so that the name of the file tells
nothing of the patient.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from napari_brats.core.errors import SaveError
from napari_brats.io.atomic import write_atomically
from napari_brats.io.sidecar import to_json
from napari_brats.workspace.folders import KINDS, folder_of

LOGGER = logging.getLogger(__name__)

KIND = "bookmarks"


@dataclass(frozen=True)
class Bookmark:
    """A place, and why it was marked.

    Attributes
    ----------
    voxel
        (x, y, z) of the case's reference image, in the order of its file.
    note
        By whoever marked it; may be empty.
    """

    voxel: tuple[int, int, int]
    note: str = ""


def read_bookmarks(case_key: str) -> tuple[Bookmark, ...]:
    """The bookmarks of a case, in the order of marking; empty where none were kept.

    A file that cannot be read is left as it is, and a line in the log says so.
    """
    path = _path(case_key)
    try:
        stored = json.loads(path.read_bytes())
        return tuple(_from_entry(entry) for entry in stored)
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        LOGGER.warning("Bookmarks in %s cannot be read: %s", path.name, type(error).__name__)
        return ()


def write_bookmarks(case_key: str, bookmarks: Sequence[Bookmark]) -> None:
    """Keep the bookmarks of a case in place of those kept before. SaveError if it fails.

    Without any, nothing is left of the case.
    """
    path = _path(case_key)
    if not bookmarks:
        _delete(path)
        return
    folder_of(KIND)
    entries = [asdict(bookmark) for bookmark in bookmarks]
    write_atomically(path, to_json(entries), overwrite=True, private=True)


def _delete(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise SaveError(
            f"The bookmarks in {path} cannot be deleted: {error.strerror or error}. Check the "
            f"permissions of its folder."
        ) from error


def _path(case_key: str) -> Path:
    digest = hashlib.sha256(case_key.encode()).hexdigest()[:32]
    return KINDS[KIND].folder / f"{digest}.json"


def _from_entry(entry: dict[str, Any]) -> Bookmark:
    x, y, z = entry["voxel"]
    return Bookmark((int(x), int(y), int(z)), str(entry.get("note", "")))
