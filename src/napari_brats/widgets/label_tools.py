"""Painting tools of the label map that is being corrected, its history, and word of every edit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels
from qtpy.QtCore import QObject, Signal

from napari_brats.core.edits.edit import Edit, PaintOver, PaintRules
from napari_brats.core.edits.history import DEFAULT_LIMIT_BYTES, Change, History, Record
from napari_brats.core.labels import LabelMap
from napari_brats.widgets.label_guard import BrushFilter, refusal
from napari_brats.widgets.label_steps import LabelSteps, Step, whole_box

if TYPE_CHECKING:
    from napari import Viewer

__all__ = ["DEFAULT_BRUSH_MM", "LabelTools", "Step"]

DEFAULT_BRUSH_MM = 5.0
SETTINGS = ("selected_label", "mode", "n_edit_dimensions")


class LabelTools(QObject):
    """Sets brush, label and mode of the target layer; tells what is set and what was edited.

    Every label map that is followed keeps `rules`, paints with a brush of `brush_mm`, and has one
    long history, which the twins that show it in other cells share.
    """

    changed = Signal()  # label, mode, brush or rules
    edited = Signal(object)  # the Labels layer, at every move of a stroke and every step
    step_made = Signal(object)  # Step
    refused = Signal(str)  # why the rules let nothing be painted
    followed = Signal(object)  # a label map from now on; twins are not told

    def __init__(self, viewer: Viewer, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._target: Labels | None = None
        self._rules = PaintRules()
        self._brush_mm = DEFAULT_BRUSH_MM
        self.brush_filter: BrushFilter | None = None  # the smart brush, while it is on
        self.keeps_mode = False  # whether a tool that is not napari's has the mouse
        self._followed: dict[Labels, tuple[tuple[Any, Callable[..., None]], ...]] = {}
        self._steps = LabelSteps(self.edited.emit, self.step_made.emit)
        self.take_record = self._steps.take_record
        self._history_bytes = DEFAULT_LIMIT_BYTES
        self._is_showing_brush = False
        self._automatic: dict[Labels, Record] = {}  # the last step that was written so
        viewer.dims.events.order.connect(self._show_brush)

    def close(self) -> None:
        """Let go of the viewer and the layers."""
        self._viewer.dims.events.order.disconnect(self._show_brush)
        for layer in tuple(self._followed):
            self.unfollow(layer)

    # -- what is painted with

    @property
    def target(self) -> Labels | None:
        """The labels layer that the tools act on."""
        return self._target

    @target.setter
    def target(self, layer: Labels | None) -> None:
        if layer is not self._target:
            self._target = layer
            self._show_brush()
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
    def rules(self) -> PaintRules:
        """Locks, and what may be painted over: for every tool, napari's own too."""
        return self._rules

    @rules.setter
    def rules(self, rules: PaintRules) -> None:
        self._rules = rules
        self.changed.emit()

    def set_locked(self, label: int, locked: bool) -> None:
        """Lock a label, or unlock it."""
        others = self._rules.locked - {label}
        self.rules = replace(self._rules, locked=others | {label} if locked else others)

    def set_paint_over(self, over: PaintOver) -> None:
        """Choose what may be painted over."""
        self.rules = replace(self._rules, over=over)

    @property
    def brush_mm(self) -> float:
        """Diameter of the brush in mm."""
        return self._brush_mm

    @property
    def brush_3d(self) -> bool:
        """Whether the brush is a ball."""
        return self._target is not None and self._target.n_edit_dimensions == 3

    @property
    def is_painting(self) -> bool:
        """Whether a stroke of a followed layer is under way; its end is told as an edit."""
        return self._steps.is_painting

    def choose_label(self, label: int) -> None:
        """Paint ``label`` from now on."""
        layer = self._select_target()
        if layer is None:
            return
        layer.selected_label = label
        if not self.keeps_mode and str(layer.mode) not in ("paint", "fill", "polygon"):
            layer.mode = "paint"

    def choose_mode(self, mode: str) -> None:
        """Take one of napari's tools, by its name."""
        layer = self._select_target()
        if layer is not None:
            layer.mode = mode

    def set_brush_mm(self, diameter_mm: float) -> None:
        """Set the diameter of the brush."""
        self._brush_mm = diameter_mm
        self._show_brush()
        self.changed.emit()

    def set_brush_3d(self, is_3d: bool) -> None:
        """Paint a ball through the slices, or a disc on this one."""
        if self._target is not None:
            self._target.n_edit_dimensions = 3 if is_3d else 2
            self._show_brush()

    # -- what is written

    def apply(
        self,
        layer: Labels,
        edit: Edit,
        *,
        tool: str,
        seconds: float = 0.0,
        even_if_equal: bool = False,
    ) -> int:
        """Write an edit as one undo step, as far as the rules allow; how many voxels changed.

        ``layer`` is a label map that is followed, or a twin; ``tool`` its name for people;
        ``seconds`` how long the person worked with it. With ``even_if_equal`` an edit to what is
        there already is a step, too: somebody decided so.
        """
        before = np.asarray(layer.data[edit.box])
        after = self._rules.apply(before, edit.labels)
        change = Change.between(edit.box, before, after)
        if change is None and even_if_equal and (before == edit.labels).all():
            change = Change.nothing(edit.box, before.dtype)
        voxels = self._steps.write(layer, change, tool, seconds)
        wanted = before != edit.labels
        if not voxels and wanted.any():
            self.take_refusal(refusal(self._rules, int(edit.labels[wanted][0]), before[wanted]))
        return voxels

    def write(
        self, layer: Labels, data: LabelMap, *, is_automatic: bool = False, tool: str = "Replace"
    ) -> None:
        """Replace the whole array of ``layer`` as one undo step; ``data`` in display order.

        Rules are not looked at: this is a new label map, not a correction of the old one.
        Automatic writes with nothing else between them (a slider being dragged) become one step.
        """
        history = self._steps.history_of(layer)
        main = self._steps.main_of(layer)
        if is_automatic and history.last is not None and history.last is self._automatic.get(main):
            self._steps.move(main, history.done - 1, refresh=False)
        change = Change.between(whole_box(data), np.asarray(main.data), data)
        was_painting = self.is_painting  # then it is a part of the stroke
        if self._steps.write(main, change, tool, 0.0) and is_automatic and not was_painting:
            self._automatic[main] = history[-1]

    def undo(self, layer: Labels | None = None) -> None:
        """Undo the last step of a label map, by default of the target."""
        self._step(layer or self._target, -1)

    def redo(self, layer: Labels | None = None) -> None:
        """Redo the step that was undone last."""
        self._step(layer or self._target, 1)

    def _step(self, layer: Labels | None, by: int) -> None:
        if layer in self._followed:
            self._steps.move(layer, self._steps.history_of(layer).done + by)

    @property
    def layers(self) -> tuple[Labels, ...]:
        """The label maps that are followed, and their twins."""
        return self._steps.layers

    def history_of(self, layer: Labels) -> History:
        """The steps of a label map that is followed."""
        return self._steps.history_of(layer)

    def set_history_bytes(self, limit_bytes: int) -> None:
        """Let the steps of each label map take so much memory."""
        self._history_bytes = limit_bytes
        for layer in self._followed:
            self._steps.history_of(layer).limit_bytes = limit_bytes

    def go_to_step(self, layer: Labels, done: int) -> None:
        """Undo or redo until ``done`` steps of its history are done."""
        self._steps.move(layer, done)

    def take_refusal(self, reason: str) -> None:
        """Say why the rules let nothing be painted."""
        self.refused.emit(reason)

    # -- whom it follows

    def follow(self, layer: Labels, main: Labels | None = None) -> None:
        """Take care of ``layer`` from now on; ``main`` if it is a twin. Harmless when called twice.

        A twin shows the array of ``main`` in another cell: what is painted there is painted and
        told as on ``main``, whose history it shares.
        """
        if layer in self._followed:
            return
        self._steps.follow(layer, main, self, self._history_bytes)
        main, events = main or layer, layer.events
        pairs = (
            (events.labels_update, lambda _event: self.edited.emit(main)),
            (events.data, lambda _event: self._steps.take_array(layer)),
            *((events[name], lambda _event: self._on_setting(layer)) for name in SETTINGS),
            (events.brush_size, lambda _event: self._on_brush_size(layer)),
        )
        for emitter, slot in pairs:
            emitter.connect(slot)
        self._followed[layer] = pairs
        self._show_brush()
        if main is layer:
            self.followed.emit(layer)

    def follows(self, layer: Labels) -> bool:
        """Whether it takes care of ``layer``."""
        return layer in self._followed

    def unfollow(self, layer: Labels) -> None:
        """Give the layer back as it was. Harmless for a layer that is not followed."""
        if layer not in self._followed:
            return
        for emitter, slot in self._followed.pop(layer):
            emitter.disconnect(slot)
        self._steps.unfollow(layer)
        self._automatic.pop(layer, None)
        if layer is self._target:
            self._target = None

    def _on_setting(self, layer: Labels) -> None:
        if layer is self._target:
            self.changed.emit()

    def _select_target(self) -> Labels | None:
        if self._target is not None:
            self._viewer.layers.selection.active = self._target
        return self._target

    # -- the brush

    def _show_brush(self, _event: object = None) -> None:
        """Let napari's own slider and cursor say what is painted, as nearly as it counts voxels."""
        self._is_showing_brush = True
        for layer in self._followed:
            layer.brush_size = max(1, round(self._brush_mm / self._finest_mm(layer)))
            layer.cursor_size = self._brush_mm
        self._is_showing_brush = False

    def _on_brush_size(self, layer: Labels) -> None:
        """napari's slider, its keys or Alt with the mouse set the size in voxels."""
        if not self._is_showing_brush:
            self.set_brush_mm(int(layer.brush_size) * self._finest_mm(layer))

    def _finest_mm(self, layer: Labels) -> float:
        order = self._viewer.dims.order[-layer.n_edit_dimensions :]
        first = self._viewer.dims.ndim - layer.ndim
        return float(min(abs(layer.scale[axis - first]) for axis in order if axis >= first))
