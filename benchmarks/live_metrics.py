"""The section "Metrics" in the real window: from the end of a stroke to the new row.

    python benchmarks/live_metrics.py CASE

CASE is a case folder with a label map: the reference. The prediction is a copy of it that misses a
layer of voxels at some places and has some blobs more; strokes are painted in it with mouse events
on the canvas, 12 per kind. Prints, in ms: the time from the release of the button until the table
shows the new row (median and worst) with the CPU time of the whole process in between; and how long
the thread of the window computes for one move of the mouse while painting, with the section folded
and unfolded.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from pathlib import Path

import napari
import numpy as np
from qtpy.QtCore import QEvent, QEventLoop, QPointF, Qt, QTimer
from qtpy.QtGui import QMouseEvent
from qtpy.QtWidgets import QApplication

from napari_brats.core.case import Segmentation
from napari_brats.core.labels import Label, LabelMap
from napari_brats.widgets.main import BratsWidget

STROKES, MOVES = 12, 10


def altered(labels: LabelMap) -> LabelMap:
    """A copy with an edge shaved off, as from a network, and two blobs of ED far away."""
    from scipy.ndimage import binary_erosion

    other = labels.copy(order="K")
    rim = (labels != 0) & ~binary_erosion(labels != 0)
    rim[::, ::2] = False
    other[rim] = 0
    x, y, z = (int(v) for v in np.argwhere(labels == 0)[len(np.argwhere(labels == 0)) // 2])
    other[x : x + 6, y : y + 6, z : z + 6] = Label.ED
    other[x + 15 : x + 18, y : y + 3, z : z + 3] = Label.ET
    return other


class Window:
    """The docked panel with a case and its altered copy, and a mouse."""

    def __init__(self, case: Path) -> None:
        self.viewer = napari.Viewer()
        self.viewer.window._qt_window.resize(1280, 800)
        self.panel = BratsWidget(self.viewer)
        self.viewer.window.add_dock_widget(self.panel, name="BraTS")
        self.viewer.open(case, plugin="napari-brats")
        self.spin(1.0)
        self.bridge = self.panel.bridge
        key = self.bridge.active_case_key or ""
        value = self.bridge.case(key)
        reference = value.label_map
        if reference is None:
            raise SystemExit(f"{case} holds no label map. Expected a case with its reference.")
        made = altered(reference.volume.data)
        segmentation = Segmentation(value.case_id, made, value.reference, value.convention)
        self.layer = self.bridge.add_segmentation(key, segmentation)
        self.spin(0.5)
        self.canvas = self.viewer.window._qt_viewer.canvas.native
        self.scored_at = 0.0
        self.strokes = 0
        self.panel.metrics_control.scored.connect(self._on_scored)

    def _on_scored(self) -> None:
        self.scored_at = time.perf_counter()

    def section(self, *, is_open: bool) -> None:
        """Fold or unfold the section."""
        self.panel.metrics_panel.parentWidget().heading.setChecked(is_open)
        self.spin(0.2)

    def spin(self, seconds: float) -> None:
        """Let the event loop run."""
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            QApplication.processEvents()
            time.sleep(0.001)

    def wait_for_row(self, since: float, limit_s: float = 20.0) -> float:
        """Seconds from ``since`` until the row of an edit made then is there."""
        loop = QEventLoop()
        self.panel.metrics_control.scored.connect(loop.quit)
        QTimer.singleShot(int(1000 * limit_s), loop.quit)
        if self.scored_at < since:
            loop.exec_()
        return self.scored_at - since

    def mouse(self, kind: QEvent.Type, x: float, y: float) -> float:
        """Send one event to the canvas; the CPU seconds of this thread that it took."""
        press, move = QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove
        left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        point = QPointF(self.canvas.width() / 2 + x, self.canvas.height() / 2 + y)
        event = QMouseEvent(
            kind,
            point,
            QPointF(self.canvas.mapToGlobal(point.toPoint())),
            none if kind == move else left,
            left if kind in (press, move) else none,
            Qt.KeyboardModifier.NoModifier,
        )
        begin = time.thread_time()
        QApplication.sendEvent(self.canvas, event)
        return time.thread_time() - begin

    def stroke(self) -> tuple[list[float], float]:
        """One more stroke, below the last one: CPU seconds per move, time of release."""
        y = -110 + 6 * self.strokes
        self.strokes += 1
        self.mouse(QEvent.Type.MouseButtonPress, -40, y)
        moves = []
        for step in range(MOVES):
            moves.append(self.mouse(QEvent.Type.MouseMove, -40 + 8 * step, y))
            self.spin(0.008)
        released = time.perf_counter()
        self.mouse(QEvent.Type.MouseButtonRelease, 40, y)
        return moves, released


def report(name: str, seconds: list[float]) -> None:
    """Print median and worst."""
    middle, worst = statistics.median(seconds) * 1000, max(seconds) * 1000
    print(f"{name:44} median {middle:7.1f}   worst {worst:7.1f}   n {len(seconds)}", flush=True)


def main(case: Path) -> None:
    """Drive the window and print the figures."""
    window = Window(case)
    tools = window.bridge.tools
    tools.choose_label(int(Label.ED))
    window.stroke()  # the first one loads what the others use
    report("one move, section folded", [s for _ in range(6) for s in window.stroke()[0]])
    begin = time.perf_counter()
    window.section(is_open=True)
    print(f"first scores after unfolding: {1000 * window.wait_for_row(begin):.0f} ms")
    for brush_mm, label in ((5.0, Label.ED), (25.0, Label.ET)):
        tools.choose_label(int(label))
        tools.set_brush_mm(brush_mm)
        rows, cpu, here, moves = [], [], [], []
        for _ in range(STROKES):
            took, released = window.stroke()
            spent = time.process_time(), time.thread_time()
            rows.append(window.wait_for_row(released))
            cpu.append(time.process_time() - spent[0])
            here.append(time.thread_time() - spent[1])
            moves += took
            window.spin(0.1)
        report(f"row after a {brush_mm:g} mm stroke of {label.name}", rows)
        report("  CPU time of the process", cpu)
        report("  of that in the thread of the window", here)
        report("  one move, section unfolded", moves)
    rows = []
    for _ in range(STROKES):
        begin = time.perf_counter()
        tools.undo()
        rows.append(window.wait_for_row(begin))
    report("row after undo", rows)
    print("load average: " + ", ".join(f"{load:.1f}" for load in os.getloadavg()))
    window.viewer.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
