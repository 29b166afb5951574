"""Layouts that come in steps: the window shows what it did until all cells are there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from qtpy.QtCore import QObject
from tests.io.volumes import affine_of, write_nifti

from napari_brats.widgets.case_group import MIRROR
from napari_brats.widgets.layout import Layout
from napari_brats.widgets.stepper import Stepper
from napari_brats.widgets.twin_labels import TwinLabels


@pytest.fixture
def opened(window: Any, tmp_path: Path) -> Any:
    """A window with T1N, T1C and T2F, and a label map."""
    home = tmp_path / "p1"
    home.mkdir()
    for token in ("t1n", "t1c", "t2f"):
        write_nifti(home / f"p1-{token}.nii", affine=affine_of("LPS"))
    write_nifti(home / "p1-seg.nii", np.ones((4, 5, 6), np.uint8), affine_of("LPS"))
    window.viewer.open(str(home), plugin="napari-brats")
    assert window.bridge.active_case_key
    return window


def _layers(window: Any) -> list[tuple[str, bool]]:
    return [(layer.name, layer.visible) for layer in window.viewer.layers]


def test_steps_are_taken_one_by_one_and_then_what_follows(qtbot: QtBot) -> None:
    done: list[str] = []

    def steps(name: str, count: int) -> Any:
        for number in range(count):
            done.append(f"{name} {number}")
            yield

    parent = QObject()
    stepper = Stepper(parent)
    stepper.start(steps("a", 10**6), lambda: done.append("end of a"))
    assert done == []
    qtbot.waitUntil(lambda: bool(done))
    stepper.start(steps("b", 2), lambda: done.append("end of b"))
    qtbot.waitUntil(lambda: not stepper.is_running)
    assert done[0] == "a 0"
    assert done[-3:] == ["b 0", "b 1", "end of b"]
    assert "end of a" not in done
    stepper.start(steps("c", 2), lambda: done.append("end of c"))
    stepper.stop()
    qtbot.wait(30)
    assert done[-1] == "end of b"


def test_cells_side_by_side_come_in_steps(opened: Any, qtbot: QtBot) -> None:
    view, before = opened.bridge.view, _layers(opened)
    view.request_layout(Layout.SIDE_BY_SIDE)
    assert view.layout is Layout.SINGLE
    seen: list[tuple[int, bool]] = []

    def has_come() -> bool:
        twins = [layer for layer in opened.viewer.layers if isinstance(layer, TwinLabels)]
        seen.append((len(twins), any(twin.visible for twin in twins)))
        return view.layout is Layout.SIDE_BY_SIDE

    qtbot.waitUntil(has_come, timeout=120_000)
    assert seen[-1] == (2, True)
    assert all(not visible for count, visible in seen[:-1])
    cells = opened.viewer.canvas.grid.iter_viewboxes(opened.viewer.layers)
    names = [[opened.viewer.layers[index].name for index in at] for _, at in cells if at]
    assert [cell[0] for cell in names] == ["T1N", "T1C", "T2F"]
    assert all(len(cell) == 2 for cell in names)
    view.toggle_layout(Layout.SIDE_BY_SIDE)
    qtbot.waitUntil(lambda: view.layout is Layout.SINGLE, timeout=120_000)
    assert _layers(opened) == before


def test_a_layout_that_is_coming_can_be_called_off(opened: Any, qtbot: QtBot) -> None:
    view, before = opened.bridge.view, _layers(opened)
    view.toggle_layout(Layout.SIDE_BY_SIDE)
    qtbot.waitUntil(lambda: len(opened.viewer.layers) > len(before), timeout=120_000)
    view.toggle_layout(Layout.SIDE_BY_SIDE)
    qtbot.wait(60)
    assert view.layout is Layout.SINGLE
    assert _layers(opened) == before
    view.toggle_layout(Layout.PLANES)
    qtbot.waitUntil(lambda: bool(view._planes.models), timeout=120_000)
    opened.bridge.new_label_map(opened.bridge.active_case_key)
    qtbot.wait(60)
    assert view.layout is Layout.SINGLE  # it was asked for another label map
    view.set_layout(Layout.PLANES)
    assert len(view._planes.models) == 3
    assert all(len(model.layers) >= 2 for model in view._planes.models)


def test_planes_come_in_steps_and_show_what_the_window_shows(opened: Any, qtbot: QtBot) -> None:
    view = opened.bridge.view
    made: list[Any] = []
    view.canvas_made.connect(made.append)
    view.request_layout(Layout.PLANES)
    qtbot.waitUntil(lambda: view.layout is Layout.PLANES, timeout=120_000)
    assert len(made) == 3
    assert tuple(made) == view._planes.models
    for model in made:
        assert [layer.name for layer in model.layers] == ["T1C", "label map"]
        assert all(layer.metadata[MIRROR] for layer in model.layers)
    assert [model.dims.order[0] for model in made[:2]] == [1, 2]
    assert made[2].dims.ndisplay == 3
