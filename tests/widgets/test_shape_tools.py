"""The shape tools: what buttons ask for, and how their work reaches the label map."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QObject, Signal

from napari_brats.core.edits.edit import Edit, PaintRules
from napari_brats.core.edits.planes import Plane
from napari_brats.core.edits.scheme import Scheme
from napari_brats.core.labels import Label, Region
from napari_brats.widgets import shape_tools_control
from napari_brats.widgets.keys import SHAPE_KEYS
from napari_brats.widgets.shape_tools_control import ShapeToolsController
from napari_brats.widgets.shape_tools_panel import BUTTONS, ShapeRequest, ShapeToolsPanel


class Tools(QObject):
    """Writes edits under rules, as the tools of the label map do."""

    changed = Signal()

    def __init__(self, labels: np.ndarray) -> None:
        super().__init__()
        self.target: Any = SimpleNamespace(data=labels, scale=(3.0, 1.0, 1.0))
        self.label = int(Label.ED)
        self.rules = PaintRules()
        self.steps: list[str] = []

    def apply(self, layer: Any, edit: Edit, *, tool: str) -> int:
        before = layer.data[edit.box].copy()
        layer.data[edit.box] = self.rules.apply(before, edit.labels)
        self.steps.append(tool)
        return int(np.count_nonzero(layer.data[edit.box] != before))


class Viewer:
    """Looks at the second slice of axis 0."""

    def __init__(self, labels: np.ndarray) -> None:
        self.tools = Tools(labels)

    def plane_looked_at(self, layer: Any) -> Plane:
        del layer
        return Plane(0, 1)


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Jobs that are started, as functions that finish them."""
    started: list[Any] = []

    def run(job: Any, *, on_returned: Any, on_failed: Any, on_finished: Any, owner: Any) -> Any:
        del on_failed, owner

        def finish() -> None:
            from napari_brats.core.progress import drain

            on_returned(drain(job))
            on_finished()

        started.append(finish)
        return SimpleNamespace(cancel=lambda: None)

    monkeypatch.setattr(shape_tools_control, "run_job", run)
    return started


@pytest.fixture
def panel(qtbot: Any) -> ShapeToolsPanel:
    """The panel alone."""
    panel = ShapeToolsPanel()
    qtbot.addWidget(panel)
    return panel


def painted() -> np.ndarray:
    """Three slices of 4x4; the first and the last are painted."""
    labels = np.zeros((3, 4, 4), np.uint8)
    labels[[0, 2], 1:3, 1:3] = Label.ED
    return labels


def test_a_button_asks_for_what_is_set(panel: ShapeToolsPanel) -> None:
    asked: list[ShapeRequest] = []
    panel.requested.connect(asked.append)
    panel.set_amount("grow", 2.5)
    panel.target_box.setCurrentIndex(2)
    panel.scope_box.setCurrentIndex(1)
    panel.cut_box.setChecked(False)
    panel.buttons["shrink"].click()
    panel.buttons["fill_holes"].click()
    assert asked == [
        ShapeRequest("shrink", Region.TC, True, 2.5, Scheme(cut_inner=False)),
        ShapeRequest("fill_holes", Region.TC, True, 0.0, Scheme(cut_inner=False)),
    ]


def test_every_button_says_what_it_does_and_its_key(panel: ShapeToolsPanel) -> None:
    assert set(panel.buttons) == set(BUTTONS)
    for name, button in panel.buttons.items():
        assert BUTTONS[name][1] in button.toolTip()
        assert SHAPE_KEYS.get(name, "") in button.toolTip()


def test_interpolation_fills_the_gap_as_one_step(
    panel: ShapeToolsPanel, waiting: list[Any]
) -> None:
    viewer = Viewer(painted())
    ShapeToolsController(panel, viewer, panel)
    panel.buttons["interpolate"].click()
    assert not panel.buttons["grow"].isEnabled()  # one at a time
    waiting.pop()()
    assert (viewer.tools.target.data[:, 1:3, 1:3] == Label.ED).all()
    assert viewer.tools.steps == ["Interpolate"]
    assert "4 voxels, 0.01 ml" in panel.message.text()
    assert panel.buttons["grow"].isEnabled()


def test_slices_too_far_apart_in_mm_are_not_connected(
    panel: ShapeToolsPanel, waiting: list[Any]
) -> None:
    viewer = Viewer(painted())
    ShapeToolsController(panel, viewer, panel)
    panel.set_amount("interpolate", 5.0)  # they are 6 mm apart
    panel.buttons["interpolate"].click()
    waiting.pop()()
    assert viewer.tools.steps == []
    assert "changes nothing" in panel.message.text()


def test_locks_are_respected_and_said(panel: ShapeToolsPanel, waiting: list[Any]) -> None:
    viewer = Viewer(painted())
    viewer.tools.rules = PaintRules(frozenset({int(Label.ED)}))
    before = viewer.tools.target.data.copy()
    ShapeToolsController(panel, viewer, panel)
    panel.buttons["shrink"].click()
    waiting.pop()()
    assert np.array_equal(viewer.tools.target.data, before)
    assert "locked" in panel.message.text()


def test_an_edit_made_meanwhile_is_not_overwritten(
    panel: ShapeToolsPanel, waiting: list[Any]
) -> None:
    viewer = Viewer(painted())
    ShapeToolsController(panel, viewer, panel)
    panel.buttons["interpolate"].click()
    viewer.tools.target.data[1, 1, 1] = Label.ET
    waiting.pop()()
    assert viewer.tools.steps == []
    assert np.count_nonzero(viewer.tools.target.data[1]) == 1
    assert "try again" in panel.message.text()


@pytest.mark.parametrize("label", [0, 99])
def test_what_is_no_label_is_told(panel: ShapeToolsPanel, waiting: list[Any], label: int) -> None:
    viewer = Viewer(painted())
    viewer.tools.label = label
    ShapeToolsController(panel, viewer, panel)
    panel.buttons["grow"].click()
    assert not waiting
    assert "Choose a label" in panel.message.text()


def test_without_a_label_map_there_is_nothing_to_press(panel: ShapeToolsPanel) -> None:
    viewer = Viewer(painted())
    viewer.tools.target = None
    ShapeToolsController(panel, viewer, panel)
    assert not any(button.isEnabled() for button in panel.buttons.values())


def test_keys_run_the_tools(panel: ShapeToolsPanel, waiting: list[Any]) -> None:
    viewer = Viewer(painted())
    control = ShapeToolsController(panel, viewer, panel)
    control.actions[SHAPE_KEYS["grow"]]()
    waiting.pop()()
    assert viewer.tools.steps == ["Grow"]
