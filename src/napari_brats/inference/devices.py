"""Where a network can run: the CPU, an NVIDIA GPU, or an Apple GPU."""

from __future__ import annotations

import re

from napari_brats.core.errors import JobError

DEVICE_PATTERN = re.compile(r"auto|cpu|mps|cuda(:\d+)?")


def available_devices() -> tuple[str, ...]:
    """What this machine has, the fastest first, e.g. ``("cuda:0", "cpu")``."""
    import torch

    found = [f"cuda:{i}" for i in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        found.append("mps")
    return (*found, "cpu")


def resolve_device(name: str) -> str:
    """The device that ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps`` means here.

    JobError if the name is none of these or this machine lacks the device.
    """
    if not DEVICE_PATTERN.fullmatch(name):
        raise JobError(
            f"'{name}' is not a device. Expected auto, cpu, cuda, cuda:N (N a number) or mps."
        )
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
    import torch

    device = resolve_device(name)
    if device.startswith("cuda"):
        return f"{device} ({torch.cuda.get_device_name(device)})"
    if device == "cpu":
        threads = torch.get_num_threads()
        return f"cpu ({threads} thread{'s' if threads > 1 else ''})"
    return f"{device} (Apple GPU)"
