"""What a ``kill -9`` costs while somebody paints in the real window.

    python benchmarks/kill.py CASE [--runs 20] [--first 3] [--last 12] [--seed 0]

CASE is a case folder with a label map; a copy of it without compression is opened. Needs a screen
(a virtual one will do) and a system that can fork. Each run opens the case in a window of its own
process and paints strokes of 0.2 to 4 s with mouse events, with pauses of up to 1 s, until the
process is killed at a random moment between ``--first`` and ``--last`` seconds after the first
stroke began. What was on the screen at that moment is known from a side channel: a file mapped into
memory that holds the label map and when each voxel was painted, brought up to date at every edit.
The journal is then read as the next start would read it.

Prints one line per run: seconds lost (from the first edit that is not in the journal to the kill),
voxels lost of all that were painted, whether a stroke was under way; then the worst.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import tempfile
import time
from pathlib import Path

os.environ["NAPARI_CONFIG"] = ""

import napari
import nibabel as nib
import numpy as np
import torch  # noqa: F401 (imported before the fork, not in each of the windows)
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_brats.core.geometry import display_order
from napari_brats.io.discover import discover
from napari_brats.io.load import load_case
from napari_brats.widgets import main as window
from napari_brats.workspace.journal import read_journal


class SideChannel:
    """The label map in display order and when each voxel was painted; outlives a killed process.

    ``status`` is [first stroke began, a stroke is under way, strokes, edits].
    """

    def __init__(self, folder: Path, start: np.ndarray) -> None:
        self.labels = np.memmap(folder / "labels", np.uint8, "w+", shape=start.shape)
        self.painted_s = np.memmap(folder / "times", np.float64, "w+", shape=start.shape)
        self.status = np.memmap(folder / "status", np.float64, "w+", shape=(4,))
        self.labels[:] = start


def paint(case: Path, side: SideChannel, seed: int) -> None:
    """Open the case and paint until killed; runs in its own process."""
    chance = random.Random(seed)
    viewer = napari.Viewer()
    viewer.window._qt_window.resize(1280, 800)
    panel = window.BratsWidget(viewer)
    viewer.window.add_dock_widget(panel, name="BraTS")
    panel.bridge.open_paths([case])
    _spin(lambda: bool(panel.bridge.keys()), 120)
    _spin(lambda: False, 1)
    layer = panel.bridge.label_layer(panel.bridge.active_case_key)
    panel.bridge.tools.choose_label(3)
    panel.bridge.tools.edited.connect(lambda edited: _note(edited, viewer, side))
    canvas = viewer.window._qt_viewer.canvas.native
    middle = canvas.rect().center()
    while True:
        viewer.dims.set_current_step(0, layer.data.shape[0] // 2 + chance.randint(-20, 20))
        place = middle + QPoint(chance.randint(-80, 80), chance.randint(-80, 80))
        side.status[0] = side.status[0] or time.time()
        side.status[1], side.status[2] = 1, side.status[2] + 1
        QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=place)
        end = time.time() + chance.choice((0.2, 0.5, 1.0, 4.0))
        while time.time() < end:
            place += QPoint(chance.randint(-12, 12), chance.randint(-12, 12))
            QTest.mouseMove(canvas, place)
            _spin(lambda: False, 0.02)
        QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=place)
        side.status[1] = 0
        _spin(lambda: False, chance.uniform(0.05, 1))


def _note(layer: napari.layers.Labels, viewer: napari.Viewer, side: SideChannel) -> None:
    plane = viewer.dims.current_step[0]
    changed = side.labels[plane] != layer.data[plane]
    side.painted_s[plane][changed] = time.time()
    side.labels[plane][changed] = layer.data[plane][changed]
    side.status[3] += 1


def _spin(until: object, limit_s: float) -> None:
    end = time.time() + limit_s
    while not until() and time.time() < end:
        QApplication.processEvents()
        time.sleep(0.002)


def one_run(case: Path, start: np.ndarray, affine: np.ndarray, seed: int, after_s: float) -> dict:
    """Paint in a new process, kill it, compare."""
    with tempfile.TemporaryDirectory() as name:
        side = SideChannel(Path(name), start)
        os.environ["NAPARI_BRATS_DATA"] = str(Path(name) / "data")
        child = os.fork()
        if child == 0:
            try:
                paint(case, side, seed)
            finally:
                os._exit(1)
        while not side.status[0]:
            if os.waitpid(child, os.WNOHANG)[0]:
                raise SystemExit("The window ended before the first stroke; see above.")
            time.sleep(0.05)
        time.sleep(max(0.0, side.status[0] + after_s - time.time()))
        os.kill(child, signal.SIGKILL)
        killed_s = time.time()
        os.waitpid(child, 0)
        return _compare(Path(name) / "data", side, start, affine, killed_s)


def _compare(
    data: Path, side: SideChannel, start: np.ndarray, affine: np.ndarray, killed_s: float
) -> dict:
    journals = list(data.glob("journals/*.journal"))
    restored, size = start, 0
    if journals:
        restored = display_order(affine).from_disk(read_journal(journals[0]).labels)
        size = journals[0].stat().st_size
    lost = side.labels != restored
    first_s = side.painted_s[lost].min() if lost.any() else killed_s
    return {
        "lost_s": killed_s - first_s,
        "lost": int(lost.sum()),
        "painted": int((side.labels != start).sum()),
        "painting": bool(side.status[1]),
        "strokes": int(side.status[2]),
        "edits": int(side.status[3]),
        "bytes": size,
    }


def _uncompressed(case: Path, folder: Path) -> Path:
    """The same case in files that open faster: reading is not what is measured."""
    copy = folder / case.resolve().name
    copy.mkdir()
    for path in case.glob("*.nii.gz"):
        nib.save(nib.load(path), copy / path.name.removesuffix(".gz"))
    return copy


def main() -> None:
    """Run and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", type=Path)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--first", type=float, default=3.0)
    parser.add_argument("--last", type=float, default=12.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    (files,) = discover(options.case)
    label_map = load_case(files).label_map
    if label_map is None:
        raise SystemExit(f"{options.case} has no label map.")
    affine = label_map.volume.grid.affine
    start = np.array(display_order(affine).from_disk(label_map.volume.data))
    chance = random.Random(options.seed)
    print("| run | killed after s | in a stroke | strokes | edits | voxels painted "
          "| voxels lost | seconds lost | journal kB |")  # fmt: skip
    print("|---" * 9 + "|")
    runs = []
    copy = tempfile.TemporaryDirectory()
    case = _uncompressed(options.case, Path(copy.name))
    for number in range(1, options.runs + 1):
        after_s = chance.uniform(options.first, options.last)
        run = one_run(case, start, affine, options.seed * 1000 + number, after_s)
        runs.append(run)
        print(
            f"| {number} | {after_s:.1f} | {'yes' if run['painting'] else 'no'} "
            f"| {run['strokes']} | {run['edits']} | {run['painted']:,} | {run['lost']:,} "
            f"| {run['lost_s']:.2f} | {run['bytes'] / 1000:.0f} |",
            flush=True,
        )
    seconds, voxels = [r["lost_s"] for r in runs], [r["lost"] for r in runs]
    print(
        f"\nLost in {len(runs)} runs: median {np.median(seconds):.2f} s, worst {max(seconds):.2f} "
        f"s; median {np.median(voxels):.0f} voxels, worst {max(voxels):,}."
    )


if __name__ == "__main__":
    main()
