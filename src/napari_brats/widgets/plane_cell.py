"""One further canvas of the window: a plane, or the volume, of the same layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.components import ViewerModel
from napari.qt import QtViewer
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_brats.widgets.layer_copies import LayerCopies, TwinsOf
from napari_brats.widgets.scene_graph import make_current

if TYPE_CHECKING:
    from napari import Viewer

FROM_THE_FRONT = (0.3, 0.9, -0.3)
"""Where the 3-D camera looks to at first, on the (I, P, L) grid: the face, a little from above."""
ROUND_THE_HEAD = 0.85
"""Which part of the canvas a volume takes at first."""
HEAD_UP = (-1.0, 0.0, 0.0)


class _CellView(QtViewer):
    """napari's canvas and sliders."""

    def _bind_shortcuts(self) -> None:
        """Leave napari's shortcuts as the window has bound them, which is for all canvases."""


class PlaneCell(QWidget):
    """A canvas of its own, with sliders, on copies of the window's layers.

    Keys pressed here and files dropped here go to the window.
    """

    def __init__(
        self, viewer: Viewer, qt_viewer: QtViewer, twins_of: TwinsOf, *, in_volume: bool
    ) -> None:
        super().__init__()
        self._viewer, self._window_view = viewer, qt_viewer
        self.in_volume = in_volume
        self.model = ViewerModel()
        self.view = _CellView(self.model)
        self.copies = LayerCopies(viewer, self.view, twins_of, in_volume=in_volume)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)
        self.setMinimumSize(80, 80)
        self._join_window()

    def set_on(self, on: bool) -> None:
        """Follow the window's layers, or rest while hidden."""
        self.view.dims.stop()
        self.copies.set_on(on)

    def set_axes(self, order: tuple[int, ...]) -> None:
        """Show this order of axes, the last ones on the screen."""
        if self.in_volume:
            if self.model.dims.ndisplay == 2:
                self.model.dims.ndisplay = 3
                self.model.scene.camera.set_view_direction(FROM_THE_FRONT, HEAD_UP)
        elif len(order) == self.model.dims.ndim and self.model.dims.order != order:
            self.model.dims.order = order

    def close_for_good(self) -> None:
        """Let go of the window and vanish."""
        self.view.dims.stop()
        self._viewer.events.theme.disconnect(self._on_theme)
        self.copies.close()
        self.model._layer_slicer.shutdown()  # noqa: SLF001 (as napari's own viewer does)
        self.hide()
        self.deleteLater()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files, for the window."""
        self._window_view.dragEnterEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what is dropped in the window."""
        self._window_view.dropEvent(event)

    def _join_window(self) -> None:
        self.setAcceptDrops(True)
        self.view.setAcceptDrops(False)
        self._viewer.events.theme.connect(self._on_theme)
        self._on_theme()
        for emitter in (self.model.layers.events.removing, self.model.layers.events.begin_batch):
            emitter.connect(self._draw_here)
        self.model.scene.camera.orientation = self._viewer.scene.camera.orientation
        position = self.model.cursor.events.position
        position.disconnect(self.model.update_status_from_cursor)  # the status bar is the window's
        self.view._leave_canvas = self._on_leave  # noqa: SLF001 (napari looks it up so)
        own, window = self.view._key_map_handler, self._window_view._key_map_handler  # noqa: SLF001
        keys = self.view.canvas._scene_canvas.events  # noqa: SLF001
        keys.key_press.disconnect(own.on_key_press)
        keys.key_release.disconnect(own.on_key_release)
        keys.key_press.connect(window.on_key_press)
        keys.key_release.connect(window.on_key_release)

    def _on_theme(self, event: object = None) -> None:
        del event
        self.model.theme = self._viewer.theme

    def _draw_here(self, event: object = None) -> None:
        del event
        make_current(self.view)

    def _on_leave(self) -> None:
        self.model.mouse_over_canvas = False
        self._viewer.status = ""
