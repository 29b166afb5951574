"""Choosing the build of torch that fits the machine.

The default build for Linux brings several GB of CUDA libraries. Where there is no NVIDIA GPU, the
first of these that pip can install without any of them is taken: PyTorch's CPU index, what pip
finds anyway, and each older version that pip knows.
"""

from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CPU_INDEX = "https://download.pytorch.org/whl/cpu"
ANSWER_WITHIN_S = 5
VERSIONS_TO_TRY = 20
CUDA_PACKAGE = re.compile(r"(nvidia|cuda)[-_]", re.IGNORECASE)


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
    for arguments in _candidates(python, wanted):
        packages = _would_install(python, arguments)
        if packages is not None and not cuda_packages(packages):
            print(f"No NVIDIA GPU: CPU build of torch, pip install {' '.join(arguments)}")
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


def cuda_packages(packages: dict[str, str]) -> list[str]:
    """Those of ``packages`` (name -> version) that exist for CUDA only."""
    return [
        name
        for name, version in packages.items()
        if CUDA_PACKAGE.match(name) or (name == "torch" and "+cu" in version)
    ]


def known_versions(listing: str) -> list[str]:
    """The public versions in the output of ``pip index versions``, newest first, each once."""
    match = re.search(r"^Available versions: (.*)$", listing, re.MULTILINE)
    versions = match.group(1).split(",") if match else []
    return list(dict.fromkeys(version.strip().partition("+")[0] for version in versions))


def _candidates(python: Path, wanted: str) -> Iterator[list[str]]:
    if _answers(CPU_INDEX):
        yield [wanted, "--index-url", CPU_INDEX]
    yield [wanted]
    listing = _pip(python, "index", "versions", "torch")
    for version in itertools.islice(known_versions(listing.stdout), VERSIONS_TO_TRY):
        yield [f"{wanted},=={version}"]  # pip itself refuses a version outside our bounds


def _answers(index: str) -> bool:
    try:
        with urllib.request.urlopen(f"{index}/torch/", timeout=ANSWER_WITHIN_S) as page:
            return bool(page.status == 200)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


def _would_install(python: Path, arguments: list[str]) -> dict[str, str] | None:
    """Name -> version of what pip would install; None if it finds nothing that fits."""
    answer = _pip(python, "install", "--dry-run", "--quiet", "--report", "-", *arguments)
    if answer.returncode != 0:
        return None
    report: dict[str, Any] = json.loads(answer.stdout)
    found = (entry["metadata"] for entry in report["install"])
    return {metadata["name"]: metadata["version"] for metadata in found}


def _pip(python: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(python), "-m", "pip", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, capture_output=True, text=True)
