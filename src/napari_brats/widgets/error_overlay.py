"""Layers that show where label maps differ, over the images: "Errors", and "Comparison"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Labels, Layer
from qtpy.QtCore import QObject, Signal

from napari_brats.core.boxes import Box
from napari_brats.core.edits.differences import Difference
from napari_brats.core.labels import LabelMap
from napari_brats.io.layers import RGBA
from napari_brats.widgets.case_group import MIRROR, tag_of
from napari_brats.widgets.metrics_live import ADDED, MISSED

if TYPE_CHECKING:
    from napari import Viewer

ERROR_COLORS = {MISSED: (1.0, 0.0, 1.0, 1.0), ADDED: (0.0, 1.0, 0.0, 1.0)}
"""RGBA of magenta and green, which colour-blind people can tell apart and no label has."""

ERROR_TITLES = {MISSED: "missed: in the reference only", ADDED: "added: in the prediction only"}

COMPARISON_COLORS: Mapping[int, RGBA] = {
    Difference.ONLY_A: (1.0, 0.0, 1.0, 1.0),
    Difference.ONLY_B: (0.0, 1.0, 0.0, 1.0),
    Difference.OTHER_LABEL: (1.0, 0.25, 0.25, 1.0),
    Difference.AGREED: (0.7, 0.7, 0.7, 0.5),
}
"""The same two for A alone and B alone; what both hold is grey and lets the image through."""

COMPARISON_TITLES = {kind: Difference(kind).title for kind in COMPARISON_COLORS}


class ErrorOverlay(QObject):
    """Shows, renews and removes the layer. It belongs to no case: nobody saves it as a mask.

    ``make_room`` goes back to one view: side by side, the layer would open a cell of its own.
    ``colors`` and ``titles`` say what its values are.
    """

    removed = Signal()  # by the user, in the list of layers

    def __init__(
        self,
        viewer: Viewer,
        make_room: Callable[[], None],
        parent: QObject,
        colors: Mapping[int, RGBA] = ERROR_COLORS,
        titles: Mapping[int, str] = ERROR_TITLES,
    ) -> None:
        super().__init__(parent)
        self._viewer, self._make_room = viewer, make_room
        self._colors, self._titles = colors, titles
        self._layer: Labels | None = None
        self._like: Labels | None = None
        viewer.layers.events.removed.connect(self._on_removed)

    def close(self) -> None:
        """Let go of the viewer; what it shows stays."""
        self._viewer.layers.events.removed.disconnect(self._on_removed)

    def show(self, errors: LabelMap, like: Labels, name: str) -> None:
        """Show (X, Y, Z) errors where the label map ``like`` lies; what is selected stays so."""
        data = tag_of(like).order.from_disk(errors)
        if self._layer is None or self._like is not like:
            self.hide()
            self._add(data, like, name)
            return
        self._layer.name = name
        np.copyto(self._layer.data, data)
        self._layer.refresh(extent=False)

    def change(self, box: Box, values: LabelMap) -> None:
        """Show other values in a box, in display order. Harmless when nothing is shown."""
        if self._layer is not None:
            self._layer.data[box] = values
            self._layer.refresh(extent=False)

    def put_on_top(self) -> None:
        """Show the layer above a label map that was added since. Harmless when there is none."""
        layers = self._viewer.layers
        if self._layer is not None:
            layers.move(layers.index(self._layer), len(layers))

    def hide(self) -> None:
        """Remove the layer. Harmless when there is none."""
        layer, self._layer, self._like = self._layer, None, None
        if layer is not None and layer in self._viewer.layers:
            self._viewer.layers.remove(layer)

    def _add(self, data: LabelMap, like: Labels, name: str) -> None:
        self._make_room()
        clear = (0.0, 0.0, 0.0, 0.0)
        layer = Labels(
            np.array(data, order="K"),  # in the order of what is copied into it: that is fast
            name=name,
            scale=like.scale,
            translate=like.translate,
            affine=like.affine,
            units=like.units,
            axis_labels=like.axis_labels,
            colormap={None: clear, 0: clear, **{int(v): c for v, c in self._colors.items()}},
            features={
                "index": [int(value) for value in self._titles],
                "label": list(self._titles.values()),
            },
            opacity=0.6,
            metadata={MIRROR: True},  # no label map of a case
        )
        layer.editable = False
        selected = self._viewer.layers.selection.active
        mode = None if selected is None else selected.mode
        self._viewer.add_layer(layer)
        self._layer, self._like = layer, like
        if selected is not None:
            self._viewer.layers.selection.active = selected
            selected.mode = mode

    def _on_removed(self, event: object) -> None:
        removed: Layer = event.value  # type: ignore[attr-defined]
        if removed is self._layer:
            self._layer = self._like = None
            self.removed.emit()
