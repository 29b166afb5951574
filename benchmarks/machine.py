"""What the figures were measured on: processor, memory, system and versions; no names of hosts."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def machine() -> str:
    """Processor, cores this process may use, memory and operating system in one line."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    parts = [_processor(), f"{cores} cores"]
    memory = _memory_gb()
    if memory:
        parts.append(f"{memory:.0f} GB RAM")
    return ", ".join([*parts, f"{platform.system()} {platform.machine()}"])


def load() -> str:
    """How busy the machine was before the run: the load average of the last minute, if told."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""


def versions(packages: Iterable[str]) -> str:
    """Python and the packages that are installed, with their versions."""
    told = [f"Python {'.'.join(map(str, sys.version_info[:3]))}"]
    for package in packages:
        try:
            told.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join(told)


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory_gb() -> float:
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return 0.0
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
