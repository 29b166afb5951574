"""The one folder in which the program keeps what it remembers, and what kinds of things lie there.

What may tell of patients (label maps, paths, names of cases) is of one of `KINDS`: in a folder that
only its owner may enter, counted by `sizes`, deleted by `delete`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from napari_brats.core.errors import SaveError
from napari_brats.core.user_folders import cache_folder, user_data
from napari_brats.workspace.locks import is_locked

DATA_VARIABLE = "NAPARI_BRATS_DATA"
"""The environment variable that says where the data folder is, if not at the usual place."""


@dataclass(frozen=True)
class Kind:
    """One kind of what is kept.

    Attributes
    ----------
    name
        Of the kind, and of its folder in the data folder.
    title
        For people.
    holds
        What is in it, and what is lost with it, in one sentence.
    place
        Where it lies if not in the data folder; None if there.
    """

    name: str
    title: str
    holds: str
    place: Callable[[], Path] | None = None

    @property
    def folder(self) -> Path:
        """Where it lies; it need not exist."""
        return data_folder() / self.name if self.place is None else self.place()


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("journals", "Journals", "Edits that are not saved yet; lost when deleted."),
        Kind(
            "worklists",
            "Worklists",
            "Lists as seen last; who said what in read-only folders.",
        ),
        Kind("thumbnails", "Thumbnails", "Small pictures of cases; made again when needed."),
        Kind("cases", "Prepared cases", "Images ready for training; made again.", cache_folder),
        Kind("bookmarks", "Bookmarks", "Marked places of cases, with their notes."),
        Kind("logs", "Logs", "What went wrong, without names of cases."),
    )
}
"""All that "Delete all" deletes. The user's settings and own networks are not among it."""


def data_folder() -> Path:
    """The folder of this user's data; it need not exist.

    The one in the environment variable `DATA_VARIABLE`, else ``napari-brats`` where the system
    keeps the data of programs, see `user_data`.
    """
    return user_data(DATA_VARIABLE)


def folder_of(kind: str) -> Path:
    """The folder of one of `KINDS`, made if need be, which only its owner may enter.

    SaveError if it cannot be made.
    """
    make_data_folder()
    folder = make_private(KINDS[kind].folder)
    try:
        if os.name == "posix" and stat.S_IMODE(folder.stat().st_mode) & 0o077:
            folder.chmod(0o700)
    except OSError as error:
        raise _closed(folder, error) from error
    return folder


def make_data_folder() -> Path:
    """`data_folder`, made if need be. SaveError if it cannot be made."""
    return make_private(data_folder())


def make_private(folder: Path) -> Path:
    """``folder``; if it was not there, made so that only its owner may enter it.

    On Windows it takes the rights of the folder above, which for the usual places are its owner's.
    SaveError if it cannot be made.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise _closed(folder, error) from error
    return folder


def sizes() -> dict[str, int]:
    """Bytes kept of each of `KINDS`; 0 where nothing is."""
    return {name: _bytes_in(kind.folder) for name, kind in KINDS.items()}


def delete(kinds: Iterable[str]) -> tuple[Path, ...]:
    """Delete all that is kept of some of `KINDS`; what could not be deleted.

    What another window has in use (see `is_locked`) is left. Folders that become empty go, too.
    Links are removed and not followed.
    """
    left: list[Path] = []
    for name in kinds:
        for parent, folders, files in os.walk(KINDS[name].folder, topdown=False):
            here = Path(parent)
            links = [folder for folder in folders if (here / folder).is_symlink()]
            left.extend(here / file for file in [*files, *links] if not _is_deleted(here / file))
            with suppress(OSError):  # something is left in it
                here.rmdir()
    return tuple(left)


def _is_deleted(path: Path) -> bool:
    try:
        if not path.is_symlink() and is_locked(path):
            return False
        path.unlink(missing_ok=True)
    except OSError:
        return False
    return True


def _closed(folder: Path, error: OSError) -> SaveError:
    return SaveError(
        f"The folder {folder} cannot be made or closed to others: {error.strerror or error}. Check "
        f"its permissions and the free space, or name another data folder in the environment "
        f"variable {DATA_VARIABLE}."
    )


def _bytes_in(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # deleted meanwhile
                total += (Path(parent) / name).lstat().st_size
    return total
