"""The pictures of the README and the guide, made anew from the synthetic sample in the real window.

    python scripts/screenshots.py docs/images

Every station is reached as a user would reach it, with keys and the mouse, so that this is a test
drive as well: it stops with a message where something does not happen. Needs the package with a Qt
binding, and a screen (``xvfb-run -s "-screen 0 1280x800x24"`` will do).
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import napari
import numpy as np
from napari._qt.dialogs.qt_notification import NapariQtNotification
from qtpy.QtCore import QPoint, Qt, QTimer
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QWidget

from napari_brats.widgets import unsaved
from napari_brats.widgets.main import BratsWidget

PLUGIN = "napari-brats"
SAMPLE = Path(__file__).parents[1] / "sample_data"
CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def spin(seconds: float, until: Callable[[], bool] = lambda: False) -> None:
    """Let the event loop run for so long, or until something is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not until():
        QApplication.processEvents()
        time.sleep(0.005)


class Tour:
    """A window with the panel, and hands that press keys and buttons in it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.viewer = napari.Viewer()
        self.window = self.viewer.window._qt_window
        self.window.resize(1280, 800)
        self.panel: BratsWidget = self.viewer.window.add_plugin_dock_widget(PLUGIN, "BraTS")[1]
        spin(3)
        for notice in self.window.findChildren(NapariQtNotification):
            notice.close()

    @property
    def layer(self) -> Any:
        """The label map in hand."""
        return self.panel.bridge.label_layer(self.panel.bridge.active_case_key or "")

    def shoot(self, name: str) -> None:
        """Save a picture of the window."""
        spin(2)
        self.window.grab().save(str(self.folder / f"{name}.png"))
        print(name, flush=True)

    def require(self, what: str, happened: Callable[[], bool], seconds: float = 120) -> None:
        """Wait for something, and stop where it does not come."""
        spin(seconds, happened)
        if not happened():
            sys.exit(f"This did not happen: {what}.")

    def press(self, key: Any, modifiers: Any = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key in the main canvas."""
        canvas = self.window._qt_viewer.canvas.native
        canvas.setFocus()
        QTest.keyClick(canvas, key, modifiers)
        spin(1)

    def view(self, axis: int) -> tuple[Any, QWidget]:
        """The model and the canvas in which slices across an axis are shown: 0 axial, 1 coronal."""
        for shown in self.window.findChildren(type(self.window._qt_viewer)):
            dims = shown.viewer.dims
            if dims.ndisplay == 2 and dims.order[0] == axis:
                return shown.viewer, shown.canvas.native
        sys.exit(f"No view across axis {axis}.")

    def drag(self, axis: int, voxels: Sequence[Sequence[float]], *, release: bool = True) -> None:
        """Press at the first voxel of a view, pull over the others, let go at the last."""
        model, canvas = self.view(axis)
        camera, layer = model.scene.camera, self.layer
        down, across = model.dims.displayed
        points = []
        for voxel in voxels:
            world = layer.data_to_world(voxel)
            x = canvas.width() / 2 + (world[across] - camera.center[-1]) * camera.zoom
            y = canvas.height() / 2 + (world[down] - camera.center[-2]) * camera.zoom
            points.append(QPoint(round(x), round(y)))
        left = Qt.MouseButton.LeftButton
        QTest.mouseMove(canvas, points[0])
        QTest.mousePress(canvas, left, pos=points[0])
        for point in points[1:]:
            QTest.mouseMove(canvas, point)
            spin(0.1)
        if release:
            QTest.mouseRelease(canvas, left, pos=points[-1])
        spin(0.5)

    def unfold(self, content: QWidget) -> None:
        """Open the section that holds a panel, and scroll it to the top."""
        area = self.panel.sections
        area.unfold(content)
        spin(0.5)
        heading = next(s for s in area.sections if s.content is content).heading
        area.verticalScrollBar().setValue(heading.mapTo(area.widget(), QPoint(0, 0)).y())

    def go_to(self, voxel: Sequence[int]) -> None:
        """Move all views to a voxel, given as the label map is shown."""
        for axis, index in enumerate(self.layer.data_to_world(voxel)):
            self.viewer.dims.set_point(axis, index)
        spin(1)


def main(folder: Path) -> None:
    """Drive the window and save a picture at each station."""
    unsaved.ask_user = lambda *_: unsaved.Answer.DISCARD  # nobody is there at the end
    tour = Tour(folder)
    see(tour)
    correct(tour)
    compare(tour)
    QTimer.singleShot(0, tour.viewer.close)
    spin(2)
    work_through(folder)


def see(tour: Tour) -> None:
    """Open, run, and look in every layout."""
    panel = tour.panel
    tour.viewer.open_sample(PLUGIN, "synthetic_glioma")
    tour.shoot("open")
    segment = panel.segment_panel
    tour.require("devices are listed", lambda: segment.device_box.count() > 0)
    before = len(panel.bridge.label_maps(panel.bridge.active_case_key or ""))
    segment.run_button.click()
    tour.require(
        "the run ends with a label map",
        lambda: (
            len(panel.bridge.label_maps(panel.bridge.active_case_key or "")) > before
            and segment.run_button.isEnabled()
        ),
    )
    tour.press(Qt.Key.Key_Home)
    tour.unfold(panel.review_panel)
    tour.shoot("segmented")
    tour.go_to([int(np.median(index)) for index in np.nonzero(tour.layer.data)])
    tour.unfold(panel.view_panel)
    tour.press(Qt.Key.Key_F7)
    tour.shoot("side-by-side")
    tour.press(Qt.Key.Key_F7, SHIFT)
    tour.press(Qt.Key.Key_F12, SHIFT)
    tour.require("surfaces are made", lambda: panel.surfaces_view.is_shown)
    tour.shoot("planes")
    tour.press(Qt.Key.Key_F12, SHIFT)


def correct(tour: Tour) -> None:
    """Paint in the coronal view, grow from a click, refine, and go back through the steps."""
    panel = tour.panel
    z, y, x = (int(np.median(index)) for index in np.nonzero(tour.layer.data == 2))
    tour.unfold(panel.correct_panel)
    tour.press(Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    before = int(np.count_nonzero(tour.layer.data))
    tour.drag(1, [(z - 30, y, x + dx) for dx in range(-20, 21, 4)])
    tour.require(
        "a stroke in the coronal view", lambda: bool(np.count_nonzero(tour.layer.data) > before)
    )
    tour.unfold(panel.correct_panel)
    tour.shoot("paint-coronal")
    tour.press(Qt.Key.Key_F7, SHIFT)
    tour.unfold(panel.tools_panel)
    core = np.argwhere(tour.layer.data == 3)
    place = core[len(core) // 2]
    tour.go_to(place)
    tour.press(Qt.Key.Key_3, Qt.KeyboardModifier.AltModifier)
    tour.press(Qt.Key.Key_F2, SHIFT)
    tour.drag(0, [place, place])
    spin(10)
    tour.shoot("wand")
    tour.press(Qt.Key.Key_Escape)
    tour.press(Qt.Key.Key_Escape)
    tour.press(Qt.Key.Key_F6, CTRL_SHIFT)
    tour.drag(0, [place + np.array((0, dy, 0)) for dy in range(-6, 7, 2)])
    spin(5)
    tour.shoot("refine")
    tour.press(Qt.Key.Key_Escape)
    tour.press(Qt.Key.Key_F6, CTRL_SHIFT)


def compare(tour: Tour) -> None:
    """Walk through what differs between the network's mask and the one of the sample."""
    panel = tour.panel.compare_panel
    tour.unfold(panel)
    spin(2)
    panel.compare_button.click()
    tour.require("the comparison ends", panel.compare_button.isEnabled)
    panel.next_button.click()
    tour.shoot("compare")


def work_through(folder: Path) -> None:
    """A folder of four cases as a worklist."""
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(4):
            shutil.copytree(
                next(SAMPLE.glob("BraTS-SYN-*")), Path(scratch) / f"BraTS-SYN-0000{number}-000"
            )
        tour = Tour(folder)
        worklist = tour.viewer.window.add_plugin_dock_widget(PLUGIN, "Worklist")[1]
        spin(2)
        worklist.panel.folder_requested.emit(Path(scratch))
        tour.require("the cases are listed", lambda: worklist.panel.model.rowCount() == 4)
        worklist.panel.next_button.click()
        tour.require("a case is open", lambda: bool(tour.panel.bridge.keys()))
        worklist.panel.sheet_button.click()
        worklist.parentWidget().raise_()  # in a narrow window it is a tab beside the panel
        spin(20)
        tour.shoot("worklist")
        QTimer.singleShot(0, tour.viewer.close)
        spin(2)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as own:
        os.environ["NAPARI_BRATS_DATA"] = own  # settings as they come, and nothing left behind
        main(Path(sys.argv[1]))
