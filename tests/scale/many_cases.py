"""Small cases and a small network on disk, and the command line on them in processes of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

SHAPE = (40, 44, 36)
BUNDLE = "small"


def write_cases(folder: Path, count: int) -> Path:
    """Cases ``c0``, ``c1``, ... in BraTS naming: noise in a box of brain, a bright spot in it."""
    rng = np.random.default_rng(0)
    for number in range(count):
        case = folder / f"c{number}"
        case.mkdir(parents=True)
        for modality in ("t1n", "t1c", "t2w", "t2f"):
            data = np.zeros(SHAPE, np.int16)
            data[4:-4, 4:-4, 4:-4] = rng.integers(200, 400, [n - 8 for n in SHAPE])
            data[9:19, 9:19, 9:19] += 200
            image = nib.Nifti1Image(data, np.diag([-1, -1, 1, 1]))
            image.to_filename(case / f"c{number}-{modality}.nii.gz")
    return folder


def write_references(folder: Path, count: int) -> Path:
    """Label maps of those cases: the bright spot is oedema."""
    folder.mkdir()
    for number in range(count):
        labels = np.zeros(SHAPE, np.uint8)
        labels[9:19, 9:19, 9 : 19 + number] = 2
        image = nib.Nifti1Image(labels, np.diag([-1, -1, 1, 1]))
        image.to_filename(folder / f"c{number}-seg.nii.gz")
    return folder


def write_bundle(folder: Path) -> Path:
    """A U-Net of two levels with random weights; the path of its card."""
    import torch

    from napari_brats.models.bundle import save_bundle
    from napari_brats.models.card import Card
    from napari_brats.models.networks import build_network

    arguments = {"in_channels": 4, "out_channels": 3, "widths": [4, 8], "stem_stride": 2}
    torch.manual_seed(0)
    card = Card(BUNDLE, "A small network for tests", "unet3d", arguments, sha256="")
    save_bundle(build_network("unet3d", arguments), card, folder)
    return folder / f"{BUNDLE}.json"


def environment() -> dict[str, str]:
    """One thread per process, so that all have as many."""
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}


def start(*arguments: object) -> subprocess.Popen[str]:
    """A process that runs the command line."""
    command = [sys.executable, "-m", "napari_brats", *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, env=environment(), text=True, **pipes)


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The command line, run to its end."""
    process = start(*arguments)
    try:
        out, err = process.communicate(timeout=300)
    finally:
        process.kill()
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)


def volumes_in(folder: Path) -> dict[str, bytes]:
    """The bytes of each volume of a run, by name."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.nii.gz"))}


def wait_until(condition: Callable[[], object], process: subprocess.Popen[Any]) -> None:
    """Until ``condition`` holds; AssertionError once ``process`` has ended, or after minutes."""
    end = time.monotonic() + 300
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def segment_arguments(cases: Path, card: Path, output: Path) -> Sequence[object]:
    """Of ``segment`` for all cases, on the CPU."""
    return ("segment", cases, "--output", output, "--bundle", card, "--device", "cpu")
