"""Whether a window can be opened here."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import sys


def reason_for_none() -> str:
    """Why no window can be opened, in words; empty if one can."""
    if not sys.platform.startswith("linux") or os.environ.get("WAYLAND_DISPLAY"):
        return ""
    display = os.environ.get("DISPLAY")
    if not display:
        return "neither DISPLAY nor WAYLAND_DISPLAY is set."
    if not _x11_answers():
        return f"DISPLAY is {display}, but no X server answers there."
    return ""


def _x11_answers() -> bool:
    """Whether the X server of DISPLAY answers; a dead one would make Qt abort the program."""
    name = ctypes.util.find_library("X11")
    if name is None:
        return True  # cannot be asked; Qt will tell
    x11 = ctypes.CDLL(name)
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XCloseDisplay.argtypes = [ctypes.c_void_p]
    connection = x11.XOpenDisplay(None)
    if connection:
        x11.XCloseDisplay(connection)
    return bool(connection)
