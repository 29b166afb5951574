"""A file that only grows, by whole records, and is locked while it does."""

from __future__ import annotations

import os
import time
import weakref
from pathlib import Path

from napari_brats.core.errors import SaveError
from napari_brats.workspace.locks import lock

SYNC_EVERY_S = 5.0


class JournalFile:
    """A new file of this user's alone, that begins with ``head``.

    SaveError, and no file, if the disk does not take it.
    """

    def __init__(self, path: Path, head: bytes) -> None:
        self.path = path
        self.size = 0
        self.first_size = len(head)
        self.is_sound = True
        """Whether the file ends with a whole record, so that more can follow."""
        self._synced_s = 0.0
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        try:
            self._descriptor = os.open(path, flags, 0o600)
        except OSError as error:
            raise _failed(path, error) from error
        self._finalizer = weakref.finalize(self, os.close, self._descriptor)
        lock(self._descriptor)
        try:
            self.append(head)
        except SaveError:
            self.close()
            path.unlink(missing_ok=True)
            raise

    @property
    def is_gone(self) -> bool:
        """Whether somebody deleted it, so that what is appended is lost."""
        return os.fstat(self._descriptor).st_nlink == 0

    def append(self, record: bytes) -> None:
        """Add a record, which then outlives this process; a power cut may cost `SYNC_EVERY_S`.

        SaveError if the disk does not take it; what stood there before is then unharmed.
        """
        try:
            _write(self._descriptor, record)
            if time.monotonic() - self._synced_s > SYNC_EVERY_S:
                os.fsync(self._descriptor)  # may take long on a busy disk
                self._synced_s = time.monotonic()
        except OSError as error:
            self._take_back()
            raise _failed(self.path, error) from error
        self.size += len(record)

    def close(self) -> None:
        """Let go of the file."""
        self._finalizer()

    def _take_back(self) -> None:
        try:
            os.ftruncate(self._descriptor, self.size)
            os.lseek(self._descriptor, self.size, os.SEEK_SET)
        except OSError:
            self.is_sound = False


def _write(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _failed(path: Path, error: OSError) -> SaveError:
    return SaveError(
        f"Edits cannot be kept safe in {path.parent}: {error.strerror or error}. Painting goes on, "
        f"but a crash would cost all edits since the last save. Check free space and permissions "
        f"there, and save now."
    )
