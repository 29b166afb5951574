"""Whether some window still has a file in use; a lock goes with its process, however that ends."""

from __future__ import annotations

import errno
import sys
from pathlib import Path

_TAKEN = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK)
_FAR = 1 << 40
"""Windows locks bytes and not files: one that no file reaches, so that all others can be read."""


def lock(descriptor: int) -> bool:
    """Take an open file for oneself until it is closed; False if another one has it.

    Where the disk knows no locks (some network disks), nothing ever counts as taken.
    """
    try:
        _lock(descriptor)
    except OSError as error:
        return error.errno not in _TAKEN
    return True


def is_locked(path: Path) -> bool:
    """Whether another window, or this one, has taken the file; False if it is not there."""
    try:
        with path.open("rb+") as file:
            return not lock(file.fileno())
    except FileNotFoundError:
        return False
    except OSError:  # may not be opened: it is somebody else's
        return True


if sys.platform == "win32":
    import msvcrt
    import os

    def _lock(descriptor: int) -> None:
        place = os.lseek(descriptor, 0, os.SEEK_CUR)
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        finally:
            os.lseek(descriptor, place, os.SEEK_SET)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
