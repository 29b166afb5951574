"""What the layouts cost: switching between them, and one mouse event of a brush in each.

    python benchmarks/layouts.py CASE [STROKES]

CASE is a case folder. Two real windows of one size show the same arrays: napari alone, and napari
with the panel. Each switch is made twice, the first with canvases to be made; napari alone switches
its grid of the same images on and off. Strokes alternate between bare napari and each layout. All
times are of the main thread's CPU, which other programs disturb less than wall time; "event" is
what painting takes, "all" what it takes until the event loop has nothing left to do, with drawing.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import napari
import numpy as np
from qtpy.QtCore import QEvent, Qt
from qtpy.QtWidgets import QApplication
from strokes import MOVES, bare_window, send, settle

from napari_brats.core.labels import Label
from napari_brats.widgets.layout import Layout
from napari_brats.widgets.main import BratsWidget

ORDER = (Layout.SIDE_BY_SIDE, Layout.SINGLE, Layout.PLANES, Layout.SINGLE)
BRUSH_MM = 5.0


def main(case: Path, strokes: int) -> None:
    """Open both windows, switch, paint, print."""
    ours = napari.Viewer(title="with the panel")
    panel = BratsWidget(ours)
    ours.window.add_dock_widget(panel, name="BraTS")
    ours.open(case, plugin="napari-brats")
    settle(2)
    bridge = panel.bridge
    if bridge.tools.target is None:
        bridge.new_label_map(bridge.active_case_key or "")
    layer = bridge.tools.target
    assert layer is not None
    bare, other = bare_window(ours, layer)
    print_switches(bare, bridge.view)
    bridge.tools.set_brush_mm(BRUSH_MM)
    for painted in (layer, other):
        painted.selected_label, painted.mode = int(Label.ED), "paint"
    other.brush_size = int(BRUSH_MM)
    print(
        "| layout | brush event, CPU ms: median, 95 % | all, CPU ms: median, 95 % |\n|---|---|---|"
    )
    for layout in Layout:
        bridge.view.set_layout(layout)
        settle(1)
        print_strokes(layout, ours, bridge.view, bare, strokes)
    bridge.view.set_layout(Layout.SINGLE)
    settle(0.3)
    panel.shut_down()
    bare.close()
    ours.close()


def print_switches(bare: Any, view: Any) -> None:
    """How long each switch takes, the first time and again."""
    print("| switch | first, CPU s: event, all | again |\n|---|---|---|")
    images = [layer for layer in bare.layers if isinstance(layer, napari.layers.Image)]
    for image in images:
        image.visible = True
    grid = bare.canvas.grid
    for name, on in (("bare napari: grid on", True), ("bare napari: grid off", False)):
        times = []
        for _ in range(2):
            grid.enabled = not on
            settle(0.3)
            times.append(timed(lambda on=on: setattr(grid, "enabled", on)))
        print(f"| {name} | {' | '.join(times)} |")
    for image in images[:-1]:
        image.visible = False
    times = [timed(lambda la=layout: view.set_layout(la)) for layout in (*ORDER, *ORDER)]
    for number, layout in enumerate(ORDER):
        former = ORDER[number - 1].value
        print(f"| {former} to {layout.value} | {times[number]} | {times[number + len(ORDER)]} |")


def timed(action: Callable[[], object]) -> str:
    """CPU seconds of the action, and until all is drawn."""
    begin = time.thread_time()
    action()
    done = time.thread_time()
    for _ in range(3):
        QApplication.processEvents()
    drawn = time.thread_time()
    settle(0.5)
    return f"{done - begin:.2f}, {drawn - begin:.2f}"


def print_strokes(layout: Layout, ours: Any, view: Any, bare: Any, strokes: int) -> None:
    """What a mouse event costs in every canvas of a layout that can be painted."""
    shares = (0.25, 0.25) if layout is Layout.SIDE_BY_SIDE else (0.5, 0.5)  # of the canvas
    natives = {layout.value: ours.window._qt_viewer.canvas.native}
    if layout is Layout.PLANES:
        for name, cell in zip(("coronal", "sagittal"), view._planes._cells[:2], strict=True):
            natives[f"{layout.value}, in {name}"] = cell.view.canvas.native
    times: dict[str, list[tuple[float, ...]]] = {}
    for number in range(strokes):
        bare.window._qt_window.raise_()
        native = bare.window._qt_viewer.canvas.native
        times.setdefault("bare napari, same run", []).extend(stroke(native, number, (0.5, 0.5)))
        ours.window._qt_window.raise_()
        for name, native in natives.items():
            times.setdefault(name, []).extend(stroke(native, number, shares))
    for name, measured in times.items():
        columns = np.array(measured).T * 1000
        event, everything = (np.percentile(column, (50, 95)) for column in columns)
        print(
            f"| {name} | {event[0]:.2f}, {event[1]:.2f} | {everything[0]:.1f}, "
            f"{everything[1]:.1f} |",
            flush=True,
        )


def stroke(native: Any, number: int, shares: tuple[float, float]) -> list[tuple[float, ...]]:
    """CPU seconds of each move of one stroke around a place, without and with drawing."""
    centre = np.array([native.width(), native.height()]) * shares
    angles = np.linspace(0, 1.5, MOVES + 1) + number
    points = centre + 40 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    settle(0.1)
    send(native, QEvent.Type.MouseMove, points[0], Qt.MouseButton.NoButton)
    send(native, QEvent.Type.MouseButtonPress, points[0], Qt.MouseButton.LeftButton)
    times = []
    for point in points[1:]:
        begin = time.thread_time()
        send(native, QEvent.Type.MouseMove, point, Qt.MouseButton.LeftButton)
        sent = time.thread_time()
        QApplication.processEvents()
        times.append((sent - begin, time.thread_time() - begin))
    send(native, QEvent.Type.MouseButtonRelease, points[-1], Qt.MouseButton.LeftButton)
    settle(0.1)
    return times


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5)
