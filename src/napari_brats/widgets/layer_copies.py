"""The layers of the window in one further canvas, on the same arrays and with the same look."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from napari.layers import Image, Labels, Layer, Surface
from qtpy.compat import isalive
from qtpy.QtCore import QObject, QTimer

from napari_brats.widgets.case_group import MIRROR
from napari_brats.widgets.scene_graph import no_selecting, one_update
from napari_brats.widgets.twins import LabelTwins

if TYPE_CHECKING:
    from napari import Viewer
    from napari.qt import QtViewer

IMAGE_LOOK = (
    "contrast_limits_range",
    "contrast_limits",
    "colormap",
    "gamma",
    "visible",
    "opacity",
    "blending",
    "interpolation2d",
)
GIVEN_BACK = ("contrast_limits", "gamma", "colormap")
"""What a drag or a slider may change in the copy, and is then changed everywhere."""

TwinsOf = Callable[[Labels], LabelTwins]


class LayerCopies(QObject):
    """Keeps copies of the images and label maps of the window in another viewer model.

    A layer gets its copy when it is first seen. Lines, points and surfaces are left out: they are
    drawn on axial slices, or belong to one view only.
    """

    def __init__(
        self, viewer: Viewer, view: QtViewer, twins_of: TwinsOf, *, in_volume: bool
    ) -> None:
        super().__init__()
        self._viewer, self._view, self._model = viewer, view, view.viewer
        self._twins_of, self._in_volume = twins_of, in_volume
        self._copies: dict[Layer, Layer] = {}
        self._is_on = False
        self._is_sharing = False  # setting one value makes napari tell of others on the way
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)  # layers come and go together
        self._timer.timeout.connect(self.update)
        for emitter, slot in self._connections():
            emitter.connect(slot)

    def close(self) -> None:
        """Let go of the window's layers."""
        self._is_on = False
        self._timer.stop()
        for emitter, slot in self._connections():
            emitter.disconnect(slot)
        for layer in self._viewer.layers:
            layer.events.visible.disconnect(self._update_soon)
        for layer in tuple(self._copies):
            self._unlink(layer)
        self._copies.clear()

    def copy_of(self, layer: Layer | None) -> Layer | None:
        """The copy of a layer of the window; None where there is none."""
        return self._copies.get(layer)

    def set_on(self, on: bool) -> None:
        """Follow the window's layers, or let the copies be while nobody sees them."""
        self._is_on = on
        if on:
            self.update()
            for layer in self._copies:
                if isinstance(layer, Image):
                    self._share(layer)

    def prepare(self) -> Iterator[None]:
        """Make the copies that `set_on` would make, one with each step."""
        for layer in self._wanted():
            if layer not in self._copies and layer in self._viewer.layers:
                with one_update(self._view):
                    self._add(layer, len(self._model.layers))
                yield

    def update(self) -> None:
        """Add and remove copies, and put them into the window's order."""
        if not isalive(self._view):
            return  # the window was closed
        gone = [layer for layer in self._copies if layer not in self._viewer.layers]
        wanted = self._wanted() if self._is_on else []
        new = [layer for layer in wanted if layer not in self._copies]
        if gone or new:
            with one_update(self._view):
                for layer in gone:
                    self._drop(layer)
                for layer in new:
                    self._add(layer, wanted.index(layer))
        if self._is_on:
            self._put_in_order([self._copies[layer] for layer in wanted])
            self._on_selected()
            self._show_volumes()

    def _show_volumes(self) -> None:
        """Show in 3-D what the window shows, unless surfaces stand for it there."""
        if self._in_volume:
            is_free = not any(isinstance(layer, Surface) for layer in self._model.layers)
            for layer, copy in self._copies.items():
                if copy.visible != (layer.visible and is_free):
                    copy.visible = layer.visible and is_free

    def _wanted(self) -> list[Layer]:
        """What is seen, and what was seen before; told again when more is."""
        for layer in self._viewer.layers:
            layer.events.visible.connect(self._update_soon)
        return [
            layer
            for layer in self._viewer.layers
            if isinstance(layer, Image | Labels) and (layer.visible or layer in self._copies)
        ]

    def _connections(self) -> tuple[tuple[Any, Any], ...]:
        layers = self._viewer.layers
        return (
            (layers.events.inserted, self._update_soon),
            (layers.events.removed, self._update_soon),
            (layers.events.reordered, self._update_soon),
            (layers.selection.events.active, self._on_selected),
        )

    def _update_soon(self, event: object = None) -> None:
        del event
        self._timer.start()

    def _add(self, layer: Layer, place: int) -> None:
        if isinstance(layer, Labels):
            copy: Layer = self._twins_of(layer).make(
                layer.name, takes_tools=not self._in_volume, in_volume=self._in_volume
            )
        else:
            copy = Layer.create(*layer.as_layer_data_tuple())
            copy.metadata = {**layer.metadata, MIRROR: True}
        self._copies[layer] = copy
        with no_selecting(self._model.layers):
            self._model.layers.insert(place, copy)
        for emitter, slot in self._looks_of(layer):
            emitter.connect(slot)

    def _drop(self, layer: Layer) -> None:
        self._unlink(layer)
        self._model.layers.remove(self._copies.pop(layer))

    def _unlink(self, layer: Layer) -> None:
        for emitter, slot in self._looks_of(layer):
            emitter.disconnect(slot)
        layer.events.visible.disconnect(self._update_soon)
        if isinstance(layer, Labels):
            self._twins_of(layer).forget(self._copies[layer])

    def _put_in_order(self, copies: list[Layer]) -> None:
        layers = self._model.layers
        for place, copy in enumerate(copies):
            if layers[place] is not copy:
                layers.move(layers.index(copy), place)

    def _on_selected(self, event: object = None) -> None:
        """The copy of the window's layer is the one that the mouse acts on here."""
        del event
        if self._is_on:
            active = self.copy_of(self._viewer.layers.selection.active)
            self._model.layers.selection.active = active

    # -- what an image looks like

    def _looks_of(self, layer: Layer) -> tuple[tuple[Any, Any], ...]:
        if isinstance(layer, Labels):
            return ()  # its twins see to that
        own, other = layer.events, self._copies[layer].events
        return (
            *((getattr(own, name), self._on_look) for name in (*IMAGE_LOOK, "data")),
            *((getattr(other, name), self._on_copy_look) for name in GIVEN_BACK),
        )

    def _on_look(self, event: Any) -> None:
        if self._is_on and not self._is_sharing:
            self._share(event.source)

    def _share(self, layer: Layer) -> None:
        copy = self._copies[layer]
        if copy.data is not layer.data:
            copy.data = layer.data
        names = [name for name in IMAGE_LOOK if name != "visible" or not self._in_volume]
        self._copy(layer, copy, names)

    def _on_copy_look(self, event: Any) -> None:
        copy = event.source
        layer = next((own for own, other in self._copies.items() if other is copy), None)
        if layer is not None and self._is_on and not self._is_sharing:
            self._copy(copy, layer, GIVEN_BACK)

    def _copy(self, source: Layer, target: Layer, names: Iterable[str]) -> None:
        self._is_sharing = True
        try:
            for name in names:
                value = getattr(source, name)
                if getattr(target, name) != value:
                    setattr(target, name, value)
        finally:
            self._is_sharing = False
