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
from pathlib import Path

import numpy as np
from qtpy.QtCore import QTimer

from napari_brats.widgets import unsaved
from tour import PLUGIN, SAMPLE, Tour, spin


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
    tour.press("Home")
    tour.unfold(panel.review_panel)
    tour.shoot("segmented")
    tour.go_to([int(np.median(index)) for index in np.nonzero(tour.layer.data)])
    tour.unfold(panel.view_panel)
    tour.press("F7")
    tour.shoot("side-by-side")
    tour.press("Shift+F7")
    tour.press("Shift+F12")
    tour.require("surfaces are made", lambda: panel.surfaces_view.is_shown)
    tour.shoot("planes")
    tour.press("Shift+F12")


def correct(tour: Tour) -> None:
    """Paint in the coronal view, grow from a click, refine, and go back through the steps."""
    panel = tour.panel
    z, y, x = (int(np.median(index)) for index in np.nonzero(tour.layer.data == 2))
    tour.unfold(panel.correct_panel)
    tour.press("Alt+2")
    before = int(np.count_nonzero(tour.layer.data))
    tour.drag(1, [(z - 30, y, x + dx) for dx in range(-20, 21, 4)])
    tour.require(
        "a stroke in the coronal view", lambda: bool(np.count_nonzero(tour.layer.data) > before)
    )
    tour.unfold(panel.correct_panel)
    tour.shoot("paint-coronal")
    tour.press("Shift+F7")
    tour.unfold(panel.tools_panel)
    core = np.argwhere(tour.layer.data == 3)
    place = core[len(core) // 2]
    tour.go_to(place)
    tour.press("Alt+3")
    tour.press("Shift+F2")
    tour.drag(0, [place, place])
    spin(10)
    tour.shoot("wand")
    tour.press("Escape")
    tour.press("Escape")
    tour.press("Ctrl+Shift+F6")
    tour.drag(0, [place + np.array((0, dy, 0)) for dy in range(-6, 7, 2)])
    spin(5)
    tour.shoot("refine")
    tour.press("Escape")
    tour.press("Ctrl+Shift+F6")


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
