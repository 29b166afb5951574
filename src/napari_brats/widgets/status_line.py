"""What lies under the cursor, in the status bar: scanner mm, voxel of the file, values, label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, QTimer

from napari_brats.core.labels import Label
from napari_brats.core.modalities import Modality
from napari_brats.widgets.case_group import tag_of

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

Voxel = tuple[int, int, int]

INTERVAL_MS = 25
"""Moves of the mouse that follow each other faster are read once."""

END = " " * 4
"""napari's own help follows without a gap."""

_NAPARI_TEXTS = (" \u00bb ", "[empty]")


def position_text(reference: Layer, world: Sequence[float]) -> str:
    """Scanner mm (RAS+) and voxel of the file at a place in napari's world.

    ``RAS -12.3 45.6 7.0 mm  voxel 107 193 84``; without the voxel outside the image.
    """
    tag = tag_of(reference)
    grid, order = tag.reference.grid, tag.order
    a, b, c = (float(at) for at in reference.world_to_data(world))
    place = np.array([*order.point_to_disk((a, b, c), grid.shape), 1.0])
    x, y, z = (grid.affine @ place)[:3] + 0.0  # no -0.0
    text = f"RAS {x:.1f} {y:.1f} {z:.1f} mm"
    index = index_at(reference, world)
    if index is None:
        return text
    i, j, k = order.index_to_disk(index, grid.shape)
    return f"{text}  voxel {i} {j} {k}"


def values_text(images: Mapping[Modality, Layer], world: Sequence[float]) -> str:
    """The values of all modalities that lie there, e.g. ``T1N 120  T1C 341.5``."""
    found = []
    for modality, layer in images.items():
        index = index_at(layer, world)
        if index is not None:
            found.append(f"{modality} {layer.data[index]:.5g}")
    return "  ".join(found)


def label_text(labels: Layer | None, world: Sequence[float]) -> str:
    """The name of the label there; empty outside the label map, or without one."""
    index = None if labels is None else index_at(labels, world)
    if labels is None or index is None:
        return ""
    value = int(labels.data[index])
    known = {int(label): label.title for label in Label if label}
    return known.get(value, f"label {value}") if value else "background"


def index_at(layer: Layer, world: Sequence[float]) -> Voxel | None:
    """The voxel of a 3-D layer's array at a place in napari's world; None outside."""
    a, b, c = (round(float(at)) for at in layer.world_to_data(world))
    inside = all(0 <= at < n for at, n in zip((a, b, c), layer.data.shape, strict=True))
    return (a, b, c) if inside else None


class StatusLine(QObject):
    """Writes into the window's status bar what is under the cursor of any watched canvas."""

    def __init__(self, viewer: ViewerModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._reference: Layer | None = None
        self._images: Mapping[Modality, Layer] = {}
        self._labels: Layer | None = None
        self._text = ""
        self._under: ViewerModel = viewer
        self._watched: dict[int, tuple[ViewerModel, Any]] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self._read)
        viewer.events.status.connect(self._on_status)

    def show_for(
        self, reference: Layer | None, images: Mapping[Modality, Layer], labels: Layer | None
    ) -> None:
        """Read these layers from now on; without a reference napari's own text is left."""
        self._reference, self._images, self._labels = reference, dict(images), labels
        self._text = ""

    def watch(self, viewer: ViewerModel) -> None:
        """Read what is under this viewer's cursor, too."""

        def on_move(event: object = None) -> None:
            del event
            self._under = viewer
            if not self._timer.isActive():
                self._timer.start()

        viewer.cursor.events.position.connect(on_move)
        self._watched[id(viewer)] = (viewer, on_move)

    def unwatch(self, viewer: ViewerModel) -> None:
        """Leave this viewer alone. Harmless when it is not watched."""
        _, on_move = self._watched.pop(id(viewer), (None, None))
        if on_move is not None:
            viewer.cursor.events.position.disconnect(on_move)
        if self._under is viewer:
            self._under = self._viewer

    def close(self) -> None:
        """Let go of all viewers. Harmless when called twice."""
        self._timer.stop()
        self._reference = None
        for viewer, _ in tuple(self._watched.values()):
            self.unwatch(viewer)
        self._viewer.events.status.disconnect(self._on_status)

    def text_at(self, world: Sequence[float]) -> str:
        """All that is known of a place in napari's world; empty without a case."""
        if self._reference is None:
            return ""
        parts = (
            position_text(self._reference, world),
            values_text(self._images, world),
            label_text(self._labels, world),
        )
        return "   |   ".join(part for part in parts if part) + END

    def _read(self) -> None:
        """Write it, unless this is a 3-D view, where the cursor is at no place."""
        viewer = self._under
        is_flat = viewer.dims.ndisplay == 2 and viewer.dims.ndim >= 3
        self._text = self.text_at(viewer.cursor.position[-3:]) if is_flat else ""
        if self._text:
            self._viewer.status = self._text

    def _on_status(self, event: Any) -> None:
        """napari wrote what it found under the cursor: write ours again."""
        status = self._viewer.status
        is_napari_s = isinstance(status, dict) or any(text in status for text in _NAPARI_TEXTS)
        if self._text and self._reference is not None and is_napari_s:
            self._viewer.status = self._text
