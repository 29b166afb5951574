"""Where the files of this user lie that belong to no case: one rule per system, in one place."""

from __future__ import annotations

import os
import sys
from pathlib import Path

CACHE_VARIABLE = "NAPARI_BRATS_CACHE"
"""The environment variable that says where prepared cases lie, if not at the usual place."""

_PROGRAM = "napari-brats"


def user_data(variable: str, *parts: str) -> Path:
    """The folder in the environment variable ``variable``, else ``napari-brats/<parts>``.

    The latter lies where the system keeps the data of programs: ``$XDG_DATA_HOME``
    (``~/.local/share``) on Linux, ``~/Library/Application Support`` on macOS, ``%LOCALAPPDATA%`` on
    Windows. It need not exist.
    """
    return _place(
        variable,
        parts,
        linux=os.environ.get("XDG_DATA_HOME") or "~/.local/share",
        macos="~/Library/Application Support",
    )


def cache_folder() -> Path:
    """Where prepared cases lie; it need not exist.

    The folder in the environment variable `CACHE_VARIABLE`, else ``napari-brats/cases`` where the
    system keeps what programs can make anew: ``$XDG_CACHE_HOME`` (``~/.cache``) on Linux,
    ``~/Library/Caches`` on macOS, ``%LOCALAPPDATA%`` on Windows.
    """
    return _place(
        CACHE_VARIABLE,
        ("cases",),
        linux=os.environ.get("XDG_CACHE_HOME") or "~/.cache",
        macos="~/Library/Caches",
    )


def _place(variable: str, parts: tuple[str, ...], *, linux: str, macos: str) -> Path:
    if chosen := os.environ.get(variable):
        return Path(chosen).expanduser()
    base = linux
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        base = macos
    return Path(base).expanduser().joinpath(_PROGRAM, *parts)
