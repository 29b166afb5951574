"""Where a network can run: the CPU, an NVIDIA GPU, or an Apple GPU."""

from __future__ import annotations

import os
import platform
import re
import sys
from pathlib import Path

from napari_brats.core.errors import JobError

DEVICE_PATTERN = re.compile(r"auto|cpu|mps|cuda(:\d+)?")
_DRIVERS = ("nvidia[0-9]*", "kfd", "dxg")
"""In ``/dev``: of NVIDIA, of AMD, and of Windows' own GPU under WSL."""


def available_devices() -> tuple[str, ...]:
    """What this machine has, the fastest first, e.g. ``("cuda:0", "cpu")``.

    Imports torch, which takes seconds, only where `may_have_gpu`.
    """
    if not may_have_gpu():
        return ("cpu",)
    import torch

    found = [f"cuda:{i}" for i in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        found.append("mps")
    return (*found, "cpu")


def may_have_gpu(system: str = sys.platform, devices: Path = Path("/dev")) -> bool:
    """Whether a GPU's driver is to be seen, without which torch finds none either.

    macOS on Apple's processors always has one.
    """
    if system == "darwin":
        return platform.machine() == "arm64"
    if system == "win32":
        return (Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32/nvcuda.dll").exists()
    return any(any(devices.glob(driver)) for driver in _DRIVERS)


def cpu_threads() -> int:
    """How many threads a network gets on the CPU unless told otherwise.

    ``OMP_NUM_THREADS``, which clusters set for each job, else one per core this process may use.
    """
    told = os.environ.get("OMP_NUM_THREADS", "")
    if told.isdecimal() and int(told):
        return int(told)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads_beside_window() -> int:
    """As `cpu_threads`, but for one that a window keeps, where there are more than two."""
    threads = cpu_threads()
    return threads - 1 if threads > 2 else threads


def resolve_device(name: str) -> str:
    """The device that ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps`` means here.

    JobError if the name is none of these or this machine lacks the device.
    """
    if not DEVICE_PATTERN.fullmatch(name):
        raise JobError(
            f"'{name}' is not a device. Expected auto, cpu, cuda, cuda:N (N a number) or mps."
        )
    if name == "cpu":
        return name
    devices = available_devices()
    if name == "auto":
        return devices[0]
    wanted = "cuda:0" if name == "cuda" else name
    if wanted not in devices:
        raise JobError(
            f"Device '{name}' was asked for, but this machine has {', '.join(devices)} "
            f"(an NVIDIA GPU also needs a CUDA build of torch, see the README). "
            f"Choose one of these, or auto."
        )
    return wanted


def describe_device(name: str) -> str:
    """The device in words, e.g. ``cuda:0 (NVIDIA H200)`` or ``cpu (8 threads)``."""
    device = resolve_device(name)
    if device.startswith("cuda"):
        import torch

        return f"{device} ({torch.cuda.get_device_name(device)})"
    if device == "cpu":
        threads = cpu_threads()
        return f"cpu ({threads} thread{'s' if threads > 1 else ''})"
    return f"{device} (Apple GPU)"
