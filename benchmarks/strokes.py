"""What a mouse event of a stroke costs with the panel docked, against bare napari in one run.

    python benchmarks/strokes.py CASE [STROKES]

CASE is a case folder. Two real windows of one size show the same arrays: napari alone, and napari
with the panel. Strokes alternate between them; each mouse move is sent as a Qt event. Prints what
painting takes (the event itself) and what it takes until the event loop has nothing left to do,
drawing included: wall time, and the main thread's CPU time, which other programs disturb less. Then
what undo and redo take.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import napari
import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QEvent, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtWidgets import QApplication
from rows import AT_MOST_MORE, Goal, Row, report

from napari_brats.core.labels import Label
from napari_brats.io.layers import label_colormap
from napari_brats.widgets.main import BratsWidget

MOVES = 20
BRUSHES = ((5, 2), (25, 2), (25, 3))
"""Diameter in mm, and over how many axes."""


def main(case: Path, strokes: int) -> None:
    """Open both windows, paint, print."""
    ours = napari.Viewer(title="with the panel")
    panel = BratsWidget(ours)
    ours.window.add_dock_widget(panel, name="BraTS")
    ours.open(case, plugin="napari-brats")
    settle(2)
    tools = panel.bridge.tools
    if tools.target is None:
        panel.bridge.new_label_map(panel.bridge.active_case_key or "")
    layer = tools.target
    assert layer is not None
    bare, other = bare_window(ours, layer)
    columns = [f"{what} {time}" for what in ("event", "all") for time in ("wall", "CPU")]
    print(f"| brush | window | voxels | {' | '.join(columns)} |\n" + "|---" * 7 + "|")
    for diameter_mm, axes in BRUSHES:
        tools.set_brush_mm(diameter_mm)
        for painted in (layer, other):
            painted.n_edit_dimensions = axes
            painted.selected_label = int(Label.ED)
            painted.mode = "paint"
        other.brush_size = diameter_mm
        times: dict[str, list[tuple[float, ...]]] = {"bare": [], "panel": []}
        for painted in (layer, other):
            painted.data[:] = 0
            painted.refresh()
        for number in range(strokes):
            times["bare"] += stroke(bare, number)
            times["panel"] += stroke(ours, number)
        voxels = {"bare": np.count_nonzero(other.data), "panel": np.count_nonzero(layer.data)}
        for name, measured in times.items():
            row = f"{diameter_mm} mm, {axes}-D | {name} | {voxels[name]}"
            print(f"| {row} | {figures(np.array(measured))} |", flush=True)
        report_strokes(f"{diameter_mm} mm, {axes}-D", times)
    print_steps(tools, layer)
    settle(0.2)
    panel.shut_down()
    bare.close()
    ours.close()


def report_strokes(brush: str, times: Mapping[str, Sequence[tuple[float, ...]]]) -> None:
    """The CPU time of an event without and with drawing, in ms: the median, and 95 % of all."""
    columns = {name: np.array(measured).T * 1000 for name, measured in times.items()}
    for what, column in (("a brush event", 1), ("a brush event and its drawing", 3)):
        goal = Goal(AT_MOST_MORE, 2) if column == 1 else None
        for part, share in (("median", 50), ("95 % of the events", 95)):
            ours, bare = (
                [float(np.percentile(columns[name][column], share))] for name in ("panel", "bare")
            )
            note = f"{part}, CPU, n = {len(times['panel'])}"
            name = f"{what}, {brush}"
            report(Row(name, ours, goal, "ms", "napari's own brush", bare, note))


def bare_window(ours: Any, layer: Any) -> tuple[Any, Any]:
    """napari alone with the same images, and a copy of the label map."""
    bare = napari.Viewer(title="bare")
    for image in ours.layers:
        if image is not layer:
            bare.add_image(image.data, scale=image.scale, visible=image.visible)
    labels = bare.add_labels(np.array(layer.data), scale=layer.scale, colormap=label_colormap())
    for viewer in (ours, bare):
        viewer.window._qt_window.resize(1100, 700)
        viewer.dims.set_point(0, layer.data.shape[0] // 2 * layer.scale[0])
    settle(1)
    return bare, labels


def stroke(viewer: Any, number: int) -> list[tuple[float, ...]]:
    """Wall and CPU seconds of each move of one stroke along an arc, without and with drawing."""
    viewer.window._qt_window.raise_()
    native = viewer.window._qt_viewer.canvas.native
    centre = np.array([native.width() / 2, native.height() / 2])
    angles = np.linspace(0, 1.5, MOVES + 1) + number
    reach = 40 + 5 * (number % 8)
    points = centre + reach * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    times = []
    settle(0.1)
    send(native, QEvent.Type.MouseMove, points[0], Qt.MouseButton.NoButton)
    send(native, QEvent.Type.MouseButtonPress, points[0], Qt.MouseButton.LeftButton)
    for point in points[1:]:
        begin = np.array((time.perf_counter(), time.thread_time()))
        send(native, QEvent.Type.MouseMove, point, Qt.MouseButton.LeftButton)
        sent = np.array((time.perf_counter(), time.thread_time()))
        QApplication.processEvents()
        done = np.array((time.perf_counter(), time.thread_time()))
        times.append((*(sent - begin), *(done - begin)))
    send(native, QEvent.Type.MouseButtonRelease, points[-1], Qt.MouseButton.LeftButton)
    settle(0.1)
    return times


def send(native: Any, kind: Any, point: npt.NDArray[Any], held: Any) -> None:
    """One mouse event."""
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
    buttons = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else held
    at = QPointF(float(point[0]), float(point[1]))
    scene = QPointF(native.mapToGlobal(at.toPoint()))
    event = QMouseEvent(kind, at, scene, button, buttons, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(native, event)


def settle(seconds: float) -> None:
    """Let timers and workers do what they still have to do."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        QApplication.processEvents()
        time.sleep(0.005)


def figures(times: npt.NDArray[np.float64]) -> str:
    """Median and 95th percentile of each column, in ms."""
    parts = [np.percentile(column, (50, 95)) * 1000 for column in times.T]
    return " | ".join(f"{median:.1f}, {p95:.1f}" for median, p95 in parts)


def print_steps(tools: Any, layer: Any) -> None:
    """How long undo and redo take, one by one and all at once."""
    history = tools.history_of(layer)
    count = history.done
    single = []
    for _ in range(min(20, count)):
        begin = time.perf_counter(), time.thread_time()
        tools.undo()
        single.append((time.perf_counter() - begin[0], time.thread_time() - begin[1]))
    start = time.perf_counter()
    tools.go_to_step(layer, 0)
    all_undone = time.perf_counter() - start
    tools.go_to_step(layer, count)
    print(
        "undo of one stroke, wall and CPU, each median and p95 in ms: "
        f"{figures(np.array(single))} (n = {len(single)}); "
        f"{count - len(single)} steps at once: {all_undone * 1000:.0f} ms; "
        f"{count} strokes take {history.nbytes / 1024:.0f} kB"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 10)
