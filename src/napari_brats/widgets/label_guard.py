# ruff: noqa: SLF001 (there is no public way)
"""Lets napari's own painting tools keep the rules, a brush round in mm, and the long history.

napari's tools all end in a few methods of the Labels layer (seen in napari 0.9.2). A guard puts its
own in their place on one layer, not on the class, and takes them away again.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

import numpy as np
from napari.layers import Labels
from napari.layers.labels.labels import _MaskedPaintAtom

from napari_brats.core.boxes import Box
from napari_brats.core.edits.brush import brush_stroke
from napari_brats.core.edits.edit import PaintOver, PaintRules
from napari_brats.core.edits.history import Change, History, Record
from napari_brats.core.labels import Label, LabelMap, Mask

TOOL_NAMES = {"paint": "Brush", "erase": "Eraser", "fill": "Fill", "polygon": "Polygon"}
NAPARI_STEPS = 100
"""How many steps napari itself keeps, and is given back."""


class BrushFilter(Protocol):
    """Leaves out some of what the brush would paint."""

    name: str

    def filter(self, box: Box, mask: Mask, start: Sequence[float], end: Sequence[float]) -> Mask:
        """What of ``mask`` is painted on the way of the brush from ``start`` to ``end``."""


class PaintHost(Protocol):
    """What a guard asks and tells."""

    rules: PaintRules
    brush_mm: float
    brush_filter: BrushFilter | None

    def take_record(self, layer: Labels, record: Record) -> None:
        """A stroke was finished on ``layer``, and noted in its history."""

    def take_refusal(self, reason: str) -> None:
        """The rules let nothing be painted."""

    def undo(self, layer: Labels | None = None) -> None:
        """Undo a step."""

    def redo(self, layer: Labels | None = None) -> None:
        """Redo a step."""


class _DoneSteps:
    """Stands for napari's list of steps that can be undone."""

    def __init__(self, history: History, record: Callable[[Sequence[Any]], None]) -> None:
        self._history, self.append = history, record

    def __len__(self) -> int:
        return self._history.done

    def clear(self) -> None:
        self._history.clear()


class _UndoneSteps:
    """Stands for napari's list of steps that can be redone."""

    def __init__(self, history: History) -> None:
        self._history = history

    def __len__(self) -> int:
        return len(self._history) - self._history.done

    def clear(self) -> None:
        self._history.forget_undone()


class LabelGuard:
    """On one Labels layer, until `release`. Layers that show one array share one ``history``."""

    def __init__(self, layer: Labels, host: PaintHost, history: History) -> None:
        self.layer, self.history = layer, history
        self._host = host
        self._began: float | None = None
        self._refusal = ""  # of the stroke under way, told if nothing of it was painted
        self._own = {
            "_draw": self._draw,
            "paint": self._paint,
            "data_setitem": self._in_one_step(layer.data_setitem),
            "_paint_region_with_mask": self._in_one_step(layer._paint_region_with_mask),
            "_apply_mask_to_data": self._apply_mask_to_data,
            "_commit_staged_history": self._commit,
            "_reset_history": self._reset_history,
            "_calculate_cursor_size": lambda: host.brush_mm,
            "undo": lambda: host.undo(layer),
            "redo": lambda: host.redo(layer),
        }
        vars(layer).update(self._own)
        layer._undo_history = _DoneSteps(history, self._record)
        layer._redo_history = _UndoneSteps(history)

    def release(self, *, with_steps: bool) -> None:
        """Give the layer its own methods again, and the last steps if it shall have them."""
        for name in self._own:
            del vars(self.layer)[name]
        now = self.history.done
        done = self.history[max(0, now - NAPARI_STEPS) : now] if with_steps else []
        undone = self.history[now : now + NAPARI_STEPS] if with_steps else []
        self.layer._undo_history = deque(map(_item, done), maxlen=NAPARI_STEPS)
        self.layer._redo_history = deque(map(_item, reversed(undone)), maxlen=NAPARI_STEPS)

    @property
    def is_in_stroke(self) -> bool:
        """Whether the mouse is painting."""
        return bool(self.layer._block_history)

    def stage(self, change: Change) -> None:
        """Make a change part of the stroke that is under way."""
        values = change.values_before(), change.values_after()
        self.layer._save_history(_MaskedPaintAtom(change.box, change.where(), *values))

    # -- in place of napari's methods

    def _draw(self, new_label: int, last: Any, coordinates: Any) -> None:
        """Paint from the last place to this one in one go; other tools do it napari's way."""
        layer = self.layer
        if str(layer.mode) not in ("paint", "erase") or layer._slice_input.ndisplay == 3:
            Labels._draw(layer, new_label, last, coordinates)
        elif coordinates is not None:
            self._paint_line(coordinates if last is None else last, coordinates, new_label)
            layer._partial_labels_refresh()

    def _paint(self, coord: Sequence[float], new_label: int, refresh: bool = True) -> None:
        """One dab."""
        self._paint_line(coord, coord, new_label)
        if refresh:
            self.layer._partial_labels_refresh()

    def _paint_line(self, start: Sequence[float], end: Sequence[float], new_label: int) -> None:
        layer = self.layer
        layer._validate_label_in_range(new_label)
        axes = sorted(layer._get_dims_to_paint())
        layer._validate_non_painted_coord([round(float(c)) for c in end], axes)
        radius_mm = self._host.brush_mm / 2
        painted = brush_stroke(start, end, radius_mm, layer.scale, layer.data.shape, axes)
        if painted is not None:
            box, mask = painted
            if self._host.brush_filter is not None:
                mask = self._host.brush_filter.filter(box, mask, start, end)
            flat = tuple(axis for axis in range(layer.ndim) if axis not in axes)
            layer._paint_region_with_mask(box, mask.squeeze(flat), new_label, axes, refresh=False)

    def _apply_mask_to_data(
        self, data: LabelMap, mask: Mask, new_label: int, box: tuple[slice, ...]
    ) -> Mask | None:
        """Leave out what the rules keep."""
        rules = self._host.rules
        if rules.locked or rules.over is PaintOver.BACKGROUND:
            wanted = mask & (data != new_label)
            mask = wanted & rules.changeable(data, np.full_like(data, new_label))
            if not mask.any():
                if wanted.any() and not self._refusal:
                    self._refusal = refusal(rules, new_label, data[wanted])
                return None
        if self._began is None:
            self._began = time.perf_counter()
        return Labels._apply_mask_to_data(self.layer, data, mask, new_label, box)

    def _in_one_step(self, method: Callable[..., None]) -> Callable[..., None]:
        """Let a step be told after its voxels are written: napari tells of it before."""

        def run(*arguments: Any, **options: Any) -> None:
            if self.layer._block_history:
                method(*arguments, **options)
                return
            with self.layer.block_history():
                method(*arguments, **options)

        return run

    def _commit(self) -> None:
        """End a stroke, with nothing left of it in the layer when it is told."""
        layer = self.layer
        staged, layer._staged_history, layer._block_history = layer._staged_history, [], False
        refusal_told, self._refusal = self._refusal, ""
        if staged:
            layer._append_to_undo_history(staged)
        elif refusal_told:
            self._host.take_refusal(refusal_told)
        self._began = None

    def _reset_history(self, event: object = None) -> None:
        """Only the stroke under way is lost where a layer cannot be edited for a while."""
        self.layer._staged_history, self.layer._block_history = [], False

    def _record(self, atoms: Sequence[Any]) -> None:
        change = _change_of(self.layer.data, atoms)
        if change is None:
            return
        seconds = 0.0 if self._began is None else time.perf_counter() - self._began
        mode, brush_filter = str(self.layer.mode), self._host.brush_filter
        tool = TOOL_NAMES.get(mode, "Edit")
        if brush_filter is not None and mode in ("paint", "erase"):
            tool = brush_filter.name
        record = Record(change, tool, change.label, datetime.now().astimezone(), seconds)
        self.history.add(record)
        self._host.take_record(self.layer, record)


def refusal(rules: PaintRules, label: int, before: LabelMap) -> str:
    """Why no voxel of ``before`` may become ``label`` under these rules, in words."""
    if rules.over is PaintOver.BACKGROUND and label and label not in rules.locked:
        return "Nothing was painted: there are labels already, and only background is painted over."
    kept = [label] if label in rules.locked else sorted(set(np.unique(before)) & rules.locked)
    names = ", ".join(Label(n).name if n in list(Label) else str(n) for n in kept)
    return f"Nothing was changed: {names} is locked. Unlock it to change it."


def _change_of(data: LabelMap, atoms: Sequence[Any]) -> Change | None:
    """What the atoms of one stroke did together."""
    parts = [_part(atom) for atom in atoms]
    x, y, z = (
        slice(min(box[a].start for box, *_ in parts), max(box[a].stop for box, *_ in parts))
        for a in range(3)
    )
    before = np.array(data[x, y, z])
    for box, where, old in reversed(parts):
        inner = tuple(
            slice(side.start - outer.start, side.stop - outer.start)
            for side, outer in zip(box, (x, y, z), strict=True)
        )
        before[inner][where] = old
    return Change.between((x, y, z), before, np.asarray(data[x, y, z]))


def _part(atom: Any) -> tuple[Box, Any, Any]:
    """Box, where in it, and the labels before."""
    if isinstance(atom, _MaskedPaintAtom):
        return atom.slice_key, Ellipsis if atom.mask is None else atom.mask, atom.old_values
    indices, before, _after = atom
    x, y, z = (slice(int(np.min(axis)), int(np.max(axis)) + 1) for axis in indices)
    where = tuple(np.asarray(a) - s.start for a, s in zip(indices, (x, y, z), strict=True))
    return (x, y, z), where, before


def _item(record: Record) -> list[Any]:
    """A step as napari keeps it."""
    change = record.change
    values = change.values_before(), change.values_after()
    return [_MaskedPaintAtom(change.box, change.where(), *values)]
