"""What radiologists expect at the edges of an image: letters, slice number, ruler, scale bar.

`ReadingAids` serves any viewer model: the window's own, with all cells of its grid, and those of
further canvases. The letters and the slice number follow from a layer of ours (`show_for`), which
need not be in that viewer: only where its voxels lie in the world counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.components.overlays import ScaleBarOverlay, TextOverlay
from qtpy.QtCore import QTimer

from napari_brats.widgets.case_group import tag_of
from napari_brats.widgets.orientation_letters import (
    BOX_COLOR,
    LETTER_COLOR,
    OrientationLetters,
    display_directions,
    letters_of,
    show_overlay,
)
from napari_brats.widgets.reading_ruler import RulerOverlay, cell_size_px

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

_PLANES = {"S": "Axial", "I": "Axial", "A": "Coronal", "P": "Coronal", "R": "Sagittal"}

NARROW_PX = 460
"""Narrower views have no room for whole names and a scale bar; their ruler shows lengths."""

FONT, NARROW_FONT = 10.0, 8.0
FIRST, LAST = 10**6 - 1, 10**6 + 1
"""The number stands above the name of an image, the ruler inside of the letter at the edge."""


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


class ReadingAids:
    """Letters, slice number, ruler and scale bar on the canvas of one viewer model."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._layer: Layer | None = None
        self._note = ""
        self._letters = OrientationLetters(viewer)
        look = {"gridded": True, "box_color": BOX_COLOR}
        self.slice_number = TextOverlay(
            position="top_left", color=LETTER_COLOR, box=True, order=FIRST, **look
        )
        self.ruler = RulerOverlay(
            position="middle_right", color=LETTER_COLOR, box=False, order=LAST, **look
        )
        self.scale_bar = ScaleBarOverlay(
            position="bottom_right", colored=True, color=LETTER_COLOR, box=True, **look
        )
        overlays = viewer.canvas.overlays
        overlays["brats_slice"] = self.slice_number
        overlays["brats_ruler"] = self.ruler
        overlays["brats_scale_bar"] = self.scale_bar
        self._soon = QTimer()
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)  # napari makes room for overlays when it is told of a grid, too
        self._soon.timeout.connect(self.update)
        for emitter in self._emitters():
            emitter.connect(self.update)
        for emitter in self._emitters_of_size():
            emitter.connect(self._update_soon)

    def show_for(self, layer: Layer | None) -> None:
        """Take directions and slices from ``layer``, one of ours; None hides everything."""
        self._layer = layer
        self._letters.show_for(layer)
        self.update()

    def show_note(self, note: str) -> None:
        """Show it beside the slice number; nothing if it is empty."""
        self._note = note
        self.update()

    def update(self, event: object = None) -> None:
        """Show what is true of the view as it is now."""
        del event
        has_layer = self._layer is not None and self._viewer.dims.ndim >= 3
        text = slice_text(self._viewer, self._layer) if has_layer else ""
        self.slice_number.font_size = NARROW_FONT if is_narrow(self._viewer) else FONT
        with_note = f"{text}  {self._note}".rstrip()
        if with_note != self.slice_number.text:
            self.slice_number.text = with_note
        show_overlay(self.slice_number, bool(text))
        show_overlay(self.ruler, bool(text))
        show_overlay(self.scale_bar, has_layer and not is_narrow(self._viewer))

    def close(self) -> None:
        """Take everything away. Harmless when called twice."""
        for emitter in self._emitters():
            emitter.disconnect(self.update)
        for emitter in self._emitters_of_size():
            emitter.disconnect(self._update_soon)
        self._soon.stop()
        self._layer = None
        self._letters.close()
        for name in ("brats_slice", "brats_ruler", "brats_scale_bar"):
            self._viewer.canvas.overlays.pop(name, None)

    def _update_soon(self, event: object = None) -> None:
        del event
        self._soon.start()

    def _emitters(self) -> tuple[Any, ...]:
        events = self._viewer.dims.events
        return events.point, events.order, events.ndisplay, events.ndim

    def _emitters_of_size(self) -> tuple[Any, ...]:
        canvas = self._viewer.canvas
        return canvas.events.size, canvas.grid.events.enabled
