"""A layer that shows a label map once more, on the same array and with the same history."""

# ruff: noqa: SLF001 (napari has no public way to draw a part of a slice, nor to share a history)

from __future__ import annotations

from typing import Any

from napari.layers import Labels

from napari_brats.widgets.case_group import MIRROR


class TwinLabels(Labels):
    """A label map shown once more. Painting it paints its main layer, as one history."""

    def __init__(self, main: Labels, **attributes: Any) -> None:
        self._main = main
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

    @property
    def main(self) -> Labels:
        """The label map."""
        return self._main

    @property
    def _type_string(self) -> str:
        return "labels"  # as napari's icons and menus know it

    # One history: napari keeps it in these, per layer.

    @property
    def _undo_history(self) -> Any:
        return self._main._undo_history

    @property
    def _redo_history(self) -> Any:
        return self._main._redo_history

    @property
    def _staged_history(self) -> Any:
        return self._main._staged_history

    @_staged_history.setter
    def _staged_history(self, atoms: Any) -> None:
        self._main._staged_history = atoms

    @property
    def _block_history(self) -> bool:
        return self._main._block_history

    @_block_history.setter
    def _block_history(self, on: bool) -> None:
        self._main._block_history = on

    def _reset_history(self, event: object = None) -> None:
        """The main layer's history stays, whatever becomes of its twin."""

    def _save_history(self, value: Any) -> None:
        self._main._save_history(value)

    def _append_to_undo_history(self, item: Any) -> None:
        self._main._append_to_undo_history(item)

    def _abort_stroke(self) -> None:
        self._main._abort_stroke()
        self.refresh()

    def _apply_mask_to_data(self, *arguments: Any, **named: Any) -> Any:
        return self._main._apply_mask_to_data(*arguments, **named)

    def undo(self) -> None:
        """Undo the label map's last step."""
        self._main.undo()

    def redo(self) -> None:
        """Redo the label map's step that was undone last."""
        self._main.redo()


def main_of(layer: Any) -> Any:
    """The label map that ``layer`` shows: itself, unless it is a twin."""
    return layer.main if isinstance(layer, TwinLabels) else layer


def same_brush(source: Labels, target: Labels) -> int:
    """The size that paints as many mm: napari counts the finest voxels of the painted axes."""
    size_mm = source.brush_size * _finest_mm(source)
    return max(1, round(size_mm / _finest_mm(target)))


def _finest_mm(layer: Labels) -> float:
    return float(min(abs(layer.scale[axis]) for axis in layer._get_dims_to_paint()))


def is_volume(layer: Labels) -> bool:
    """Whether it is shown in 3-D."""
    return layer._slice_input.ndisplay == 3


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
