"""The log file for what nobody foresaw; everything foreseen is told in words where it happens."""

from __future__ import annotations

import logging
from functools import cache
from logging.handlers import RotatingFileHandler
from pathlib import Path

from qtpy.QtCore import QStandardPaths

LOGGER = logging.getLogger("napari_brats")


def log_path() -> Path:
    """Where unforeseen errors are written (the file may not exist yet)."""
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericDataLocation)
    return Path(folder) / "napari-brats" / "log.txt"


def log_unforeseen(error: BaseException) -> str:
    """Write ``error`` with its traceback to the log; where that is, in words."""
    path = log_path()
    words = f"Details were written to {path}."
    try:
        _open_log(path)
    except OSError as problem:
        words = f"The log {path} cannot be written ({problem.strerror}); see the terminal instead."
    LOGGER.error("Unforeseen error", exc_info=error)
    return words


@cache
def _open_log(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(path, maxBytes=1_000_000, backupCount=2, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    LOGGER.addHandler(handler)
