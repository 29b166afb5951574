"""Side by side: each modality in its own cell of napari's grid, with the label map over it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from napari.layers import Labels, Layer

from napari_brats.widgets.case_group import OpenCase
from napari_brats.widgets.field_of_view import FieldOfView
from napari_brats.widgets.scene_graph import no_selecting, one_update, window_view
from napari_brats.widgets.twin_labels import TwinLabels
from napari_brats.widgets.twins import LabelTwins

if TYPE_CHECKING:
    from napari import Viewer


class SideBySide:
    """The grid, its twins of the label map, and what the window looked like before.

    All cells share camera and slice, and napari gives a click in any cell the place it has in all
    of them: the label map is therefore painted in every cell, and its twins only show it.
    """

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._twins: LabelTwins | None = None
        self._shown: list[TwinLabels] = []
        self._before: tuple[list[Layer], list[Layer], int] | None = None

    @property
    def is_on(self) -> bool:
        """Whether each modality has its own cell."""
        return self._before is not None

    def close(self) -> None:
        """Let go of the layers; the viewer may be half closed, so they are left where they are."""
        self._let_go_of_twins()
        if self.is_on:
            self._viewer.layers.selection.events.active.disconnect(self._on_selected)
            self._before = None

    def prepare(self, case: OpenCase, labels: Labels | None) -> Iterator[None]:
        """Make the twins, one with each step and hidden; `forget` them, or `enter`."""
        self.forget()
        if labels is None:
            return
        self._twins = LabelTwins(labels)
        layers = self._viewer.layers
        for modality, image in list(case.by_modality.items())[:-1]:
            if image not in layers:
                return  # gone meanwhile
            twin = self._twins.make(f"{labels.name} on {modality}")
            twin.visible = False
            with one_update(window_view(self._viewer)), no_selecting(layers):
                layers.insert(layers.index(image) + 1, twin)
            self._shown.append(twin)
            yield

    def forget(self) -> None:
        """Take twins away that were prepared. Harmless when there are none, or when it is on."""
        if not self.is_on:
            shown = self._shown
            self._let_go_of_twins()
            for twin in shown:
                if twin in self._viewer.layers:
                    self._viewer.layers.remove(twin)

    def enter(self, case: OpenCase, labels: Labels | None) -> None:
        """Give each modality of a case a cell, in the modalities' order."""
        if not self._is_prepared(case, labels):
            with one_update(window_view(self._viewer)):
                deque(self.prepare(case, labels), maxlen=0)
        layers, grid = self._viewer.layers, self._viewer.canvas.grid
        images = list(case.by_modality.values())
        view = FieldOfView.of(self._viewer, images)
        selected = layers.selection.active
        mode = None if selected is None else selected.mode
        order = [layer for layer in layers if layer not in self._shown]
        self._before = (order, [la for la in order if la.visible], grid.stride)
        with one_update(window_view(self._viewer)):
            cells = images
            if labels is not None:
                pairs = zip(images, [*self._shown, labels], strict=True)
                cells = [layer for pair in pairs for layer in pair]
            for layer in layers:
                _set_visible(layer, layer in cells)
            self._put_first(cells)
            grid.stride = len(cells) // len(images)
            grid.enabled = True
        self._select(selected, mode)
        layers.selection.events.active.connect(self._on_selected)
        view.restore(self._viewer)

    def leave(self) -> None:
        """Go back to one view, with the layers in their former order. Harmless when not on."""
        if self._before is None:
            return
        order, visible, stride = self._before
        self._before = None
        layers = self._viewer.layers
        layers.selection.events.active.disconnect(self._on_selected)
        view = FieldOfView.of(self._viewer, order)
        selected = layers.selection.active
        mode = None if selected is None else selected.mode
        shown = self._shown
        self._let_go_of_twins()
        with one_update(window_view(self._viewer)):
            self._viewer.canvas.grid.enabled = False
            self._viewer.canvas.grid.stride = stride
            for twin in shown:
                if twin in layers:
                    layers.remove(twin)
            self._put_first([layer for layer in order if layer in layers])
            for layer in order:
                _set_visible(layer, layer in visible)
        self._select(selected, mode)
        view.restore(self._viewer)

    def refresh_soon(self) -> None:
        """Draw the label map anew in every cell."""
        if self._twins is not None:
            self._twins.refresh_soon()

    def _is_prepared(self, case: OpenCase, labels: Labels | None) -> bool:
        """Whether all twins of this label map are there, as after `prepare`."""
        if self._twins is None or self._twins.main is not labels:
            return False
        there = sum(twin in self._viewer.layers for twin in self._shown)
        return there == len(case.by_modality) - 1

    def _let_go_of_twins(self) -> None:
        if self._twins is not None:
            self._twins.close()
            self._twins.deleteLater()
        self._twins, self._shown = None, []

    def _on_selected(self, event: object = None) -> None:
        """Whoever takes a twin in the list of layers means the label map."""
        del event
        selection = self._viewer.layers.selection
        if isinstance(selection.active, TwinLabels):
            selection.active = selection.active.main

    def _select(self, layer: Layer | None, mode: str | None) -> None:
        """Select the layer again, with the tool it had: napari puts that away in between."""
        if layer in self._viewer.layers:
            self._viewer.layers.selection.active = layer
            layer.mode = mode

    def _put_first(self, wanted: list[Layer]) -> None:
        layers = self._viewer.layers
        for place, layer in enumerate(wanted):
            if layers[place] is not layer:
                layers.move(layers.index(layer), place)


def _set_visible(layer: Layer, visible: bool) -> None:
    """Show it or not; one that is seen already is not sliced again."""
    if layer.visible != visible:
        layer.visible = visible
