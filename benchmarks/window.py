"""How the real window behaves on one case: opening, a run, cancelling, an edit.

    python benchmarks/window.py CASE

CASE is a case folder; the four images are opened through the reader, with the panel docked. Prints
one line per figure. The longest gap between ticks of a 10 ms timer is what a user feels as a
stutter; the same gap while nothing runs but the canvas redraws is printed beside it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

STARTED = time.perf_counter()

import napari  # noqa: E402
from qtpy.QtCore import QTimer  # noqa: E402
from qtpy.QtWidgets import QApplication  # noqa: E402

from napari_brats.core.labels import Label  # noqa: E402
from napari_brats.widgets.main import BratsWidget  # noqa: E402


class Ticks:
    """Spins the event loop and notes the gaps between ticks of a 10 ms timer."""

    def __init__(self) -> None:
        self._times: list[float] = []
        self._timer = QTimer()
        self._timer.setInterval(10)
        self._timer.timeout.connect(lambda: self._times.append(time.perf_counter()))
        self._timer.start()

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


def main(case: Path) -> None:
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
    main(Path(sys.argv[1]))
