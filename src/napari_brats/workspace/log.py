"""The log file for what nobody foresaw; everything foreseen is told in words where it happens."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from napari_brats.core.errors import SaveError
from napari_brats.workspace.folders import KINDS, make_data_folder, make_private
from napari_brats.workspace.redact import redact

LOGGER = logging.getLogger("napari_brats")
MAX_BYTES, FILES = 1_000_000, 3


def log_path() -> Path:
    """The log file of this user; it need not exist."""
    return KINDS["logs"].folder / "log.txt"


def log_unforeseen(error: BaseException) -> str:
    """Write ``error`` with its traceback to the log; where that is, in words."""
    words = start_log()
    LOGGER.error("Unforeseen error", exc_info=error)
    return words


def start_log() -> str:
    """Write warnings and errors of this package to the log from now on; where that is, in words."""
    path = log_path()
    try:
        _open_log(path)
    except (OSError, SaveError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        return f"The log {path} cannot be written ({reason}); see the terminal instead."
    return f"Details were written to {path}."


def stop_log() -> None:
    """Close the log, so that its folder can be deleted; the next error opens it again."""
    for handler in _handlers():
        LOGGER.removeHandler(handler)
        handler.close()


def last_errors(lines: int = 60) -> str:
    """The end of the log; empty where there is none."""
    try:
        text = log_path().read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


class _Discreet(logging.Formatter):
    """Leaves out what may tell of a patient, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        """One entry of the log."""
        return redact(super().format(record))


def _handlers() -> list[RotatingFileHandler]:
    return [h for h in LOGGER.handlers if isinstance(h, RotatingFileHandler)]


def _open_log(path: Path) -> None:
    if any(Path(handler.baseFilename) == path.absolute() for handler in _handlers()):
        return
    stop_log()
    make_data_folder()
    make_private(path.parent)
    path.touch(mode=0o600)
    handler = RotatingFileHandler(
        path, maxBytes=MAX_BYTES, backupCount=FILES - 1, encoding="utf-8", delay=True
    )
    handler.setFormatter(_Discreet("%(asctime)s %(levelname)s %(message)s"))
    handler.setLevel(logging.WARNING)
    LOGGER.addHandler(handler)
