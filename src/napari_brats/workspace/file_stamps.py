"""Whether a file is still what it was when it was opened."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True)
class FileStamp:
    """A file as it was: its size in bytes, its date, and its SHA-256 once that was taken."""

    size: int
    modified_ns: int
    sha256: str | None = None


def stamp_of(path: Path) -> FileStamp | None:
    """The stamp of a file without its SHA-256, in no time; None if it is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return FileStamp(found.st_size, found.st_mtime_ns)


def with_digest(path: Path, stamp: FileStamp) -> FileStamp:
    """The stamp with the SHA-256 of the file, which is read whole.

    Without one if the file cannot be read, or is no longer what the stamp says.
    """
    digest = _sha256(path)
    return replace(stamp, sha256=digest) if stamp_of(path) == replace(stamp, sha256=None) else stamp


def has_changed(path: Path, stamp: FileStamp) -> bool:
    """Whether a file is no longer what it was.

    One of another date only, whose size and SHA-256 are the same, is the same; one that was deleted
    has changed.
    """
    now = stamp_of(path)
    if now is None or now.size != stamp.size:
        return True
    if now.modified_ns == stamp.modified_ns:
        return False
    return stamp.sha256 is None or _sha256(path) != stamp.sha256


def _sha256(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
