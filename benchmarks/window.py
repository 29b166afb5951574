"""How the real window behaves on one case: opening, a run, cancelling, an edit, every command.

    python benchmarks/window.py CASE [--commands]

CASE is a case folder; the four images are opened through the reader, with the panel docked. Prints
one line per figure. The longest gap between ticks of a 10 ms timer is what a user feels as a
stutter; the same gap while nothing runs but the canvas redraws is printed beside it. With
``--commands``, every command of the plugin is run instead, and the worst gaps are named, with the
processor time that the main thread spent in them: on a busy computer only that is the plugin's.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

STARTED = time.perf_counter()

import napari  # noqa: E402
import numpy as np  # noqa: E402
from qtpy.QtCore import QTimer  # noqa: E402
from qtpy.QtWidgets import QApplication  # noqa: E402

from napari_brats.core.labels import Label  # noqa: E402
from napari_brats.widgets.commands import COMMANDS, Task, run_command  # noqa: E402
from napari_brats.widgets.main import BratsWidget  # noqa: E402


class Ticks:
    """Spins the event loop and notes the gaps between ticks of a 10 ms timer."""

    def __init__(self) -> None:
        self._times: list[float] = []
        self._timer = QTimer()
        self._timer.setInterval(10)
        self._timer.timeout.connect(lambda: self._times.append(time.perf_counter()))
        self._timer.start()

    def worst(self, limit_s: float) -> tuple[float, float]:
        """The longest gap within ``limit_s``, and the main thread's own time in the busiest one."""
        marks = [(time.perf_counter(), time.thread_time())]
        timer = QTimer()
        timer.setInterval(10)
        timer.timeout.connect(lambda: marks.append((time.perf_counter(), time.thread_time())))
        timer.start()
        while time.perf_counter() - marks[0][0] < limit_s:
            QApplication.processEvents()
            time.sleep(0.001)
        marks.append((time.perf_counter(), time.thread_time()))
        gaps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(marks)]
        return max(gap for gap, _ in gaps), max(own for _, own in gaps)

    def spin(self, until: Callable[[], bool], limit_s: float) -> tuple[float, float]:
        """Seconds it took until ``until()``, and the longest gap in seconds on the way."""
        self._times.clear()
        begin = time.perf_counter()
        while not until() and time.perf_counter() - begin < limit_s:
            QApplication.processEvents()
            time.sleep(0.001)
        end = time.perf_counter()
        times = [begin, *self._times, end]
        return end - begin, max(b - a for a, b in pairwise(times))


ASKS_OR_WRITES = {"open_folder", "open_files", "save", "report", "keys_and_help", "run"}


def walk_commands(viewer: napari.Viewer, panel: BratsWidget, ticks: Ticks) -> None:
    """Run every command twice, for most of them switch something, and print the worst gaps."""
    key = panel.bridge.active_case_key or ""
    labels = panel.bridge.layer_labels(panel.bridge.label_layer(key))
    other = panel.bridge.new_label_map(key)  # a second rater's, for the section Compare
    panel.bridge.set_layer_labels(other, np.roll(labels, 2, axis=0))
    panel.sections.unfold(panel.compare_panel)
    ticks.spin(lambda: False, 2)
    idle = ticks.worst(2.0)
    print(f"nothing done: longest gap {idle[0]:.3f} s, own time {idle[1]:.3f} s")
    found = []
    for command in COMMANDS:
        if command.name in ASKS_OR_WRITES or command.task is Task.WORKLIST:
            continue
        for turn in ("first", "second"):
            begin, own = time.perf_counter(), time.thread_time()
            run_command(command)
            handled = time.perf_counter() - begin, time.thread_time() - own
            after = ticks.worst(0.7)
            own, gap = max(handled[1], after[1]), max(handled[0], after[0])
            found.append((own, f"{own:.3f} s own time, {gap:.3f} s gap: {command.title} ({turn})"))
            print(found[-1][1], flush=True)
    print("The worst:", *(text for _, text in sorted(found, reverse=True)[:10]), sep="\n")
    viewer.close()


def main(case: Path, every_command: bool) -> None:
    """Drive the window and print the figures."""
    viewer = napari.Viewer()
    viewer.window._qt_window.resize(1280, 800)
    panel = BratsWidget(viewer)
    viewer.window.add_dock_widget(panel, name="BraTS")
    ticks = Ticks()
    begin = time.perf_counter()
    viewer.open(case, plugin="napari-brats")
    ticks.spin(lambda: False, 0.2)
    now = time.perf_counter()
    print(f"launch to case on screen: {now - STARTED:.2f} s, opening it: {now - begin:.2f} s")
    ticks.spin(lambda: panel.segment_panel.device_box.count() > 0, 60)
    ticks.spin(lambda: False, 2)
    if every_command:
        walk_commands(viewer, panel, ticks)
        return

    scroll = QTimer()
    scroll.setInterval(50)
    scroll.timeout.connect(lambda: viewer.dims.set_point(0, 60 + time.perf_counter() % 1 * 30))
    scroll.start()
    print(f"longest gap while only scrolling: {ticks.spin(lambda: False, 3)[1] * 1000:.0f} ms")
    idle = panel.segment_panel.run_button.isEnabled
    panel.segment_panel.run_button.click()
    computed = ticks.spin(lambda: panel.segment_panel.bar.value() >= 90 or idle(), 300)
    print(f"longest gap, run and scrolling: {computed[1] * 1000:.0f} ms in {computed[0]:.1f} s")
    added = ticks.spin(idle, 300)
    print(f"longest gap while the result is added: {added[1] * 1000:.0f} ms")
    scroll.stop()

    for delay_s in (0.3, 1.0, 2.0):
        panel.segment_panel.run_button.click()
        ticks.spin(lambda: False, delay_s)
        begin = time.perf_counter()
        panel.segment_panel.cancel_button.click()
        ticks.spin(idle, 30)
        print(f"cancel after {delay_s} s: button back in {time.perf_counter() - begin:.3f} s")

    seen: list[float] = []
    panel.bridge.volumes.changed.connect(lambda *_: seen.append(time.perf_counter()))
    layer = panel.bridge.label_layer(panel.bridge.active_case_key or "")
    if layer is not None:
        for number in range(3):
            seen.clear()
            begin = time.perf_counter()
            layer.paint((70 + number, 100, 120), Label.ET)
            ticks.spin(lambda: bool(seen), 5)
            print(f"volumes after an edit: {time.perf_counter() - begin:.3f} s")
    viewer.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), "--commands" in sys.argv[2:])
