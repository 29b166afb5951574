"""From a post-processing slider to the new mask on screen, in the real window.

    python benchmarks/sliders.py CASE [--repeats 5] [--profile]

CASE is a case folder. It is opened with the panel docked and segmented by the button Run; then each
slider is moved to a new value, one after the other, and the clock stops when the layer holds the
new mask, the event loop has nothing left to do and the canvas was drawn. Wall time, the CPU time of
all threads (other programs disturb it less, but threads do not share it), and the main thread's own
in its longest turn, for which the window answers nothing. Saving from the panel is timed the same
way. ``--profile`` prints where the main thread's time goes, too.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import napari
import numpy as np
from qtpy.QtCore import QEventLoop, QTimer
from qtpy.QtWidgets import QApplication
from rows import AT_MOST, Goal, Row, report

from napari_brats.widgets.main import BratsWidget

STEPS = {
    "threshold_wt": (0.35, 0.6, 0.4, 0.7, 0.45, 0.65, 0.3),
    "threshold_tc": (0.35, 0.6, 0.4, 0.7, 0.45, 0.65, 0.3),
    "threshold_et": (0.35, 0.6, 0.4, 0.7, 0.45, 0.65, 0.3),
    "smooth_mm": (1.0, 2.0, 1.5, 2.5, 0.5, 3.0, 0.0),
    "closing_mm": (2.0, 4.0, 3.0, 5.0, 1.0, 6.0, 0.0),
    "opening_mm": (1.0, 2.0, 1.5, 2.5, 1.0, 3.0, 0.0),
    "min_component_wt_mm3": (500.0, 2000.0, 5000.0, 20000.0, 1000.0, 9000.0, 0.0),
}
NEVER_S = 300.0


class Window:
    """napari with the panel and one segmented case."""

    def __init__(self, case: Path) -> None:
        self.viewer = napari.Viewer()
        self._ticks = QTimer()  # so that waiting for events ends now and then
        self._ticks.start(10)
        self.viewer.window._qt_window.resize(1280, 800)
        self.panel = BratsWidget(self.viewer)
        self.viewer.window.add_dock_widget(self.panel, name="BraTS")
        self.viewer.open(case, plugin="napari-brats")
        self.busiest_s = 0.0
        self.wait(lambda: self.panel.segment_panel.device_box.count() > 0)
        self.settle(1.0)
        self.panel.segment_panel.run_button.click()
        self.wait(self.panel.postprocess_panel.form.isEnabled)
        self.settle(2.0)
        self.layer = self.panel.bridge.label_layer(self.panel.bridge.active_case_key or "")

    def wait(self, until: Callable[[], bool]) -> None:
        """Turn the event loop until then; `busiest_s` is the main thread's time in one turn."""
        begin, self.busiest_s = time.perf_counter(), 0.0
        while not until():
            if time.perf_counter() - begin > NEVER_S:
                raise SystemExit("The window did not do what was asked for.")
            own = time.thread_time()
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
            self.busiest_s = max(self.busiest_s, time.thread_time() - own)

    def settle(self, seconds: float) -> None:
        """Let timers and workers do what they still have to do."""
        end = time.perf_counter() + seconds
        self.wait(lambda: time.perf_counter() > end)

    def move(self, name: str, value: float) -> tuple[float, float, float] | None:
        """Wall, CPU and the busiest turn's seconds of a slider; None if the mask stayed."""
        before = np.array(self.layer.data)
        result = self.panel.postprocess_control._active_result()
        begin = time.perf_counter(), time.process_time()
        self.panel.postprocess_panel.controls[name].value = value
        self.wait(lambda: getattr(result.options, name) == value)
        busiest = self.busiest_s
        self.viewer.window._qt_viewer.canvas.native.repaint()
        for _ in range(3):
            QApplication.processEvents()
        end = time.perf_counter(), time.process_time()
        self.settle(0.5)
        if np.array_equal(before, self.layer.data):
            return None
        return end[0] - begin[0], end[1] - begin[1], busiest

    def save(self, path: Path) -> tuple[float, float]:
        """Wall and CPU seconds of the button Save, which writes mask and record."""
        save_panel = self.panel.save_panel
        save_panel.show_target(path, "brats2023")
        begin = time.perf_counter(), time.thread_time()
        save_panel.save_requested.emit(replace(save_panel._request(), path=path, overwrite=True))
        return time.perf_counter() - begin[0], time.thread_time() - begin[1]


def main() -> None:
    """Drive the window and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    window = Window(arguments.case)
    profile = cProfile.Profile(time.thread_time)
    if arguments.profile:
        profile.enable()
    for name, values in STEPS.items():
        moved = [window.move(name, value) for value in values[: arguments.repeats]]
        found = [times for times in moved if times is not None]
        if not found:
            continue
        wall, cpu, own = ([times[index] for times in found] for index in range(3))
        what, goal = f"post-processing slider to mask on screen: {name}", Goal(AT_MOST, 0.3)
        report(Row(what, wall, goal, note=f"main thread at most {max(own):.2f} s CPU at once"))
        report(Row(what, cpu, goal, "s CPU", note="all threads"))
        window.move(name, values[-1])
    if arguments.profile:
        show(profile)
    with tempfile.TemporaryDirectory() as folder:
        if arguments.profile:
            profile.enable()
        saved = [window.save(Path(folder) / "a-seg.nii.gz") for _ in range(arguments.repeats)]
    wall, own = ([times[index] for times in saved] for index in range(2))
    if arguments.profile:
        show(profile)
    for times, unit in ((wall, "s"), (own, "s CPU")):
        goal, note = Goal(AT_MOST, 0.15), "mask and record"
        report(Row("save from the panel", times, goal, unit, note=note))
    window.panel.shut_down()
    window.viewer.close()


def show(profile: cProfile.Profile) -> None:
    """Print where the main thread's time went, and begin anew."""
    profile.disable()
    pstats.Stats(profile).sort_stats("cumtime").print_stats(60)
    profile.clear()


if __name__ == "__main__":
    main()
