"""What a worklist costs: listing many cases, and the next case with and without look-ahead.

    python benchmarks/worklist.py CASES [SWITCHES]

CASES is a folder of cases; three of them are gone through, in one real window. Bare napari, before
the panel is there: the same files are read by this plugin's reader (napari itself reads no NIfTI),
the former layers cleared, the new ones added. Then the worklist, which exchanges the case. Times
are of the process's CPU, drawing included, which other programs disturb less than wall time. The
list is of 1,000 folders with empty files, for names alone tell.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import napari
import numpy as np
from napari.layers import Layer
from strokes import settle

from napari_brats.core.progress import drain
from napari_brats.io.opening import open_files
from napari_brats.widgets.main import BratsWidget
from napari_brats.workspace.worklist import WorkCase
from napari_brats.workspace.worklist_jobs import known_of, refresh_and_store, scan_and_store

LISTED = 1000


def main(folder: Path, switches: int) -> None:
    """List, then switch, then print."""
    print_list()
    cases = drain(scan_and_store(folder))[:3]
    viewer = napari.Viewer(title="worklist")
    viewer.window._qt_window.resize(1280, 800)
    times: dict[str, list[tuple[float, float]]] = {}
    bare(viewer, cases[0])
    for case in islice(cycle(cases), 1, switches + 1):
        note(times, "bare napari: read, clear, add", lambda case=case: bare(viewer, case))
    viewer.layers.clear()
    panel = BratsWidget(viewer)
    viewer.window.add_dock_widget(panel, name="BraTS")
    settle(2)
    key = panel.bridge.exchange_case(open_files(cases[0].files_to_open))
    settle(2)
    for read_ahead in (False, True):
        name = "worklist, read ahead" if read_ahead else "worklist, read when asked for"
        for case in islice(cycle(cases), 1, switches + 1):
            ready = open_files(case.files_to_open) if read_ahead else None

            def switch(case: WorkCase = case, ready: Any = ready, former: str = key) -> str:
                opened = ready or open_files(case.files_to_open)
                return panel.bridge.exchange_case(opened, former)

            key = note(times, name, switch)
    print(
        "| next case | CPU s: median of the process | wall s, under load | n |\n|---|---|---|---|"
    )
    for name, values in times.items():
        cpu, wall = np.median(np.array(values), axis=0)
        print(f"| {name} | {cpu:.2f} | {wall:.1f} | {len(values)} |")
    panel.shut_down()
    viewer.close()


def bare(viewer: Any, case: WorkCase) -> None:
    """The next case in napari alone."""
    opened = open_files(case.files_to_open)
    viewer.layers.clear()
    for data, attributes, kind in opened.layers:
        plain = {name: value for name, value in attributes.items() if name != "metadata"}
        viewer.add_layer(Layer.create(data, plain, kind))


def note(times: dict[str, list[tuple[float, float]]], name: str, action: Callable[[], Any]) -> Any:
    """Time an action with the drawing that follows it."""
    cpu, wall = time.process_time(), time.perf_counter()
    result = action()
    settle(0.05)
    entry = (time.process_time() - cpu, time.perf_counter() - wall)
    times.setdefault(name, []).append(entry)
    settle(1)
    return result


def print_list() -> None:
    """How long a list of many cases takes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(LISTED):
            case = folder / f"BraTS2021_{number:05d}"
            case.mkdir()
            for suffix in ("t1", "t1ce", "t2", "flair", "seg")[: 4 + number % 2]:
                (case / f"{case.name}_{suffix}.nii.gz").touch()
        cases: Any = ()
        jobs: dict[str, Callable[[], Any]] = {
            "found anew and stored": lambda: scan_and_store(folder),
            "as stored": lambda: known_of(folder),
            "refreshed": lambda: refresh_and_store(folder, cases),
        }
        print(f"| list of {LISTED} cases | CPU s | wall s, under load |\n|---|---|---|")
        for title, job in jobs.items():
            cpu, wall = time.process_time(), time.perf_counter()
            cases = drain(job())
            print(
                f"| {title} | {time.process_time() - cpu:.2f} | {time.perf_counter() - wall:.1f} |"
            )
        assert len(cases) == LISTED


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 6)
