"""The crosshair: one point of the world that all views go to and mark with thin lines."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from napari._vispy.overlays.base import ViewerOverlayMixin, VispySceneOverlay
from napari._vispy.utils.visual import overlay_to_visual
from napari.components.overlays import SceneOverlay
from napari.layers.base._base_constants import Blending
from qtpy.QtCore import QObject, QTimer, Signal
from vispy.scene.visuals import Line

if TYPE_CHECKING:
    from napari.components import ViewerModel

NAME = "brats_crosshair"
COLOR = (0.35, 0.85, 1.0, 0.8)
GAP_PX = 8.0
"""Left free around the point, so that its voxel stays in sight."""
REACH_MM = 2000.0
CLICK_PX = 3.0
"""A mouse that moved less between press and release clicked."""

VOLUME_MS = 250

LEFT = 1


class CrosshairOverlay(SceneOverlay):
    """Thin lines through a point of the world."""

    blending: Blending = Blending.TRANSLUCENT_NO_DEPTH
    point: tuple[float, ...] = ()


def crosshair_lines(point: npt.ArrayLike, gap: float) -> npt.NDArray[np.float64]:
    """(4 n, n) end points, two per line: along each of the n axes, to both sides of the gap."""
    center = np.asarray(point, float)
    ends = []
    for step in np.eye(center.size):
        for reach in (-REACH_MM, REACH_MM):
            ends += [center + np.sign(reach) * gap * step, center + reach * step]
    return np.array(ends)


class VispyCrosshairOverlay(ViewerOverlayMixin, VispySceneOverlay):
    """Draws a `CrosshairOverlay`; napari makes one for each cell of its grid."""

    overlay: CrosshairOverlay

    def __init__(self, **named: Any) -> None:
        line = Line(connect="segments", method="gl", width=1, color=COLOR)
        super().__init__(node=line, **named)
        self.overlay.events.point.connect(self._draw)
        self._emitters = (
            self.viewer.scene.camera.events.zoom,
            self.viewer.dims.events.order,
            self.viewer.dims.events.ndisplay,
        )
        for emitter in self._emitters:
            emitter.connect(self._draw)
        self.reset()
        self._draw()

    def close(self) -> None:
        """Let go of the viewer's events, too."""
        self.overlay.events.point.disconnect(self._draw)
        for emitter in self._emitters:
            emitter.disconnect(self._draw)
        super().close()

    def _on_visible_change(self) -> None:
        super()._on_visible_change()
        self._draw()

    def _draw(self, event: object = None) -> None:
        del event
        displayed = self.viewer.dims.displayed
        if not self.overlay.visible or len(self.overlay.point) != self.viewer.dims.ndim:
            return
        point = [self.overlay.point[axis] for axis in displayed[::-1]]  # vispy's x comes first
        gap = GAP_PX / max(float(self.viewer.scene.camera.zoom), 1e-6)
        lines = crosshair_lines(point, gap).astype(np.float32)
        in_space = np.pad(lines, ((0, 0), (0, 3 - lines.shape[1])))  # vispy keeps the first width
        self.node.set_data(pos=in_space)


overlay_to_visual[CrosshairOverlay] = VispyCrosshairOverlay


class Crosshair(QObject):
    """Takes clicks and moves with Shift in the watched viewers, and draws the point in them."""

    moved = Signal(object)  # the point of the world, one value per axis
    shown_changed = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._overlays: dict[int, tuple[ViewerModel, CrosshairOverlay]] = {}
        self._is_shown, self._is_wanted = True, False
        self._point: tuple[float, ...] = ()
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(VOLUME_MS)
        self._later.timeout.connect(self._draw_in_volumes)

    def watch(self, viewer: ViewerModel) -> None:
        """Listen to the mouse on this viewer's canvas. Harmless when called twice."""
        if id(viewer) not in self._overlays:
            overlay = CrosshairOverlay(point=self._point, visible=self._is_drawn)
            viewer.scene.overlays[NAME] = overlay
            self._overlays[id(viewer)] = (viewer, overlay)
            viewer.mouse_move_callbacks.append(self._on_move)
            viewer.mouse_drag_callbacks.append(self._on_drag)

    def unwatch(self, viewer: ViewerModel) -> None:
        """Leave this viewer alone. Harmless when it is not watched."""
        if self._overlays.pop(id(viewer), None) is not None:
            viewer.scene.overlays.pop(NAME, None)
            viewer.mouse_move_callbacks.remove(self._on_move)
            viewer.mouse_drag_callbacks.remove(self._on_drag)

    def close(self) -> None:
        """Leave all viewers alone."""
        self._later.stop()
        for viewer, _overlay in tuple(self._overlays.values()):
            self.unwatch(viewer)

    @property
    def is_shown(self) -> bool:
        """Whether it is drawn where several views are seen."""
        return self._is_shown

    def set_shown(self, on: bool) -> None:
        """Draw it where several views are seen, or nowhere; clicks lead there in any case."""
        self._is_shown = on
        self._draw()
        self.shown_changed.emit(on)

    def set_wanted(self, on: bool) -> None:
        """Say whether several views are seen; in a single one it would only be in the way."""
        self._is_wanted = on
        self._draw()

    def move_to(self, point: tuple[float, ...]) -> None:
        """Draw it at this point of the world; in volumes as soon as it rests."""
        self._point = point
        for viewer, overlay in self._overlays.values():
            if viewer.dims.ndisplay == 2:
                overlay.point = point
        self._later.start()

    @property
    def _is_drawn(self) -> bool:
        return self._is_shown and self._is_wanted

    def _draw(self) -> None:
        for _viewer, overlay in self._overlays.values():
            overlay.visible = self._is_drawn

    def _draw_in_volumes(self) -> None:
        for viewer, overlay in self._overlays.values():
            if viewer.dims.ndisplay == 3:
                overlay.point = self._point

    def _on_move(self, viewer: ViewerModel, event: Any) -> None:
        del viewer
        if tuple(event.modifiers) == ("Shift",) and len(event.dims_displayed) == 2:
            self.moved.emit(tuple(float(value) for value in event.position))

    def _on_drag(self, viewer: ViewerModel, event: Any) -> Generator[None, None, None]:
        layer = viewer.layers.selection.active
        is_free = layer is None or str(layer.mode) == "pan_zoom"
        if event.button != LEFT or event.modifiers or event.handled or not is_free:
            return
        if len(event.dims_displayed) != 2:
            return
        start = np.array(event.pos, float)
        distance = 0.0
        yield
        while event.type == "mouse_move":
            distance = max(distance, float(np.abs(np.array(event.pos) - start).max()))
            yield
        if distance < CLICK_PX:
            self.moved.emit(tuple(float(value) for value in event.position))
