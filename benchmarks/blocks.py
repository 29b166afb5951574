"""How long the window is kept busy at once by what one does most, against bare napari.

    python benchmarks/blocks.py CASE [--repeats 3] [--profile WHAT]

CASE is a case folder. Two real windows of one size show the same arrays: napari alone, and napari
with the panel. Each act is done in both in turn. What is told is the CPU time of the main thread in
the act itself or in the busiest turn of the event loop after it, drawing included: for so long the
window answers nothing. Layouts are asked for as the keys and buttons do. ``--profile`` prints where
the time of one act goes.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

import napari
import numpy as np
from qtpy.QtWidgets import QApplication
from rows import AT_MOST, AT_MOST_MORE, Goal, Row, report
from strokes import bare_window, settle

from napari_brats.widgets.layout import Layout
from napari_brats.widgets.main import BratsWidget

LIMIT_S = 0.1
AFTER_S = 0.6


def main() -> None:
    """Open both windows, act, report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--profile", default="")
    arguments = parser.parse_args()
    ours = napari.Viewer(title="with the panel")
    panel = BratsWidget(ours)
    ours.window.add_dock_widget(panel, name="BraTS")
    ours.open(arguments.case, plugin="napari-brats")
    settle(3)
    bridge = panel.bridge
    if bridge.tools.target is None:
        bridge.new_label_map(bridge.active_case_key or "")
    bare, labels = bare_window(ours, bridge.tools.target)
    if arguments.profile in ("", "layouts"):
        report_layouts(bridge.view, bare, labels)
    for name, act, peer, counterpart in acts(ours, bridge, bare, labels):
        if arguments.profile and arguments.profile not in name:
            continue
        profile = cProfile.Profile(time.thread_time) if arguments.profile else None
        found = [(busiest(act, profile), busiest(counterpart)) for _ in range(arguments.repeats)]
        if profile is not None:
            pstats.Stats(profile).sort_stats("cumtime").print_stats(80)
        own, others = ([pair[index] for pair in found] for index in range(2))
        goal = Goal(AT_MOST_MORE, LIMIT_S)
        report(Row(f"busy at once: {name}", own, goal, peer=peer, others=others))
    panel.shut_down()
    bare.close()
    ours.close()


Act = Callable[[], object]


def acts(ours: Any, bridge: Any, bare: Any, labels: Any) -> list[tuple[str, Act, str, Act]]:
    """Name, what we do, the name of napari's counterpart, and that."""
    modalities = cycle(bridge.view.present)
    images = cycle([layer for layer in bare.layers if layer is not labels])

    def show_next() -> None:
        shown = next(images)
        for layer in bare.layers:
            layer.visible = layer in (shown, labels)

    def next_slice(viewer: Any) -> Act:
        steps = cycle((60, 61, 62))
        return lambda: viewer.dims.set_current_step(0, next(steps))

    key = bridge.active_case_key or ""
    return [
        ("next slice", next_slice(ours), "napari's slider", next_slice(bare)),
        ("a modality by its key", lambda: bridge.view.show(next(modalities)),
         "napari: one image visible, the others not", show_next),
        ("a new label map", lambda: bridge.new_label_map(key),
         "napari: add_labels", lambda: bare.add_labels(np.zeros_like(labels.data))),
    ]  # fmt: skip


def report_layouts(view: Any, bare: Any, labels: Any) -> None:
    """Each switch twice, the first with cells to be made, beside napari's grid of the images."""
    found: dict[tuple[str, str], list[float]] = {}
    grid = bare.canvas.grid
    shown = [layer for layer in bare.layers if layer.visible]
    for layer in bare.layers:
        layer.visible = layer is not labels
    for turn in ("first time", "again"):
        for on in (True, False):
            name = f"napari's grid {'on' if on else 'off'}"
            found[name, turn] = switched(lambda on=on: setattr(grid, "enabled", on), lambda: True)
        for layout in (Layout.SIDE_BY_SIDE, Layout.SINGLE, Layout.PLANES, Layout.SINGLE):
            name = f"{view.layout.value} to {layout.value}"
            found[name, turn] = switched(
                lambda layout=layout: view.request_layout(layout),
                lambda layout=layout: view.layout is layout,
            )
    for layer in bare.layers:
        layer.visible = layer in shown
    for (name, turn), turns in found.items():
        is_ours = "napari" not in name
        goal = Goal(AT_MOST, LIMIT_S) if is_ours else None
        note = f"{sum(turns):.2f} s CPU in all"
        report(Row(f"busy at once: {name}, {turn}", [max(turns)], goal, note=note))


def switched(act: Act, is_done: Callable[[], bool]) -> list[float]:
    """CPU seconds of the act, and of the turns of the loop until all is drawn."""
    settle(0.3)
    begin = time.thread_time()
    act()
    turns = [time.thread_time() - begin]
    while not is_done():
        turns.append(turned())
    return turns + [turned() for _ in range(20)]


def busiest(act: Act, profile: Any = None) -> float:
    """CPU seconds of the main thread in the act, or in the busiest turn of the loop after it."""
    settle(0.2)
    if profile is not None:
        profile.enable()
    begin = time.thread_time()
    act()
    most, end = time.thread_time() - begin, time.perf_counter() + AFTER_S
    while time.perf_counter() < end:
        most = max(most, turned())
    if profile is not None:
        profile.disable()
    return most


def turned() -> float:
    """CPU seconds of one turn of the event loop."""
    begin = time.thread_time()
    QApplication.processEvents()
    spent = time.thread_time() - begin
    time.sleep(0.002)
    return spent


if __name__ == "__main__":
    main()
