"""Bounded listing of folders, and the number of channels of a file from its header."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from napari_brats.core.errors import BratsError, CaseError
from napari_brats.io.names import is_image_name

MAX_DEPTH = 6
MAX_ENTRIES = 200_000


def is_folder(path: Path) -> bool:
    """Whether ``path`` is a folder; False for what no path can be (`Path.is_dir` raises there)."""
    return os.path.isdir(path)  # noqa: PTH112


def is_file(path: Path) -> bool:
    """Whether ``path`` is a file; False for what no path can be."""
    return os.path.isfile(path)  # noqa: PTH113


def image_files(
    folder: Path,
    *,
    max_depth: int = MAX_DEPTH,
    max_entries: int = MAX_ENTRIES,
    per_folder: int | None = None,
    descend: Callable[[str], bool] = lambda name: True,
) -> Iterator[Path]:
    """The image files in ``folder`` and below, nearest first; hidden ones are left out.

    Folders that cannot be read are passed over, except ``folder`` itself.

    Parameters
    ----------
    per_folder
        Look at this many entries of each folder only; None for all of them.
    descend
        Whether to look into a sub-folder of that name.

    Raises
    ------
    CaseError
        If ``folder`` cannot be read, or more than ``max_entries`` names were met.
    """
    waiting = deque([(folder, 0)])
    seen: set[tuple[int, int]] = set()
    met = 0
    while waiting:
        here, depth = waiting.popleft()
        for entry in _entries(here, per_folder or max_entries + 1, must_work=depth == 0):
            met += 1
            if met > max_entries:
                raise CaseError(
                    f"{folder} holds more than {max_entries} files and folders. "
                    f"Expected a case or a folder of cases; choose a folder nearer to the images."
                )
            if _is_folder(entry):
                if depth < max_depth and descend(entry.name) and _is_new(entry, seen):
                    waiting.append((Path(entry.path), depth + 1))
            elif is_image_name(entry.name):
                yield Path(entry.path)


def _entries(folder: Path, limit: int, *, must_work: bool) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as listing:
            return sorted(
                (e for e in islice(listing, limit) if not e.name.startswith((".", "__MACOSX"))),
                key=lambda entry: entry.name,
            )
    except (OSError, ValueError) as error:
        if must_work:
            raise CaseError(
                f"The folder {folder} cannot be read: {error}. "
                f"Check that it exists and that you may read it."
            ) from error
        return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_new(entry: os.DirEntry[str], seen: set[tuple[int, int]]) -> bool:
    """Whether a folder was not met before; links may lead in circles."""
    try:
        status = Path(entry.path).stat()
    except OSError:
        return False
    identity = (status.st_dev, status.st_ino)
    if status.st_ino and identity in seen:
        return False
    seen.add(identity)
    return True


def channel_count(path: Path) -> int:
    """The number of channels of an image file, from its header; 1 for a 3-D one.

    Also 1 for what is no readable image: reading it will say why.
    """
    from napari_brats.io.nifti import read_grid

    try:
        return read_grid(path)[1]
    except BratsError:
        return 1
