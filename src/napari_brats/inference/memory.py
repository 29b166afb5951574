"""How much memory there is for a pass, and whether an error means that there was not enough."""

from __future__ import annotations

import math
from contextlib import suppress
from pathlib import Path

BYTES_PER_VOXEL = 160
"""Room to ask for, per voxel that the network looks at: a pass of the bundled one takes 125 with
OpenVINO, copies of input and output included (measured, see docs/performance.md)."""

_MEMINFO = Path("/proc/meminfo")
_OWN_GROUPS = Path("/proc/self/cgroup")
_GROUPS = Path("/sys/fs/cgroup")
_FILES = {
    "": ("memory.max", "memory.current"),
    "memory": ("memory.limit_in_bytes", "memory.usage_in_bytes"),
}
"""By the controller that ``/proc/self/cgroup`` names (none in version 2): the limit and the use."""

_WORDS = (
    "out of memory",
    "not enough memory",
    "can't alloc",
    "bad_alloc",
    "bad allocation",
    "could not create a memory object",
    "failed to allocate",
    "cannot allocate memory",
    "failed to map segment",
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out: torch and OpenVINO tell so in words only, on the CPU."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return any(words in str(error).lower() for words in _WORDS)


def available_bytes() -> float:
    """Memory that this process may still take; infinite where the system does not tell.

    What Linux has, and what the limit of its group (a container, a cluster's job) leaves: beyond
    that one a process is killed without a word, so nobody may wait for an error.
    """
    return min(_system_bytes(), _group_bytes())


def _system_bytes() -> float:
    try:
        lines = _MEMINFO.read_text().splitlines()
    except OSError:
        return math.inf
    kilobytes = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(kilobytes[0]) * 1024 if kilobytes else math.inf


def _group_bytes() -> float:
    """What the limits of this process's group, and of those it lies in, leave."""
    try:
        lines = _OWN_GROUPS.read_text().splitlines()
    except OSError:
        return math.inf
    left = math.inf
    for line in lines:
        _, controllers, place = line.split(":", 2)
        for controller in controllers.split(","):
            if controller in _FILES:
                left = min(left, _left_in(_GROUPS / controller, place, *_FILES[controller]))
    return left


def _left_in(root: Path, place: str, limit: str, use: str) -> float:
    """The least that any group from ``place`` up leaves; in a container, only ``root`` is seen."""
    left = math.inf
    inner = root / place.lstrip("/")
    for folder in (inner, *inner.parents):
        with suppress(OSError, ValueError):  # not there, or "max"
            left = min(left, int((folder / limit).read_text()) - int((folder / use).read_text()))
        if folder == root:
            break
    return left
