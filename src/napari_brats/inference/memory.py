"""How much memory there is for a pass, and whether an error means that there was not enough."""

from __future__ import annotations

import math
from pathlib import Path

BYTES_PER_VOXEL = 90
"""What a pass of the bundled network takes beside its input, measured: docs/performance.md."""

_GROUPS = Path("/sys/fs/cgroup")
_MEMINFO = Path("/proc/meminfo")
_WORDS = (
    "out of memory",
    "not enough memory",
    "can't allocate memory",
    "bad_alloc",
    "bad allocation",
    "could not create a memory object",
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
    """What the limits of version 1 or 2 leave, as seen in a container's own root."""
    left = math.inf
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        try:
            most = (_GROUPS / limit).read_text().strip()
            if most != "max":
                left = min(left, int(most) - int((_GROUPS / used).read_text()))
        except (OSError, ValueError):
            continue
    return left
