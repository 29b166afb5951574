"""A layer that shows a label map once more, on the same array."""

# ruff: noqa: SLF001 (napari has no public way to draw a part of a slice)

from __future__ import annotations

from typing import Any

from napari._qt.layer_controls.qt_layer_controls_container import layer_to_controls
from napari.layers import Labels
from qtpy.QtWidgets import QFrame

from napari_brats.widgets.case_group import MIRROR


class TwinControls(QFrame):
    """Controls of a twin: none, since whoever selects one gets the label map."""

    ndisplay = 2  # napari sets it

    def __init__(self, layer: Labels) -> None:
        super().__init__()
        del layer


TOOL_OVERLAYS = ("polygon", "brush_stroke")


class TwinLabels(Labels):
    """A label map shown once more: one array. `LabelTools` gives it the main layer's history.

    Attributes
    ----------
    main
        The label map.
    in_volume
        Whether it is for a 3-D view, where napari draws no outlines and drawing takes long.
    """

    def __init__(self, main: Labels, *, in_volume: bool = False, **attributes: Any) -> None:
        self.main, self.in_volume = main, in_volume
        super().__init__(
            main.data,
            affine=main.affine,
            axis_labels=main.axis_labels,
            colormap=main.colormap,
            metadata={MIRROR: True},
            opacity=main.opacity,
            scale=main.scale,
            translate=main.translate,
            units=main.units,
            **attributes,
        )
        for name in TOOL_OVERLAYS:
            self._overlays[name].visible = False

    def show_tool(self) -> None:
        """Make what the tool in use draws on the canvas: that takes long, and few tools draw."""
        for name in TOOL_OVERLAYS:
            if self._overlays[name].enabled:
                self._overlays[name].visible = True

    @property
    def _type_string(self) -> str:
        return "labels"  # as napari's icons and menus know it


layer_to_controls[TwinLabels] = TwinControls


def main_of(layer: Any) -> Any:
    """The label map that ``layer`` shows: itself, unless it is a twin."""
    return layer.main if isinstance(layer, TwinLabels) else layer


def draw(layer: Labels) -> None:
    """Draw all that is seen of it anew."""
    layer.refresh(thumbnail=False, highlight=False, extent=False)


def draw_box(layer: Labels, box: tuple[slice, ...]) -> None:
    """Draw a box of the array that another layer on it has changed, if it is in this slice."""
    if not layer.visible or not layer.loaded or layer._slice.empty:
        return
    hidden = layer._get_pt_not_disp()
    if any(not box[axis].start <= at < box[axis].stop for axis, at in hidden.items()):
        return
    part = tuple(box[axis] for axis in layer._slice_input.displayed)
    if layer.contour == 0:  # an outline is made anew from what is painted in any case
        shown = layer._slice.image
        shown.view[part] = layer._raw_to_displayed(shown.raw, part)
    layer._updated_slice = box
    layer._partial_labels_refresh()
