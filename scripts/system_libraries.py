"""The system libraries that Qt and OpenGL need on Linux, and how to get those that are missing."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping

LIBRARIES: Mapping[str, str] = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libOpenGL.so.0": "libopengl0",
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xinerama.so.0": "libxcb-xinerama0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
}
"""Shared library -> the Debian/Ubuntu package that holds it."""

VIRTUAL_SCREEN_PACKAGES = ("xvfb", "libgl1-mesa-dri")
"""The virtual screen, and the software renderer for the OpenGL on it."""


def provide(*, screen_needed: bool) -> str:
    """Install what is missing where we may; else what to type, in words. Empty: all is there.

    Parameters
    ----------
    screen_needed
        Whether the virtual screen (Xvfb) is needed as well.
    """
    if not sys.platform.startswith("linux"):
        return ""
    libraries, packages = _missing(screen_needed)
    if not packages:
        return ""
    if shutil.which("apt-get") and os.geteuid() == 0:
        print("Installing system packages:", " ".join(packages), flush=True)
        _apt_get("update", "--quiet")
        _apt_get("install", "--yes", "--quiet", "--no-install-recommends", *packages)
        libraries, packages = _missing(screen_needed)
    return how_to_install(libraries, packages) if packages else ""


def how_to_install(libraries: Iterable[str], packages: Iterable[str]) -> str:
    """The exact line to type on this distribution.

    Parameters
    ----------
    libraries
        The missing shared libraries, for distributions whose tool finds a package by them.
    packages
        The missing packages by their Debian names.
    """
    sonames = " ".join(f"'{name}()(64bit)'" for name in libraries)
    virtual_screen = "xvfb" in packages
    lines = {
        "apt-get": f"sudo apt-get install --yes {' '.join(packages)}",
        "dnf": f"sudo dnf install {sonames} {'xorg-x11-server-Xvfb' * virtual_screen}",
        "zypper": f"sudo zypper install {sonames} {'xorg-x11-server-Xvfb' * virtual_screen}",
    }
    for tool, line in lines.items():
        if shutil.which(tool):
            return f"System packages are missing. Type this, then try again:\n  {line.rstrip()}"
    names = [*libraries, *(["Xvfb"] * virtual_screen)]
    return "Install the system packages that hold these, then try again: " + ", ".join(names)


def _missing(screen_needed: bool) -> tuple[list[str], list[str]]:
    """The missing shared libraries, and the missing packages by their Debian names."""
    libraries = [name for name in LIBRARIES if not _loads(name)]
    packages = {LIBRARIES[name]: None for name in libraries}  # a dict keeps order, drops repeats
    if screen_needed and shutil.which("Xvfb") is None:
        packages.update(dict.fromkeys(VIRTUAL_SCREEN_PACKAGES))
    return libraries, list(packages)


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _apt_get(*arguments: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", *arguments], check=True, env=environment)
