"""A lock between processes, on network folders too: a file that only one of them can make."""

from __future__ import annotations

import os
import random
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from napari_brats.core.errors import SaveError

PATIENCE_S = 20.0
"""So long is waited for others; a change takes a few milliseconds."""

ABANDONED_S = 5.0
"""A lock that stayed the same for so long was left behind by a process that died."""


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of the file ``path``; no other process holds it meanwhile.

    The lock is the hidden file ``.<name>.lock`` beside it, gone afterwards. One that a killed
    process left is taken away after `ABANDONED_S`, as the waiting process's own clock tells.

    Raises
    ------
    SaveError
        If the folder cannot be written to, or others kept the lock for `PATIENCE_S`.
    """
    lock = path.with_name(f".{path.name}.lock")
    _acquire(lock, path)
    try:
        yield
    finally:
        with suppress(OSError):
            lock.unlink()


def _acquire(lock: Path, path: Path) -> None:
    begun_s = time.monotonic()
    seen: tuple[int, int] | None = None
    since_s = begun_s
    while not _make(lock, path):
        now_s = time.monotonic()
        identity = _identity(lock)
        if identity != seen:
            seen, since_s = identity, now_s
        elif seen is not None and now_s - since_s > ABANDONED_S:
            _take_away(lock)
        elif now_s - begun_s > PATIENCE_S:
            raise SaveError(
                f"{path} was not changed: others have kept its lock {lock.name} for "
                f"{PATIENCE_S:.0f} s. Try again; delete the lock if nobody else works there."
            )
        time.sleep(random.uniform(0.002, 0.02))


def _make(lock: Path, path: Path) -> bool:
    """Whether the lock could be made; SaveError if it never can."""
    try:
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except FileExistsError:
        return False
    except PermissionError as error:
        if os.name == "nt" and lock.exists():  # Windows says so while another one deletes it
            return False
        raise _refused(path, error) from error
    except OSError as error:
        raise _refused(path, error) from error
    return True


def _refused(path: Path, error: OSError) -> SaveError:
    return SaveError(
        f"{path} cannot be changed: {error.strerror or error}. Check that you may write to "
        f"{path.parent} and that its disk has space left."
    )


def _identity(lock: Path) -> tuple[int, int] | None:
    try:
        status = lock.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def _take_away(lock: Path) -> None:
    """Rename first: of several that wait, one alone succeeds."""
    aside = lock.with_name(f"{lock.name}.{secrets.token_hex(4)}")
    with suppress(OSError):
        lock.rename(aside)
        aside.unlink()
