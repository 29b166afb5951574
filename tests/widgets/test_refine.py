"""The tool "Refine": strokes, the border they lead to, and what is written of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QObject, Signal

from napari_brats.core.edits.edit import Edit
from napari_brats.core.edits.planes import Plane
from napari_brats.core.edits.similar import Appearance
from napari_brats.core.labels import Label, Region
from napari_brats.core.progress import drain
from napari_brats.widgets import refine_control
from napari_brats.widgets.refine_control import RefineController
from napari_brats.widgets.refine_panel import RefinePanel
from napari_brats.widgets.refine_stroke import passed_voxels
from napari_brats.widgets.shape_tools_panel import ShapeToolsPanel
from napari_brats.widgets.tools_pointer import Place

SIZE = 20


class Tools(QObject):
    """A label map: a cube of ED, one voxel too small on every side of what the image shows."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        labels = np.zeros((SIZE,) * 3, np.uint8)
        labels[7:13, 7:13, 7:13] = Label.ED
        self.target: Any = SimpleNamespace(data=labels, scale=(1.0, 1.0, 1.0))
        self.label, self.mode, self.keeps_mode = int(Label.ED), "paint", False
        self.steps: list[str] = []

    def choose_mode(self, mode: str) -> None:
        self.mode = mode
        self.changed.emit()

    def apply(self, layer: Any, edit: Edit, *, tool: str) -> int:
        before = layer.data[edit.box].copy()
        layer.data[edit.box] = edit.labels
        self.steps.append(tool)
        return int(np.count_nonzero(before != edit.labels))


class Pointer(QObject):
    """The mouse, without any."""

    tool_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.tool: Any = None
        self.is_held_off = lambda: False
        self.preview: Any = None

    def show_preview(self, layer: Any, preview: Any) -> None:
        del layer
        self.preview = preview


class Images(QObject):
    """One image on which the cube is 10 wide."""

    ready = Signal()
    failed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        image = np.zeros((1, SIZE, SIZE, SIZE), np.float32)
        image[:, 5:15, 5:15, 5:15] = 2
        whole = slice(0, SIZE)
        self.value = Appearance(image, (whole, whole, whole))
        self.is_read = True

    def is_for(self, layer: Any) -> bool:
        del layer
        return self.is_read

    def prepare(self, layer: Any) -> str:
        del layer
        return ""


class Bench:
    """The tool in hand, and a hand."""

    def __init__(self, qtbot: Any) -> None:
        self.panel, self.settings = RefinePanel(), ShapeToolsPanel()
        qtbot.addWidget(self.panel)
        qtbot.addWidget(self.settings)
        self.viewer = SimpleNamespace(tools=Tools(), pointer=Pointer())
        self.images = Images()
        self.control = RefineController(
            self.panel,
            self.settings,
            self.viewer,
            self.images,
            lambda layer, target: None,
            self.panel,
        )
        self.settings.target_box.setCurrentIndex(1)  # WT
        self.control.choose(True)

    @property
    def labels(self) -> np.ndarray:
        return self.viewer.tools.target.data

    def draw(self, row: float, *keys: str) -> None:
        """A stroke along a row of the tenth slice."""
        tool = self.viewer.pointer.tool
        places = [self.place(row, column, keys) for column in (8.0, 12.0)]
        tool.press(places[0])
        tool.move(places[1])
        tool.release(places[1])

    def place(self, row: float, column: float, keys: tuple[str, ...]) -> Place:
        at = np.array([10.0, row, column])
        return Place(self.viewer.tools.target, at, Plane(0, 10), (0.0, 0.0), keys)


@pytest.fixture
def bench(qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Jobs are done at once."""

    def run(job: Any, *, on_returned: Any, on_finished: Any, **_: Any) -> Any:
        on_returned(drain(job))
        on_finished()
        return None

    monkeypatch.setattr(refine_control, "run_job", run)
    return Bench(qtbot)


def test_a_stroke_shows_a_border_and_changes_nothing_yet(bench: Bench) -> None:
    before = bench.labels.copy()
    bench.draw(13.0)
    assert np.array_equal(bench.labels, before)
    shown = bench.viewer.pointer.preview
    assert np.count_nonzero(shown.mask) > np.count_nonzero(before)
    assert bench.panel.accept_button.isEnabled()
    assert bench.panel.message.text().startswith("+")


def test_accepting_writes_one_step(bench: Bench) -> None:
    before = bench.labels.copy()
    bench.draw(13.0)
    bench.panel.accept_button.click()
    gained = (bench.labels != 0) & (before == 0)
    assert gained[10, 13, 8:13].all()
    assert (bench.labels[before != 0] == Label.ED).all()
    assert bench.viewer.tools.steps == ["Refine"]
    assert bench.viewer.pointer.preview is None
    assert not bench.panel.accept_button.isEnabled()


def test_shift_takes_away(bench: Bench) -> None:
    bench.draw(7.0, "Shift")
    bench.control.accept()
    assert not bench.labels[10, 7, 8:13].any()


def test_rejecting_leaves_everything(bench: Bench) -> None:
    before = bench.labels.copy()
    bench.draw(13.0)
    bench.panel.reject_button.click()
    bench.control.accept()
    assert np.array_equal(bench.labels, before)
    assert bench.viewer.tools.steps == []


def test_a_stroke_waits_for_the_images(bench: Bench) -> None:
    bench.images.is_read = False
    bench.draw(13.0)
    assert "waits" in bench.panel.message.text()
    bench.images.is_read = True
    bench.images.ready.emit()
    assert bench.panel.message.text().startswith("+")


def test_strokes_lead_on_from_each_other(bench: Bench) -> None:
    bench.draw(13.0)
    first = np.count_nonzero(bench.viewer.pointer.preview.mask)
    bench.draw(5.0)
    assert np.count_nonzero(bench.viewer.pointer.preview.mask) > first
    bench.control.accept()
    assert bench.viewer.tools.steps == ["Refine"]


def test_painting_elsewhere_meanwhile_is_kept(bench: Bench) -> None:
    bench.draw(13.0)
    bench.labels[2, 2, 2] = Label.ET
    bench.control.accept()
    assert bench.labels[2, 2, 2] == Label.ET


@pytest.mark.parametrize("who", ["mode", "pointer", "target"])
def test_whoever_takes_the_mouse_puts_it_away(bench: Bench, who: str) -> None:
    bench.draw(13.0)
    tools = bench.viewer.tools
    if who == "mode":
        tools.choose_mode("paint")
    elif who == "pointer":
        bench.viewer.pointer.tool = object()
        bench.viewer.pointer.tool_changed.emit()
    else:
        tools.target = None
        tools.changed.emit()
    assert not bench.panel.button.isChecked()
    assert bench.viewer.pointer.preview is None


def test_escape_rejects_then_puts_away(bench: Bench) -> None:
    bench.draw(13.0)
    assert bench.control._on_drop_key()
    assert bench.panel.button.isChecked()
    assert bench.control._on_drop_key()
    assert not bench.panel.button.isChecked()
    assert bench.viewer.pointer.tool is None


def test_nested_regions_are_kept_so(bench: Bench) -> None:
    bench.settings.target_box.setCurrentIndex(2)  # TC: may take ED only
    before = bench.labels.copy()
    bench.draw(13.0)  # just outside WT
    bench.control.accept()
    assert bench.settings.request("refine").region is Region.TC
    assert np.array_equal(bench.labels != 0, before != 0)
    assert (bench.labels == Label.NCR).any()


def test_a_line_passes_each_voxel_once() -> None:
    points = np.array([[0, 0, 0], [0, 3, 3], [0, 3, 9]], float)
    voxels = passed_voxels(points, (1, 5, 6)).tolist()
    assert voxels == [[0, 0, 0], [0, 1, 1], [0, 2, 2], [0, 3, 3], [0, 3, 4], [0, 3, 5]]
