"""What radiologists expect at the edges of an image: letters, slice number, ruler, scale bar.

`ReadingAids` serves any viewer model: the window's own, with all cells of its grid, and those of
further canvases. The letters and the slice number follow from a layer of ours (`show_for`), which
need not be in that viewer: only where its voxels lie in the world counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QTimer

from napari_brats.widgets.case_group import tag_of
from napari_brats.widgets.orientation_letters import (
    display_directions,
    edge_letters,
    layer_directions,
    letters_of,
)
from napari_brats.widgets.reading_overlay import ReadingOverlay

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

_PLANES = {"S": "Axial", "I": "Axial", "A": "Coronal", "P": "Coronal", "R": "Sagittal"}

NARROW_PX = 460
"""Narrower views have no room for whole names and a scale bar; their ruler shows lengths."""

FONT, NARROW_FONT = 10.0, 8.0
NAME = "brats_reading"


def plane_name(direction: Any) -> str:
    """The plane across a direction in the scanner (RAS+), e.g. ``Axial``, ``Oblique coronal``.

    Oblique where the direction leans by more than about 22 degrees towards a second one.
    """
    letters = letters_of(direction)
    name = _PLANES.get(letters[:1], "Sagittal")
    return f"Oblique {name.lower()}" if len(letters) > 1 else name


def is_narrow(viewer: ViewerModel) -> bool:
    """Whether names and a scale bar would lie over the letters at the top and the bottom."""
    return cell_size_px(viewer)[1] < NARROW_PX


def slice_text(viewer: ViewerModel, layer: Layer) -> str:
    """Plane and slice, e.g. ``Axial 78 / 155``, in narrow views ``Axi 78/155``; empty in 3-D.

    Slices are counted from 1 at the head, at the face and at the patient's right, as they are
    shown; a position outside the image's slices has no number.
    """
    found = slice_of(viewer, layer)
    if found is None:
        return ""
    axis, index = found
    tag = tag_of(layer)
    plane = plane_name(display_directions(tag.reference.grid, tag.order)[axis])
    count = layer.data.shape[axis]
    number = f"{index + 1}" if 0 <= index < count else "-"
    if is_narrow(viewer):
        return f"{plane.removeprefix('Oblique ')[:3].capitalize()} {number}/{count}"
    return f"{plane} {number} / {count}"


def slice_of(viewer: ViewerModel, layer: Layer) -> tuple[int, int] | None:
    """The axis of a 3-D layer that is sliced, and the slice; None in a 3-D view.

    The slice may lie outside the layer.
    """
    dims = viewer.dims
    hidden = [axis for axis in dims.not_displayed if axis >= dims.ndim - 3]
    if dims.ndim < 3 or len(hidden) != 1:
        return None
    axis = hidden[0] - (dims.ndim - 3)
    point = layer.world_to_data(dims.point[-3:])
    return axis, round(float(point[axis]))


def letters_of_view(viewer: ViewerModel, layer: Layer) -> dict[str, str]:
    """The letter of each edge of a view, for a layer of ours."""
    dims, tag = viewer.dims, tag_of(layer)
    return edge_letters(
        viewer.scene.camera,
        tuple(dims.displayed),
        dims.ndim,
        layer_directions(layer),
        display_directions(tag.reference.grid, tag.order),
    )


class ReadingAids:
    """Letters, slice number, ruler and scale bar on the canvas of one viewer model: `overlay`."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._layer: Layer | None = None
        self._note = ""
        self.overlay = viewer.canvas.overlays[NAME] = ReadingOverlay()
        self._soon = QTimer()
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)  # a camera turns in several steps, a grid comes in some
        self._soon.timeout.connect(self.update)
        for emitter in self._emitters():
            emitter.connect(self.update)
        for emitter in self._emitters_of_size():
            emitter.connect(self._update_soon)

    def show_for(self, layer: Layer | None) -> None:
        """Take directions and slices from ``layer``, one of ours; None hides everything."""
        if layer is not self._layer:
            self._let_go()
            self._layer = layer
            if layer is not None:
                layer.events.affine.connect(self.update)
        self.update()

    def show_note(self, note: str) -> None:
        """Show it beside the slice number; nothing if it is empty."""
        self._note = note
        self.update()

    def update(self, event: object = None) -> None:
        """Show what is true of the view as it is now."""
        del event
        viewer, layer, overlay = self._viewer, self._layer, self.overlay
        if layer is None or viewer.dims.ndim < 3:
            overlay.visible = False
            return
        text, narrow = slice_text(viewer, layer), is_narrow(viewer)
        overlay.letters = letters_of_view(viewer, layer)
        overlay.slice_text = f"{text}  {self._note}".rstrip() if text else ""
        overlay.slice_pt = NARROW_FONT if narrow else FONT
        overlay.has_ruler = bool(text)
        overlay.has_scale_bar = not narrow and not viewer.canvas.overlays.scale_bar.visible
        overlay.visible = True

    def close(self) -> None:
        """Take everything away. Harmless when called twice."""
        for emitter in self._emitters():
            emitter.disconnect(self.update)
        for emitter in self._emitters_of_size():
            emitter.disconnect(self._update_soon)
        self._soon.stop()
        self._let_go()
        self._viewer.canvas.overlays.pop(NAME, None)

    def _let_go(self) -> None:
        if self._layer is not None:
            self._layer.events.affine.disconnect(self.update)
        self._layer = None

    def _update_soon(self, event: object = None) -> None:
        del event
        self._soon.start()

    def _emitters(self) -> tuple[Any, ...]:
        dims, camera = self._viewer.dims.events, self._viewer.scene.camera.events
        scale_bar = self._viewer.canvas.overlays.scale_bar.events
        return (
            dims.point, dims.order, dims.ndisplay, dims.ndim,
            camera.angles, camera.orientation, scale_bar.visible,
        )  # fmt: skip

    def _emitters_of_size(self) -> tuple[Any, ...]:
        canvas = self._viewer.canvas
        return canvas.events.size, canvas.grid.events.enabled


def cell_size_px(viewer: ViewerModel) -> tuple[float, float]:
    """Height and width of a canvas in its own pixels, or of each cell of its grid."""
    height, width = (float(side) for side in viewer.canvas.size)
    if viewer.canvas.grid.enabled:
        rows, columns = viewer.canvas.grid.actual_shape(viewer.layers)
        return height / rows, width / columns
    return height, width
