"""Painting tools of the label map that is being corrected, its history, and word of every edit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from napari.layers import Labels
from qtpy.QtCore import QObject, Signal

from napari_brats.core.boxes import Box
from napari_brats.core.edits.edit import Edit, PaintOver, PaintRules
from napari_brats.core.edits.history import Change, History, Record
from napari_brats.core.labels import Label, LabelMap
from napari_brats.widgets.label_guard import LabelGuard

if TYPE_CHECKING:
    from napari import Viewer

DEFAULT_BRUSH_MM = 5.0
Kind = Literal["do", "undo", "redo"]


@dataclass(frozen=True, eq=False)
class Step:
    """A stroke or tool that is finished, undone or redone.

    Attributes
    ----------
    layer
        The label map: never a twin that shows it in another cell.
    tool
        What made it, in words for people.
    kind
        Whether it was done, undone or redone.
    label
        The label that was painted; None if there were several.
    voxels
        How many changed.
    box
        Where, in display order. After a jump over several steps the array is already further on.
    finished
        When the step was done (not when it was undone).
    seconds
        How long that took, from the first voxel to the last.
    """

    layer: Labels
    tool: str
    kind: Kind
    label: int | None
    voxels: int
    box: Box
    finished: datetime
    seconds: float


class LabelTools(QObject):
    """Sets brush, label and mode of the target layer; tells what is set and what was edited.

    Every label map that is followed keeps `rules`, paints with a brush of `brush_mm`, and has one
    long history, which the twins that show it in other cells share.
    """

    changed = Signal()  # label, mode, brush or rules
    edited = Signal(object)  # the Labels layer, at every move of a stroke and every step
    step_made = Signal(object)  # Step
    refused = Signal(str)  # why the rules let nothing be painted

    def __init__(self, viewer: Viewer, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._target: Labels | None = None
        self._rules = PaintRules()
        self._brush_mm = DEFAULT_BRUSH_MM
        self._followed: dict[Labels, tuple[tuple[Any, Callable[..., None]], ...]] = {}
        self._guards: dict[Labels, LabelGuard] = {}
        self._mains: dict[Labels, Labels] = {}  # of every followed layer, its own or the twin's
        self._automatic: dict[Labels, Record] = {}  # the last step that was written so
        viewer.dims.events.order.connect(self._on_order)

    def close(self) -> None:
        """Let go of the viewer and the layers."""
        self._viewer.dims.events.order.disconnect(self._on_order)
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
        return any(guard.is_in_stroke for guard in self._guards.values())

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
        step = Change.between(edit.box, before, after)
        if step is None and even_if_equal and (before == edit.labels).all():
            step = Change.nothing(edit.box, before.dtype)
        voxels = self._write(layer, step, tool, seconds)
        wanted = before != edit.labels
        if not voxels and wanted.any():
            self.take_refusal(layer, int(edit.labels[wanted][0]), before[wanted])
        return voxels

    def write(
        self, layer: Labels, data: LabelMap, *, is_automatic: bool = False, tool: str = "Replace"
    ) -> None:
        """Replace the whole array of ``layer`` as one undo step; ``data`` in display order.

        Rules are not looked at: this is a new label map, not a correction of the old one.
        Automatic writes with nothing else between them (a slider being dragged) become one step.
        """
        main = self._mains[layer]
        history = self._guards[main].history
        if is_automatic and history.last is not None and history.last is self._automatic.get(main):
            self._move(main, history.done - 1, refresh=False)
        whole: Any = tuple(slice(0, size) for size in data.shape)
        change = Change.between(whole, np.asarray(main.data), data)
        if self._write(main, change, tool, 0.0) and is_automatic and not self.is_painting:
            self._automatic[main] = self._guards[main].history[-1]

    def undo(self, layer: Labels | None = None) -> None:
        """Undo the last step of a label map, by default of the target."""
        self._step(layer, -1)

    def redo(self, layer: Labels | None = None) -> None:
        """Redo the step that was undone last."""
        self._step(layer, 1)

    def history_of(self, layer: Labels) -> History:
        """The steps of a label map that is followed."""
        return self._guards[layer].history

    def go_to_step(self, layer: Labels, done: int) -> None:
        """Undo or redo until ``done`` steps of its history are done."""
        self._move(self._mains[layer], done)

    # -- whom it follows

    def follow(self, layer: Labels, main: Labels | None = None) -> None:
        """Take care of ``layer`` from now on; ``main`` if it is a twin. Harmless when called twice.

        A twin shows the array of ``main`` in another cell: what is painted there is painted and
        told as on ``main``, whose history it shares.
        """
        if layer in self._followed:
            return
        history = History() if main is None else self._guards[main].history
        self._mains[layer] = layer if main is None else main
        self._guards[layer] = LabelGuard(layer, self, history)

        def on_edit(event: object = None) -> None:
            self.edited.emit(self._mains[layer])

        def on_setting(event: object = None) -> None:
            if layer is self._target:
                self.changed.emit()

        def on_size(event: object = None) -> None:
            self._take_brush_size(layer)

        events = layer.events
        pairs = (
            (events.labels_update, on_edit),
            (events.data, on_edit),
            (events.selected_label, on_setting),
            (events.mode, on_setting),
            (events.brush_size, on_size),
            (events.n_edit_dimensions, on_setting),
        )
        for emitter, slot in pairs:
            emitter.connect(slot)
        self._followed[layer] = pairs

    def unfollow(self, layer: Labels) -> None:
        """Give the layer back as it was. Harmless for a layer that is not followed."""
        for emitter, slot in self._followed.pop(layer, ()):
            emitter.disconnect(slot)
        if layer in self._guards:
            self._guards.pop(layer).release()
        self._mains.pop(layer, None)
        self._automatic.pop(layer, None)
        if layer is self._target:
            self._target = None

    # -- what the guards tell

    def take_record(self, layer: Labels, record: Record) -> None:
        """Tell of a stroke that was finished on a followed layer."""
        self.edited.emit(self._mains[layer])
        self._tell(self._mains[layer], record, "do")

    def take_refusal(self, layer: Labels, label: int, before: LabelMap) -> None:
        """Say why no voxel of ``before`` may become ``label``."""
        if label in self._rules.locked:
            name = Label(label).name if label in Label.__members__.values() else str(label)
            self.refused.emit(f"{name} is locked: nothing was painted. Unlock it to paint it.")
        elif self._rules.over is PaintOver.BACKGROUND and label:
            self.refused.emit(
                "Nothing was painted: there are labels already, and 'background only' is on."
            )
        else:
            names = sorted({int(value) for value in np.unique(before)} & self._rules.locked)
            shown = ", ".join(Label(n).name if n in iter(Label) else str(n) for n in names)
            self.refused.emit(f"Nothing was changed: {shown} is locked there. Unlock it to do so.")

    def _write(self, layer: Labels, change: Change | None, tool: str, seconds: float) -> int:
        main = self._mains[layer]
        if change is None:
            return 0
        painting = [g for g in self._family(main) if g.is_in_stroke]
        if painting:
            painting[0].stage(change)
        change.redo(main.data)
        self._refresh(main)
        if not painting:
            finished = datetime.now().astimezone()
            record = Record(change, tool, change.label, finished, seconds)
            self._guards[main].history.add(record)
            self._tell(main, record, "do")
        self.edited.emit(main)
        return change.voxels

    def _step(self, layer: Labels | None, by: int) -> None:
        main = self._mains.get(layer or self._target)
        if main is not None:
            self._move(main, self._guards[main].history.done + by)

    def _move(self, main: Labels, done: int, refresh: bool = True) -> None:
        history = self._guards[main].history
        kind: Kind = "undo" if done < history.done else "redo"
        moved = history.move_to(done, main.data)
        if not moved:
            return
        if refresh:
            self._refresh(main)
        self.edited.emit(main)
        for record in moved:
            self._tell(main, record, kind)

    def _tell(self, main: Labels, record: Record, kind: Kind) -> None:
        change = record.change
        parts = (record.tool, kind, record.label, change.voxels, change.box)
        self.step_made.emit(Step(main, *parts, record.finished, record.seconds))

    def _family(self, main: Labels) -> list[LabelGuard]:
        """The guards of a label map and of its twins."""
        return [self._guards[layer] for layer, own in self._mains.items() if own is main]

    def _refresh(self, main: Labels) -> None:
        for guard in self._family(main):
            guard.layer.refresh(highlight=False, extent=False)

    def _select_target(self) -> Labels | None:
        if self._target is not None:
            self._viewer.layers.selection.active = self._target
        return self._target

    # -- the brush

    def _on_order(self, event: object = None) -> None:
        del event
        self._show_brush()

    def _show_brush(self) -> None:
        """Let napari's own slider and cursor say what is painted, as nearly as it counts voxels."""
        for layer in self._guards:
            size = max(1, round(self._brush_mm / self._finest_mm(layer)))
            with layer.events.brush_size.blocker():
                layer.brush_size = size
            layer.cursor_size = self._brush_mm

    def _take_brush_size(self, layer: Labels) -> None:
        """napari's slider, its keys or Alt with the mouse set the size in voxels."""
        self.set_brush_mm(int(layer.brush_size) * self._finest_mm(layer))

    def _finest_mm(self, layer: Labels) -> float:
        order = self._viewer.dims.order[-layer.n_edit_dimensions :]
        first = self._viewer.dims.ndim - layer.ndim
        return float(min(abs(layer.scale[axis - first]) for axis in order if axis >= first))
