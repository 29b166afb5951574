"""Writing a file so that, whatever happens, either the old or the new one stands there whole."""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

from napari_brats.core.errors import SaveError


def write_atomically(
    path: Path,
    payload: bytes,
    *,
    overwrite: bool = False,
    backup: bool = False,
    private: bool = False,
) -> None:
    """Write ``payload`` to ``path`` by way of a temporary file in the same folder.

    Parameters
    ----------
    path
        Its folder must exist.
    payload
        The whole content.
    overwrite
        Replace a file that is there.
    backup
        Replace it too, but keep it as ``<name>.bak`` (``.bak2``, ... if that exists). The suffix
        keeps image readers and folder searches from taking it for a second label map.
    private
        Nobody but this user may read the new file, whatever its former one allowed.

    Raises
    ------
    SaveError
        If the file exists and neither was given, the folder is missing or closed for writing, or
        the disk is full. What stood there is then unharmed.
    """
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.part")
    try:
        _refuse_existing(path, overwrite or backup)
        _write_and_sync(temporary, payload, private)
        _refuse_existing(path, overwrite or backup)  # it may have appeared meanwhile
        if path.exists() and not private:
            shutil.copymode(path, temporary)
        _rename(temporary, path, backup=backup)
        _sync_folder(path.parent)
    except OSError as error:
        raise _failed(path, error) from error
    finally:
        with suppress(OSError):  # it is gone after a success, and out of reach after some failures
            temporary.unlink()


def backup_name(path: Path) -> Path:
    """Where the former file is kept: ``<name>.bak``, with a number if that name is taken."""
    number = 1
    while True:
        candidate = path.with_name(f"{path.name}.bak{number if number > 1 else ''}")
        if not candidate.exists():
            return candidate
        number += 1


def _rename(temporary: Path, path: Path, *, backup: bool) -> None:
    kept = _keep(path) if backup and path.exists() else None
    try:
        temporary.replace(path)
    except OSError:
        if kept is not None:
            kept.unlink()
        raise


def _keep(path: Path) -> Path:
    """A second name for the file as it is; a copy where the disk knows no hard links."""
    name = backup_name(path)
    try:
        os.link(path, name)
    except OSError:
        shutil.copy2(path, name)
    return name


def _refuse_existing(path: Path, allowed: bool) -> None:
    if path.is_dir():
        raise SaveError(f"{path} is a folder. Expected a file name. Choose another name.")
    if path.exists() and not allowed:
        raise SaveError(
            f"{path} exists already and is left as it is. Choose another name, or agree to replace "
            f"it (command line: --overwrite)."
        )


def _write_and_sync(path: Path, payload: bytes, private: bool) -> None:
    with path.open("xb") as file:
        if private:
            path.chmod(0o600)
        file.write(payload)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power cut; Windows has no such call for folders."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError:  # some network disks refuse; the file itself is synced already
        return
    finally:
        os.close(handle)


def _failed(path: Path, error: OSError) -> SaveError:
    reason = error.strerror or str(error)
    if not path.parent.is_dir():
        return SaveError(
            f"{path} was not saved: the folder {path.parent} does not exist. "
            f"Make it, or choose another one."
        )
    return SaveError(
        f"{path} was not saved: {reason}. What stood there before is unharmed. "
        f"Check free space and permissions of {path.parent}, or save to another folder."
    )
