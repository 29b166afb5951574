"""What a bug report needs to know of this machine, and nothing of any patient."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from napari_brats import __version__
from napari_brats.workspace.folders import KINDS, sizes
from napari_brats.workspace.log import last_errors
from napari_brats.workspace.redact import redact
from napari_brats.workspace.settings import load_settings

PACKAGES = (
    "napari",
    "numpy",
    "scipy",
    "torch",
    "nibabel",
    "SimpleITK",
    "edt",
    "connected-components-3d",
    "scikit-image",
    "vispy",
    "PyQt5",
    "PyQt6",
    "qtpy",
    "superqt",
    "magicgui",
    "matplotlib",
)


def diagnostics(window: Mapping[str, str]) -> str:
    """Versions, machine, screen, settings, sizes of what is kept, last errors, as plain text.

    ``window`` is what only the window knows: device, screen, OpenGL.
    """
    parts = {
        "Program": {"napari-brats": __version__, "Python": platform.python_version()}
        | {name: found for name in PACKAGES if (found := _version(name))},
        "Machine": {
            "system": platform.platform(),
            "processor": f"{platform.machine()}, {os.cpu_count()} cores",
            **window,
        },
        "Settings": _settings(),
        "Kept data": {KINDS[name].title: f"{size:,} bytes" for name, size in sizes().items()},
    }
    text = "\n\n".join(
        f"## {title}\n" + "\n".join(f"{key}: {value}" for key, value in facts.items())
        for title, facts in parts.items()
    )
    return redact(f"{text}\n\n## Last errors\n{last_errors() or 'none'}\n")


def _settings() -> dict[str, str]:
    stored = load_settings()
    told = {key: json.dumps(value) for key, value in vars(stored.settings).items()}
    if stored.settings.editor:
        told["editor"] = "(set)"  # a person's name is nobody's business
    return told | {f"problem {n}": text for n, text in enumerate(stored.problems, 1)}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
