"""The dock widget "Follow-up": panel, controller and view."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from tests.followup.patients import BEFORE, write_visit

from napari_brats.core.errors import CaseError
from napari_brats.core.labels import Label, Region
from napari_brats.core.progress import Job, Progress, drain
from napari_brats.followup.change import Change
from napari_brats.followup.comparison import FollowUp, FollowUpOptions, compare_time_points
from napari_brats.followup.time_points import Pick, TimePoint, find_time_points, in_order
from napari_brats.models.bundle import BundleList
from napari_brats.widgets.followup_control import FollowUpController
from napari_brats.widgets.followup_engine import FollowUpRequest, Shown
from napari_brats.widgets.followup_main import FollowUpWidget
from napari_brats.widgets.followup_panel import CHECKERBOARD, FLICKER, SIDE_BY_SIDE, FollowUpPanel
from napari_brats.widgets.followup_view import FollowUpView

LITTLE = {Label.ED: np.s_[10:14, 20:24, 18:22]}


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("patient")
    for week, blocks in ((0, BEFORE), (8, LITTLE), (16, BEFORE)):
        write_visit(folder, f"P1_week{week:03}", blocks=blocks)
    return folder


@pytest.fixture(scope="module")
def follow_up(patient: Path) -> FollowUp:
    points = in_order(find_time_points([patient]))
    return drain(compare_time_points(points, FollowUpOptions()))


class FakeView:
    """Remembers what it was asked to show."""

    def __init__(self) -> None:
        self.shown: list[tuple[int, int, Region, str]] = []

    def show_pair(
        self, follow_up: FollowUp, before: int, after: int, region: Region, view: str
    ) -> None:
        self.shown.append((before, after, region, view))

    def clear(self) -> None:
        self.shown.append((-1, -1, Region.WT, ""))


class Bench:
    """Panel and controller with an engine that gives a ready follow-up."""

    def __init__(self, qtbot: Any, follow_up: FollowUp) -> None:
        self.qtbot, self.requests, self.error = qtbot, [], ""
        self.panel, self.view = FollowUpPanel(), FakeView()
        qtbot.addWidget(self.panel)
        self._follow_up = follow_up
        self.control = FollowUpController(
            self.panel, self.view, self.panel, self._compare, lambda: BundleList((), ())
        )

    def _compare(self, found: Sequence[TimePoint], request: FollowUpRequest) -> Job[Shown]:
        self.requests.append(request)
        yield Progress(1, 2, "Registering")
        if self.error:
            raise CaseError(self.error)
        return Shown(self._follow_up, {}, "A plot needs matplotlib.")

    def open(self, folder: Path) -> None:
        self.panel.folder.set_path(folder)
        self.qtbot.waitUntil(lambda: self.panel.points.rowCount() > 0, timeout=60_000)

    def compare(self) -> None:
        self.panel.show()
        self.qtbot.mouseClick(self.panel.compare_button, Qt.MouseButton.LeftButton)
        self.qtbot.waitUntil(self.panel.compare_button.isEnabled, timeout=60_000)


@pytest.fixture
def bench(qtbot: Any, follow_up: FollowUp) -> Bench:
    return Bench(qtbot, follow_up)


def test_time_points_are_listed_and_ticked(bench: Bench, patient: Path):
    assert not bench.panel.compare_button.isEnabled()
    bench.open(patient)
    assert bench.panel.points.ticked() == [
        ("week000", "week000"),
        ("week008", "week008"),
        ("week016", "week016"),
    ]
    assert bench.panel.compare_button.isEnabled()
    for row in (0, 1):
        bench.panel.points.item(row, 0).setCheckState(Qt.CheckState.Unchecked)
    assert not bench.panel.compare_button.isEnabled()
    assert "at least two" in bench.panel.compare_button.toolTip()


def test_only_edited_times_and_ticked_names_are_asked_for(bench: Bench, patient: Path):
    bench.open(patient)
    bench.panel.points.item(1, 1).setText("week 9")
    bench.panel.points.item(2, 0).setCheckState(Qt.CheckState.Unchecked)
    bench.panel.noise.setValue(10)
    bench.compare()
    asked = FollowUpRequest((Pick("week000"), Pick("week008", "week 9")), True, "", 10.0)
    assert bench.requests == [asked]


def test_results(bench: Bench, patient: Path):
    bench.open(patient)
    bench.compare()
    panel = bench.panel
    assert [panel.pair_box.itemText(i) for i in range(3)] == [
        "week000 \u2192 week008",
        "week000 \u2192 week016",
        "week008 \u2192 week016",
    ]
    row = [panel.figures.item(1, column).text() for column in range(4)]
    assert row == ["week008", "4.1", "-94 %", "-94 %"]  # 64 voxels of 0.064 ml of 1000
    assert "week008: volume (ml) -65 % against baseline" in panel.crossed.text()
    assert "A plot needs matplotlib." in panel.message.text()
    assert not panel.plot.isVisible()
    assert bench.view.shown[-1] == (0, 1, Region.WT, SIDE_BY_SIDE)
    panel.pair_box.setCurrentIndex(2)
    panel.region_box.setCurrentIndex(2)
    panel.view_box.setCurrentIndex(1)
    assert bench.view.shown[-1] == (1, 2, Region.ET, CHECKERBOARD)
    assert panel.figures.item(1, 1).text() == "0.0"


def test_an_error_is_shown_and_the_panel_can_be_used_again(bench: Bench, patient: Path):
    bench.open(patient)
    bench.error = "The order of the time points is not known."
    bench.compare()
    assert bench.panel.message.text() == bench.error
    assert not bench.panel.results.isVisible()


def test_cancel(bench: Bench, patient: Path):
    bench.open(patient)
    bench.panel.show()
    bench.panel.compare_button.click()
    bench.panel.cancel_button.click()
    assert bench.panel.message.text() == "Cancelled. Nothing was changed."
    assert bench.panel.compare_button.isEnabled()
    assert not bench.panel.results.isVisible()


def test_a_folder_with_one_time_point_says_so(bench: Bench, tmp_path: Path):
    write_visit(tmp_path, "P1_week000")
    bench.open(tmp_path)
    assert "1 time point in this folder" in bench.panel.message.text()


def test_a_folder_without_images_says_so(bench: Bench, tmp_path: Path):
    bench.panel.folder.set_path(tmp_path)
    bench.qtbot.waitUntil(lambda: "No case was found" in bench.panel.message.text())
    assert bench.panel.points.rowCount() == 0
    assert not bench.panel.compare_button.isEnabled()


def test_the_table_is_saved(bench: Bench, patient: Path, tmp_path: Path):
    bench.open(patient)
    bench.compare()
    bench.panel.save_requested.emit(tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_text().startswith("time_point,case_id,date")
    bench.panel.save_requested.emit(tmp_path / "nowhere" / "table.csv")
    assert "does not exist" in bench.panel.message.text()


def test_views(make_napari_viewer: Callable[[], Any], follow_up: FollowUp):
    viewer = make_napari_viewer()
    theirs = viewer.add_image(np.zeros((4, 4, 4)), name="theirs")
    view = FollowUpView(viewer, None)
    view.show_pair(follow_up, 0, 1, Region.WT, SIDE_BY_SIDE)
    names = [layer.name for layer in viewer.layers[:4]]
    assert names[::2] == ["week000", "week008"]
    assert viewer.canvas.grid.enabled
    assert not theirs.visible
    shown = viewer.layers[1].data
    changes = follow_up.change(0, 1, Region.WT)
    assert np.bincount(shown.ravel()).tolist() == np.bincount(changes.ravel()).tolist()
    section = shown[int(viewer.dims.point[0] / 4)]
    assert (section == Change.RESOLVED).any()  # it went where something changed
    images = list(viewer.layers)[::2]
    view.show_pair(follow_up, 0, 1, Region.ET, SIDE_BY_SIDE)
    assert list(viewer.layers)[::2] == images  # only the change maps were renewed
    assert viewer.layers[1].name == "change ET week000 to week008"
    point = viewer.dims.point
    view.show_pair(follow_up, 0, 1, Region.ET, CHECKERBOARD)
    assert not viewer.canvas.grid.enabled
    assert viewer.layers[1].name == "week000 and week008"
    assert viewer.dims.point == point
    view.show_pair(follow_up, 0, 1, Region.ET, FLICKER)
    assert [layer.visible for layer in viewer.layers] == [False, True, False, True]
    view._on_flicker()
    assert [layer.visible for layer in viewer.layers] == [False, False, True, True]
    view.clear()
    assert [layer.name for layer in viewer.layers] == ["theirs"]
    assert theirs.visible
    view.close()


def test_the_widget_opens_in_a_window(make_napari_viewer: Callable[[], Any]):
    viewer = make_napari_viewer()
    _, widget = viewer.window.add_plugin_dock_widget("napari-brats", "Follow-up")
    assert isinstance(widget, FollowUpWidget)
    assert widget.panel.bundle_box.count() > 1  # the bundled network, or left out
