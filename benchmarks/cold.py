"""`napari-brats segment CASE` as a whole process beside MONAI's sliding window, start to exit.

    python benchmarks/cold.py CASE [--repeats 3] [--peer-repeats 1] [--without-peers]

The peers (`monai_peer.py`) need minutes each. Masks of our network in MONAI's windows and in ours
are compared with each other, and with the reference where the case has one. Memory is the largest
resident set that the system saw of the process. Set OMP_NUM_THREADS to 2 to measure two cores of a
larger machine; OpenVINO and torch both follow it.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import nibabel as nib
import numpy as np
from rows import AT_LEAST, AT_MOST, TIMES_FASTER, Goal, Row, report

from napari_brats.core.labels import REGIONS, LabelMap, region_mask
from napari_brats.core.progress import drain
from napari_brats.inference.engine import load_for
from napari_brats.inference.preprocess import prepare_image
from napari_brats.io.discover import discover
from napari_brats.io.load import load_case
from napari_brats.models.bundle import load_bundle

PEER = Path(__file__).with_name("monai_peer.py")
LARGE_ML = 5.0


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("case", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--peer-repeats", type=int, default=1)
    parser.add_argument("--without-peers", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        whole_processes(arguments, Path(folder))
    warm_network(arguments.case, max(3, arguments.repeats))


def whole_processes(arguments: argparse.Namespace, folder: Path) -> None:
    """Ours and the peers in turn, and what they made."""
    case = arguments.case
    command = "import sys; from napari_brats.cli import main; main()"
    ours = [sys.executable, "-c", command, "segment", str(case), "--device", "cpu"]
    ours += ["--convention", "brats2023", "--overwrite", "--output", str(folder)]
    run(ours)  # files in the system's cache and byte code made, for all alike
    peers: dict[str, list[float]] = {"plain": [], "ours": []}
    seconds, megabytes = [], []
    for turn in range(
        max(arguments.repeats, 0 if arguments.without_peers else arguments.peer_repeats)
    ):
        if turn < arguments.repeats:
            took_s, peak_mb = run(ours)
            seconds.append(took_s)
            megabytes.append(peak_mb)
        if turn < arguments.peer_repeats and not arguments.without_peers:
            for network, found in peers.items():
                mask = folder / f"{network}.nii.gz"
                peer = [sys.executable, str(PEER), str(case), "--output", str(mask)]
                found.append(run([*peer, "--network", network])[0])
    name = "segment CASE on the CPU, cold process"
    report(Row(name, seconds, Goal(AT_MOST, 8)))
    report(Row("its peak memory", megabytes, Goal(AT_MOST, 2000), unit="MB"))
    if arguments.without_peers:
        return
    report(
        Row(
            f"{name}, against a plain U-Net",
            seconds,
            Goal(TIMES_FASTER, 15),
            peer="MONAI",
            others=peers["plain"],
            note="128^3, overlap 0.5, Gaussian, whole volume",
        )
    )
    report(
        Row(
            f"{name}, against our own network",
            seconds,
            Goal(TIMES_FASTER, 5),
            peer="MONAI",
            others=peers["ours"],
            note="the same windows",
        )
    )
    (mask,) = folder.glob("*-seg.nii.gz")
    agreement(case, read(mask), read(folder / "ours.nii.gz"))


def run(command: list[str]) -> tuple[float, float]:
    """Seconds from start to exit, and peak memory in MB."""
    begun = time.perf_counter()
    process = os.posix_spawn(command[0], command, os.environ, file_actions=_SILENT)
    _, status, usage = os.wait4(process, 0)
    took_s = time.perf_counter() - begun
    if status:
        raise SystemExit(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    return took_s, usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


_SILENT = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_WRONLY, 0) for stream in (1, 2)]


def agreement(case: Path, ours: LabelMap, monais: LabelMap) -> None:
    """Dice of the same network in both ways of looking, and of each with the reference."""
    (files,) = discover(case)
    loaded = load_case(files)
    voxel_ml = loaded.reference.grid.voxel_mm3 / 1000
    reference = None if loaded.label_map is None else loaded.label_map.volume.data
    for region in REGIONS:
        mine, other = region_mask(ours, region), region_mask(monais, region)
        volume_ml = float(np.count_nonzero(other)) * voxel_ml
        goal = Goal(AT_LEAST, 0.99) if volume_ml > LARGE_ML else None
        note = f"{region}, {volume_ml:.1f} ml"
        if reference is not None:
            true = region_mask(reference, region)
            note += (
                f"; with the reference: ours {dice(mine, true):.4f}, theirs {dice(other, true):.4f}"
            )
        report(
            Row(
                "Dice of our mask with that of MONAI's windows",
                [dice(mine, other)],
                goal,
                unit="",
                note=note,
            )
        )


def read(path: Path) -> LabelMap:
    """The label map of a file, (X, Y, Z) uint8."""
    return np.asarray(nib.load(path).dataobj).astype(np.uint8)


def dice(one: np.ndarray, other: np.ndarray) -> float:
    """Of two masks; 1 if both are empty."""
    total = np.count_nonzero(one) + np.count_nonzero(other)
    return 2 * np.count_nonzero(one & other) / total if total else 1.0


def warm_network(case: Path, repeats: int) -> None:
    """One pass of the loaded network over the brain."""
    (files,) = discover(case)
    loaded = load_case(files, with_label_map=False)
    bundle = load_bundle()
    arrays = {modality: volume.data for modality, volume in loaded.volumes.items()}
    prepared = prepare_image(
        arrays, loaded.require_one_grid(), bundle.card.modalities, flatten=bundle.card.flatten
    )
    network = load_for(bundle, "cpu", None)
    drain(network.predict(prepared.image))
    seconds = []
    for _ in range(repeats):
        begun = time.perf_counter()
        drain(network.predict(prepared.image))
        seconds.append(time.perf_counter() - begun)
    size = "x".join(map(str, prepared.image.shape[1:]))
    note = f"{network.runtime}, {size} voxels, {median(seconds):.2f} s"
    report(Row("network alone, warm", seconds, Goal(AT_MOST, 3), note=note))


if __name__ == "__main__":
    main()
