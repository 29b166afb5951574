"""Painting tools of the label map that is being corrected, and word of every edit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from napari.layers import Labels
from qtpy.QtCore import QObject, Signal

if TYPE_CHECKING:
    from napari import Viewer

DEFAULT_BRUSH_MM = 5.0


class LabelTools(QObject):
    """Sets brush, label and mode of the target layer; tells what is set and what was edited."""

    changed = Signal()  # label, mode or brush of the target
    edited = Signal(object)  # the Labels layer

    def __init__(self, viewer: Viewer, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._target: Labels | None = None
        self._brush_mm = DEFAULT_BRUSH_MM
        self._followed: dict[Labels, tuple[tuple[Any, Callable[..., None]], ...]] = {}
        self._history: dict[Labels, tuple[int, int, int]] = {}
        self._automatic: dict[Labels, Any] = {}  # the last step that was written so
        viewer.dims.events.order.connect(self._on_order)

    def close(self) -> None:
        """Let go of the viewer and the layers."""
        self._viewer.dims.events.order.disconnect(self._on_order)
        for layer in tuple(self._followed):
            self.unfollow(layer)

    @property
    def target(self) -> Labels | None:
        """The labels layer that the tools act on."""
        return self._target

    @target.setter
    def target(self, layer: Labels | None) -> None:
        if layer is not self._target:
            self._target = layer
            self._apply_brush()
        self.changed.emit()

    @property
    def label(self) -> int:
        """The label that is painted; 0 without a target."""
        return 0 if self._target is None else int(self._target.selected_label)

    @property
    def mode(self) -> str:
        """napari's name of the tool in use."""
        return "" if self._target is None else str(self._target.mode)

    @property
    def brush_mm(self) -> float:
        """Diameter of the brush as napari paints it, in mm."""
        if self._target is None:
            return self._brush_mm
        return (2 * (int(self._target.brush_size) // 2) + 1) * self._finest_mm(self._target)

    @property
    def brush_3d(self) -> bool:
        """Whether the brush is a ball."""
        return self._target is not None and self._target.n_edit_dimensions == 3

    @property
    def is_painting(self) -> bool:
        """Whether a stroke of a followed layer is under way; its end is told as an edit."""
        return any(layer._block_history for layer in self._followed)  # noqa: SLF001

    def choose_label(self, label: int) -> None:
        """Paint ``label`` from now on."""
        layer = self._select_target()
        if layer is None:
            return
        layer.selected_label = label
        if str(layer.mode) not in ("paint", "fill", "polygon"):
            layer.mode = "paint"

    def choose_mode(self, mode: str) -> None:
        """Take one of napari's tools, by its name."""
        layer = self._select_target()
        if layer is not None:
            layer.mode = mode

    def set_brush_mm(self, diameter_mm: float) -> None:
        """Set the brush to the nearest diameter that the voxel grid allows."""
        self._brush_mm = diameter_mm
        self._apply_brush()

    def set_brush_3d(self, is_3d: bool) -> None:
        """Paint a ball through the slices, or a disc on this one."""
        if self._target is not None:
            self._target.n_edit_dimensions = 3 if is_3d else 2
            self._apply_brush()

    def undo(self) -> None:
        """Undo the last step of the target."""
        if self._target is not None:
            self._target.undo()
            self._emit_edited(self._target)

    def redo(self) -> None:
        """Redo the step that was undone last."""
        if self._target is not None:
            self._target.redo()
            self._emit_edited(self._target)

    def write(
        self, layer: Labels, data: npt.NDArray[np.uint8], *, is_automatic: bool = False
    ) -> None:
        """Replace the whole array of ``layer`` as one undo step; ``data`` in display order.

        Automatic writes with nothing else between them (a slider being dragged) become one step.
        """
        last = layer._undo_history[-1] if layer._undo_history else None  # noqa: SLF001
        if is_automatic and last is not None and last is self._automatic.get(layer):
            layer.undo()
        changed = np.nonzero(np.asarray(layer.data) != data)
        if changed[0].size:
            layer.data_setitem(changed, data[changed])
            step = layer._undo_history[-1] if layer._undo_history else None  # noqa: SLF001
            if is_automatic and step is not last:  # the same while a brush stroke is under way
                self._automatic[layer] = step
            self._emit_edited(layer)

    def follow(self, layer: Labels) -> None:
        """Report edits of ``layer`` from now on. Harmless when called twice."""
        if layer in self._followed:
            return

        def on_edit(event: object = None) -> None:
            self._emit_edited(layer)

        def on_refresh(event: object = None) -> None:
            # Undo and redo tell nobody; they refresh the layer, as scrolling does.
            if self._fingerprint(layer) != self._history.get(layer):
                self._emit_edited(layer)

        def on_setting(event: object = None) -> None:
            if layer is self._target:
                self.changed.emit()

        events = layer.events
        pairs = (
            (events.paint, on_edit),
            (events.labels_update, on_edit),
            (events.data, on_edit),
            (events.set_data, on_refresh),
            (events.selected_label, on_setting),
            (events.mode, on_setting),
            (events.brush_size, on_setting),
            (events.n_edit_dimensions, on_setting),
        )
        for emitter, slot in pairs:
            emitter.connect(slot)
        self._followed[layer] = pairs
        self._history[layer] = self._fingerprint(layer)

    def unfollow(self, layer: Labels) -> None:
        """Stop reporting. Harmless for a layer that is not followed."""
        for emitter, slot in self._followed.pop(layer, ()):
            emitter.disconnect(slot)
        self._history.pop(layer, None)
        self._automatic.pop(layer, None)
        if layer is self._target:
            self._target = None

    def _emit_edited(self, layer: Labels) -> None:
        self._history[layer] = self._fingerprint(layer)
        self.edited.emit(layer)

    @staticmethod
    def _fingerprint(layer: Labels) -> tuple[int, int, int]:
        """Changes with every step that is made, undone or redone."""
        undo, redo = layer._undo_history, layer._redo_history  # noqa: SLF001 (no public way)
        return len(undo), len(redo), id(undo[-1]) if undo else 0

    def _select_target(self) -> Labels | None:
        if self._target is not None:
            self._viewer.layers.selection.active = self._target
        return self._target

    def _on_order(self, event: object = None) -> None:
        del event
        self._apply_brush()

    def _apply_brush(self) -> None:
        """Its brush is round in mm; its size counts the finest voxels of the painted axes."""
        layer = self._target
        if layer is not None:
            half = round((self._brush_mm / self._finest_mm(layer) - 1) / 2)
            layer.brush_size = 2 * max(0, half) + 1

    def _finest_mm(self, layer: Labels) -> float:
        order = self._viewer.dims.order[-layer.n_edit_dimensions :]
        first = self._viewer.dims.ndim - layer.ndim
        return float(min(abs(layer.scale[axis - first]) for axis in order if axis >= first))
