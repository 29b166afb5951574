"""The README's pictures, made anew from the synthetic sample in the real window.

    python scripts/screenshots.py docs/images

Needs the package with a Qt binding, and a screen (``xvfb-run -s "-screen 0 1280x800x24"`` will do).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import napari
from napari._qt.dialogs.qt_notification import NapariQtNotification
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication

from napari_brats.widgets.main import BratsWidget


def spin(seconds: float, until: Callable[[], bool] = lambda: False) -> None:
    """Let the event loop run for so long, or until something is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not until():
        QApplication.processEvents()
        time.sleep(0.005)


def main(folder: Path) -> None:
    """Drive the window and save a picture at each station."""
    folder.mkdir(parents=True, exist_ok=True)
    viewer = napari.Viewer()
    window = viewer.window._qt_window
    window.resize(1280, 800)
    panel = BratsWidget(viewer)
    viewer.window.add_dock_widget(panel, name="BraTS")

    def shoot(name: str) -> None:
        spin(1.5)
        window.grab().save(str(folder / f"{name}.png"))

    spin(3)
    for notice in window.findChildren(NapariQtNotification):
        notice.close()
    viewer.open_sample("napari-brats", "synthetic_glioma")
    shoot("open")

    spin(60, lambda: panel.segment_panel.device_box.count() > 0)
    panel.segment_panel.run_button.click()
    spin(120, panel.segment_panel.run_button.isEnabled)
    layer = panel.bridge.label_layer(panel.bridge.active_case_key or "")
    if layer is None:
        sys.exit(f"The run made no label map: {panel.segment_panel.message.text()}")
    middle = [int(index.mean()) for index in layer.data.nonzero()]
    for axis, index in enumerate(middle):
        viewer.dims.set_point(axis, index)
    shoot("segmented")

    panel.bridge.view.set_side_by_side(True)
    shoot("side-by-side")
    panel.bridge.view.set_side_by_side(False)
    for name, order in (("coronal", (1, 0, 2)), ("sagittal", (2, 0, 1))):
        viewer.dims.order = order
        viewer.reset_view()
        shoot(name)
    QTimer.singleShot(0, viewer.close)
    spin(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
