"""The layer "Diameters": two lines per lesion, whose ends can be dragged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Layer, Shapes
from qtpy.QtCore import QObject, Signal

from napari_brats.core.geometry import Affine
from napari_brats.core.labels import Region
from napari_brats.metrics.measures_lines import Diameters, Line, Point, line_between
from napari_brats.widgets.case_group import MIRROR, tag_of

if TYPE_CHECKING:
    from napari import Viewer

LESION, PART = "lesion", "part"
"""Columns of the layer's features: number of the lesion, and which of its two lines it is."""

COLOURS = {"longest": "#ff6fd8", "perpendicular": "#7dff7a"}
_MOVED = 1e-6  # voxels


class DiametersLayer(QObject):
    """Shows, renews and removes the layer. It belongs to no case: nobody saves it as a mask."""

    edited = Signal(object)  # Mapping[int, Diameters]: the lesions whose lines were moved
    removed = Signal()  # by the user, in the list of layers

    def __init__(self, viewer: Viewer, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._layer: Shapes | None = None
        self._like: Layer | None = None
        self._shown: dict[int, Diameters] = {}
        viewer.layers.events.removed.connect(self._on_removed)

    def close(self) -> None:
        """Let go of the viewer; what it shows stays."""
        self._viewer.layers.events.removed.disconnect(self._on_removed)

    def show(self, lines: Mapping[int, Diameters], like: Layer, region: Region) -> None:
        """Show the lines of these lesions where the label map ``like`` lies, ready to be dragged.

        What is shown already for that label map and region is renewed; nothing changes if the lines
        are the same.
        """
        name = f"Diameters {region}"
        if self._layer is not None and (self._like is not like or self._layer.name != name):
            self.hide()
        if self._layer is not None and dict(lines) == self._shown:
            return
        self._shown = dict(lines)
        if self._layer is None:
            self._add(like, name)
        else:
            with self._layer.events.data.blocker(self._on_data):
                self._layer.data = []
                self._draw()

    def hide(self) -> None:
        """Remove the layer. Harmless when there is none."""
        layer, self._layer, self._like, self._shown = self._layer, None, None, {}
        if layer is not None and layer in self._viewer.layers:
            self._viewer.layers.remove(layer)

    def _add(self, like: Layer, name: str) -> None:
        layer = Shapes(
            ndim=3,
            name=name,
            scale=like.scale,
            translate=like.translate,
            affine=like.affine,
            units=like.units,
            axis_labels=like.axis_labels,
            opacity=1.0,
            metadata={MIRROR: True},  # part of no case
        )
        self._viewer.add_layer(layer)  # selected by that
        self._layer, self._like = layer, like
        self._draw()
        layer.events.data.connect(self._on_data)
        layer.mode = "direct"

    def _draw(self) -> None:
        """Put the lines that are to be shown into the empty layer."""
        if self._layer is None or self._like is None or not self._shown:
            return
        ends, lesions, parts = [], [], []
        for number, diameters in self._shown.items():
            for part, line in (
                ("longest", diameters.longest),
                ("perpendicular", diameters.perpendicular),
            ):
                ends.append(np.array([self._to_layer(line.start), self._to_layer(line.end)]))
                lesions.append(number)
                parts.append(part)
        self._layer.add_lines(ends, edge_width=0.8, edge_color=[COLOURS[part] for part in parts])
        self._layer.features = {LESION: lesions, PART: parts}

    def _on_data(self, event: Any) -> None:
        """A drag ended, or a line was deleted: read what stands there now."""
        if self._layer is None or str(event.action) not in ("changed", "removed"):
            return
        moved = {
            number: diameters
            for number, diameters in self._read().items()
            if not _is_same(diameters, self._shown[number])
        }
        if moved:
            self._shown |= moved
            self.edited.emit(moved)

    def _read(self) -> dict[int, Diameters]:
        """The lines of the lesions that have both of theirs."""
        found: dict[int, dict[str, Line]] = {}
        affine: Affine = tag_of(self._like).reference.grid.affine
        features = self._layer.features
        for ends, lesion, part in zip(
            self._layer.data, features[LESION], features[PART], strict=True
        ):
            start, end = (self._to_file(point) for point in ends)
            found.setdefault(int(lesion), {})[str(part)] = line_between(start, end, affine)
        return {
            number: Diameters(parts["longest"], parts["perpendicular"], by_hand=True)
            for number, parts in found.items()
            if len(parts) == len(COLOURS) and number in self._shown
        }

    def _to_layer(self, point: Point) -> Point:
        tag = tag_of(self._like)
        return tag.order.point_from_disk(point, tag.reference.grid.shape)

    def _to_file(self, point: Any) -> Point:
        tag = tag_of(self._like)
        place = (float(point[0]), float(point[1]), float(point[2]))
        return tag.order.point_to_disk(place, tag.reference.grid.shape)

    def _on_removed(self, event: Any) -> None:
        if event.value is self._layer:
            self._layer = self._like = None
            self._shown = {}
            self.removed.emit()


def _is_same(one: Diameters, other: Diameters) -> bool:
    first, second = (
        np.array([d.longest.start, d.longest.end, d.perpendicular.start, d.perpendicular.end])
        for d in (one, other)
    )
    return bool(np.allclose(first, second, atol=_MOVED))
