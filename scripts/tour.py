"""Hands in a real window, for the pictures of the guide and for the scripted session.

Every key and every move of the mouse is an event of the window, as a user's are. Needs the package
with a Qt binding, and a screen (``xvfb-run -s "-screen 0 1280x800x24"`` will do).
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import napari
from napari._qt.dialogs.qt_notification import NapariQtNotification
from qtpy.QtCore import QEvent, QPoint, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QWidget

from napari_brats.widgets.main import BratsWidget

PLUGIN = "napari-brats"
SAMPLE = Path(__file__).parents[1] / "sample_data"
MODIFIERS = {
    "Ctrl": Qt.KeyboardModifier.ControlModifier,
    "Shift": Qt.KeyboardModifier.ShiftModifier,
    "Alt": Qt.KeyboardModifier.AltModifier,
}
X_KEYS = {"PageUp": "Prior", "PageDown": "Next"}
"""What X calls keys that Qt has another name for."""


def spin(seconds: float, until: Callable[[], bool] = lambda: False) -> None:
    """Let the event loop run for so long, or until something is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not until():
        QApplication.processEvents()
        time.sleep(0.005)


class Hands(Protocol):
    """Presses keys and moves the mouse."""

    def press(self, widget: QWidget, keys: str) -> None:
        """Press keys such as "Ctrl+F1" in a widget that has the focus."""

    def drag(self, widget: QWidget, points: Sequence[QPoint]) -> None:
        """Press the left button at the first point, pull over the others, let go at the last."""


class QtHands:
    """Makes Qt's own events, at the widget they are for."""

    def press(self, widget: QWidget, keys: str) -> None:
        """Press keys. QTest has no PageUp and PageDown."""
        *held, name = keys.split("+")
        modifiers = Qt.KeyboardModifier.NoModifier
        for modifier in held:
            modifiers |= MODIFIERS[modifier]
        key = getattr(Qt.Key, f"Key_{name}")
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            QApplication.sendEvent(widget, QKeyEvent(kind, key, modifiers))

    def drag(self, widget: QWidget, points: Sequence[QPoint]) -> None:
        """Drag; with one point, click."""
        left = Qt.MouseButton.LeftButton
        QTest.mouseMove(widget, points[0])
        QTest.mousePress(widget, left, pos=points[0])
        for point in points[1:]:
            QTest.mouseMove(widget, point)
            spin(0.1)
        QTest.mouseRelease(widget, left, pos=points[-1])


class XHands:
    """Lets xdotool press the keys and move the mouse of the screen: nothing knows of Qt."""

    def press(self, widget: QWidget, keys: str) -> None:
        """Press keys."""
        self._do("windowfocus", "--sync", str(int(widget.window().winId())))
        parts = keys.replace("Ctrl", "ctrl").replace("Shift", "shift").replace("Alt", "alt")
        *modifiers, key = parts.split("+")
        # A capital letter would be pressed with Shift.
        key = X_KEYS.get(key, key.lower() if len(key) == 1 else key)
        self._do("key", "+".join((*modifiers, key)))

    def drag(self, widget: QWidget, points: Sequence[QPoint]) -> None:
        """Drag; with one point, click."""
        places = [widget.mapToGlobal(point) for point in points]
        self._do("mousemove", str(places[0].x()), str(places[0].y()))
        self._do("mousedown", "1")
        for place in places[1:]:
            self._do("mousemove", str(place.x()), str(place.y()))
        self._do("mouseup", "1")

    def _do(self, *words: str) -> None:
        subprocess.run(("xdotool", *words), check=True)
        spin(0.1)


class Tour:
    """A window with the panel, and hands that press keys and buttons in it."""

    def __init__(self, folder: Path, hands: Hands | None = None) -> None:
        self.hands = hands or QtHands()
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
            self.shoot("failed")
            sys.exit(f"This did not happen: {what}.")

    def check(self, what: str, is_so: bool) -> None:
        """Say that it is so, or stop with a picture of how it is."""
        if not is_so:
            self.shoot("failed")
            sys.exit(f"This is not so: {what}.")
        print(f"  {what}", flush=True)

    def press(self, keys: str, times: int = 1) -> None:
        """Press keys such as "Ctrl+Shift+F6" in the main canvas."""
        canvas = self.window._qt_viewer.canvas.native
        canvas.setFocus()
        for _ in range(times):
            self.hands.press(canvas, keys)
            spin(0.2)
        spin(1)

    def click(self, button: QWidget) -> None:
        """Click on a button of the panel, wherever that is scrolled to."""
        self.panel.sections.ensureWidgetVisible(button)
        spin(0.5)
        self.hands.drag(button, [button.rect().center()])
        spin(0.5)

    def view(self, axis: int) -> tuple[Any, QWidget]:
        """The model and the canvas in which slices across an axis are shown: 0 axial, 1 coronal."""
        for shown in self.window.findChildren(type(self.window._qt_viewer)):
            dims = shown.viewer.dims
            if dims.ndisplay == 2 and dims.order[0] == axis:
                return shown.viewer, shown.canvas.native
        sys.exit(f"No view across axis {axis}.")

    def drag(self, axis: int, voxels: Sequence[Sequence[float]]) -> None:
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
        self.hands.drag(canvas, points)
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
