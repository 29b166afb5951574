"""Choosing the build of torch that fits the machine.

The default build for Linux brings several GB of CUDA libraries. Where there is no NVIDIA GPU, the
first of these that pip can install without any of them is taken: PyTorch's CPU index, what pip
finds anyway, and each older version that pip knows.
"""

from __future__ import annotations

import json
import platform
import re
import shutil
import subprocess
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CPU_INDEX = "https://download.pytorch.org/whl/cpu"
ANSWER_WITHIN_S = 5
SEARCH_FOR_S = 60
"""How long older versions are looked through. An index that tells requirements apart from the
files answers within a second each; another makes pip download the file, 900 MB, to read them."""

CUDA_PACKAGE = re.compile(r"(nvidia|cuda)[-_]", re.IGNORECASE)
Metadata = dict[str, Any]


def requirement(pyproject: Path) -> str:
    """The line on torch in the dependencies of ``pyproject``, e.g. ``torch>=2.4,<2.14``."""
    dependencies: list[str] = tomllib.loads(pyproject.read_text())["project"]["dependencies"]
    return next(line for line in dependencies if re.match(r"torch\b", line))


def is_installed(python: Path) -> bool:
    """Whether the environment of ``python`` has a torch, whichever build it is."""
    probe = "import importlib.metadata as m; m.version('torch')"
    return subprocess.run([str(python), "-c", probe], capture_output=True).returncode == 0


def choose(python: Path, wanted: str) -> list[str]:
    """The arguments for ``pip install`` that bring the right build of torch.

    Parameters
    ----------
    python
        The interpreter into whose environment torch goes.
    wanted
        The requirement with its bounds.
    """
    if has_nvidia_gpu():
        print("NVIDIA GPU found: taking pip's default build of torch.", flush=True)
        return [wanted]
    print("No NVIDIA GPU: looking for a CPU build of torch.", flush=True)
    for arguments in _candidates(python, wanted):
        metadata = _would_install(python, arguments)
        if metadata is not None and not needs_cuda(metadata):
            return arguments
    print("No build of torch without CUDA was found; taking pip's default, several GB large.")
    return [wanted]


def has_nvidia_gpu() -> bool:
    """Whether NVIDIA's driver is loaded or its tool lists a GPU."""
    if Path("/proc/driver/nvidia/version").exists():
        return True
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return False
    listing = subprocess.run([tool, "--list-gpus"], capture_output=True, text=True)
    return listing.returncode == 0 and "GPU" in listing.stdout


def needs_cuda(metadata: Metadata) -> bool:
    """Whether a build of torch with this ``metadata`` brings CUDA libraries to this machine."""
    if "+cu" in metadata["version"]:
        return True
    lines: list[str] = metadata.get("requires_dist", [])
    return any(CUDA_PACKAGE.match(line) and _counts_here(line) for line in lines)


def _counts_here(line: str) -> bool:
    """Whether a requirement such as ``x; platform_system == "Linux"`` is for this machine."""
    here = {"platform_system": platform.system(), "platform_machine": platform.machine()}
    named = re.findall(r"(platform_system|platform_machine) == [\"'](\w+)[\"']", line)
    return "extra ==" not in line and all(here[what] == value for what, value in named)


def known_versions(listing: str) -> list[str]:
    """The versions in the output of ``pip index versions``: CPU builds first, then newest first."""
    match = re.search(r"^Available versions: (.*)$", listing, re.MULTILINE)
    versions = [version.strip() for version in match.group(1).split(",")] if match else []
    return sorted(versions, key=lambda version: not version.endswith("+cpu"))


def _candidates(python: Path, wanted: str) -> Iterator[list[str]]:
    if _answers(CPU_INDEX):
        yield [wanted, "--index-url", CPU_INDEX]
    yield [wanted]
    listing = _pip(python, "index", "versions", "torch")
    stop_at = time.monotonic() + SEARCH_FOR_S
    for version in known_versions(listing.stdout):
        if time.monotonic() > stop_at:
            return
        yield [f"{wanted},=={version}"]  # pip itself refuses a version outside our bounds


def _answers(index: str) -> bool:
    try:
        with urllib.request.urlopen(f"{index}/torch/", timeout=ANSWER_WITHIN_S) as page:
            return bool(page.status == 200)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


def _would_install(python: Path, arguments: list[str]) -> Metadata | None:
    """The metadata of the torch that pip would install; None if it finds none that fits."""
    dry_run = ("install", "--dry-run", "--quiet", "--no-deps", "--ignore-installed")
    answer = _pip(python, *dry_run, "--report", "-", *arguments)
    if answer.returncode != 0:
        return None
    report: Metadata = json.loads(answer.stdout)["install"][0]["metadata"]
    return report


def _pip(python: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(python), "-m", "pip", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, capture_output=True, text=True)
