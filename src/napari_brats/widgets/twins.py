"""One label map in several cells and canvases: twin layers on one array, with one history.

`main_of` gives the label map behind any Labels layer; tools act on that one. A twin is never in
hand: `LabelTools.target` and the layers that signals name are main layers. Twins that are painted
are followed by `LabelTools`, which gives them rules, brush and the one history. What writes to the
array past these must say `LabelTwins.refresh_soon`; `LabelTools.edited` does.
"""

# ruff: noqa: SLF001 (napari tells in no public way which box was painted, nor of a stroke)

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from napari.layers import Labels
from qtpy.QtCore import QObject, QTimer, Signal

from napari_brats.widgets.twin_labels import TwinLabels, draw, draw_box

if TYPE_CHECKING:
    from napari_brats.widgets.label_tools import LabelTools

LOOK = ("opacity", "blending", "colormap", "show_selected_label")
TOOL = ("contiguous", "preserve_labels", "n_edit_dimensions", "selected_label")
VOLUME_REDRAW_MS = 200
"""A volume is drawn anew when nothing was painted for so long."""


class LabelTwins(QObject):
    """The twins of one label map: what is painted in one is drawn in all, as it is painted.

    A twin that takes ``tools`` follows the main layer's tool and label, and gives back what is
    changed in its own canvas. Twins in a volume are drawn when painting pauses.
    """

    emptied = Signal(object)  # the label map, when its last twin is gone

    def __init__(self, main: Labels, tools: LabelTools | None = None) -> None:
        super().__init__()
        self.main = main
        self._tools = tools
        self._twins: list[TwinLabels] = []
        self._with_tools: list[TwinLabels] = []
        self._is_busy = self._is_asleep = False
        self._soon = _timer(self, 0, self._draw_flat)
        self._later = _timer(self, VOLUME_REDRAW_MS, self._draw_volumes)
        for emitter, slot in self._connections_of_main():
            emitter.connect(slot)

    def close(self) -> None:
        """Let go of all layers. Harmless when called twice."""
        self._soon.stop()
        self._later.stop()
        for twin in tuple(self._twins):
            self.forget(twin)
        for emitter, slot in self._connections_of_main():
            emitter.disconnect(slot)

    def make(self, name: str, *, takes_tools: bool = False, in_volume: bool = False) -> TwinLabels:
        """One twin more; add it to a viewer, and `forget` it when that is gone."""
        twin = TwinLabels(self.main, in_volume=in_volume, name=name, visible=self.main.visible)
        self._twins.append(twin)
        self._share_look(twin)
        twin.events.labels_update.connect(self._on_painted)
        if takes_tools and self._tools is not None and self._tools.follows(self.main):
            twin.brush_size = self.main.brush_size
            self._tools.follow(twin, self.main)
            self._with_tools.append(twin)
            twin.events.mode.connect(self._on_twin_tool)
            twin.events.selected_label.connect(self._on_twin_tool)
            self._on_main_tool()
        return twin

    def forget(self, twin: TwinLabels) -> None:
        """Leave a twin alone from now on."""
        self._twins.remove(twin)
        twin.events.labels_update.disconnect(self._on_painted)
        if twin in self._with_tools:
            self._with_tools.remove(twin)
            self._tools.unfollow(twin)
            twin.events.mode.disconnect(self._on_twin_tool)
            twin.events.selected_label.disconnect(self._on_twin_tool)
        if not self._twins:
            self.emptied.emit(self.main)

    def refresh_soon(self) -> None:
        """Draw all twins anew, once for all that is told until the events at hand are done.

        Not those that are painted: `LabelTools` draws them itself.
        """
        if self._is_asleep:
            return
        if any(self._is_drawn_here(twin) for twin in self._twins):
            self._soon.start()
        self._draw_volumes_later()

    def sleep(self) -> None:
        """Leave the twins as they are, while nobody sees them. Harmless when asleep."""
        if not self._is_asleep:
            self._is_asleep = True
            self._soon.stop()
            self._later.stop()
            for twin in self._with_tools:
                self._tools.unfollow(twin)

    def wake(self) -> None:
        """Bring the twins up to date, and keep them so. Harmless when awake."""
        if self._is_asleep:
            self._is_asleep = False
            for twin in (
                self._with_tools if self._with_tools and self._tools.follows(self.main) else ()
            ):
                self._tools.follow(twin, self.main)
            self._on_data()
            self._on_look()
            for twin in self._twins:
                draw(twin)

    def _is_drawn_here(self, twin: TwinLabels) -> bool:
        return twin not in self._with_tools and not twin.in_volume

    def _is_in_stroke(self) -> bool:
        return any(layer._block_history for layer in (self.main, *self._with_tools))

    def _connections_of_main(self) -> tuple[tuple[Any, Any], ...]:
        events, polygon = self.main.events, self.main._overlays["polygon"].events
        look = [getattr(events, name) for name in (*LOOK, "contour", "visible")]
        tool = [getattr(events, name) for name in (*TOOL, "mode")]
        return (
            (events.labels_update, self._on_painted),
            (events.data, self._on_data),
            *((emitter, self._on_look) for emitter in look),
            *((emitter, self._on_main_tool) for emitter in tool),
            (polygon.points, self._on_polygon),
            (polygon.enabled, self._on_polygon),
        )

    # -- what is seen

    def _on_painted(self, event: Any) -> None:
        """Draw the box that one layer has just drawn in the others."""
        source: Labels = event.source
        box = source._updated_slice
        if self._is_busy or self._is_asleep or box is None:
            return
        flat = [twin for twin in self._twins if not twin.in_volume]
        with self._busy():
            for layer in (self.main, *flat):
                if layer is not source:
                    draw_box(layer, box)
        self._draw_volumes_later()

    def _draw_volumes_later(self) -> None:
        if any(twin.in_volume for twin in self._twins):
            self._later.start()

    def _draw_flat(self) -> None:
        if self._is_in_stroke():
            return  # a stroke is drawn box by box; its end asks again
        for twin in self._twins:
            if self._is_drawn_here(twin):
                draw(twin)

    def _draw_volumes(self) -> None:
        if self._is_in_stroke():
            self._later.start()
            return
        for twin in self._twins:
            if twin.in_volume:
                draw(twin)

    def _on_data(self, event: object = None) -> None:
        del event
        for twin in () if self._is_asleep else self._twins:
            if twin.data is not self.main.data:
                twin.data = self.main.data

    def _on_look(self, event: object = None) -> None:
        del event
        for twin in () if self._is_asleep else self._twins:
            self._share_look(twin)
        self._on_main_tool()  # what becomes visible again takes up its tool

    def _share_look(self, twin: TwinLabels) -> None:
        _copy(self.main, twin, LOOK)
        if not twin.in_volume:
            _copy(self.main, twin, ("contour", "visible"))

    def _on_polygon(self, event: object = None) -> None:
        """Show the polygon being drawn in cells of the same canvas, which take no tools."""
        del event
        polygon = self.main._overlays["polygon"]
        for twin in self._twins:
            if self._is_drawn_here(twin):
                twin._overlays["polygon"].enabled = polygon.enabled
                twin._overlays["polygon"].points = polygon.points
                twin.show_tool()

    # -- what is painted with

    def _on_main_tool(self, event: object = None) -> None:
        del event
        if self._is_busy or self._is_asleep:
            return
        with self._busy():
            for twin in self._twins:
                _copy(self.main, twin, ("selected_label",))
            for twin in self._with_tools:
                _copy(self.main, twin, TOOL)
                _set(twin, "mode", self.main.mode)
                twin.show_tool()

    def _on_twin_tool(self, event: Any) -> None:
        """Take over what was picked or changed in a twin's own canvas."""
        twin: TwinLabels = event.source
        if (
            self._is_busy
            or self._is_asleep
            or twin not in self._with_tools
            or not self.main.visible
        ):
            return
        if event.type == "mode":
            _set(self.main, "mode", twin.mode)
        else:
            _copy(twin, self.main, ("selected_label",))

    @contextmanager
    def _busy(self) -> Iterator[None]:
        self._is_busy = True
        try:
            yield
        finally:
            self._is_busy = False


def _timer(parent: QObject, interval_ms: int, slot: Any) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(interval_ms)
    timer.timeout.connect(slot)
    return timer


def _set(layer: Labels, name: str, value: Any) -> None:
    if getattr(layer, name) != value:
        setattr(layer, name, value)


def _copy(source: Labels, target: Labels, names: tuple[str, ...]) -> None:
    for name in names:
        value = getattr(source, name)
        if name == "colormap":
            if target.colormap is not value:
                target.colormap = value
        else:
            _set(target, name, value)
