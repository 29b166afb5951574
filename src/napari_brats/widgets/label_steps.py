"""The steps made on label maps: written, undone, redone and told, whichever twin was painted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from napari.layers import Labels

from napari_brats.core.boxes import Box
from napari_brats.core.edits.history import Change, History, Record
from napari_brats.core.labels import LabelMap
from napari_brats.widgets.label_guard import LabelGuard, PaintHost

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


class LabelSteps:
    """Followed label maps and the twins that show them, with one history per label map."""

    def __init__(
        self, tell_edited: Callable[[Labels], None], tell_step: Callable[[Step], None]
    ) -> None:
        """``tell_edited`` is called with the label map, ``tell_step`` with each step of it."""
        self._tell_edited, self._tell_step = tell_edited, tell_step
        self._guards: dict[Labels, LabelGuard] = {}
        self._mains: dict[Labels, Labels] = {}  # of every followed layer, its own or the twin's
        self._arrays: dict[Labels, LabelMap] = {}  # of label maps, as they were last

    @property
    def layers(self) -> tuple[Labels, ...]:
        """Label maps and twins."""
        return tuple(self._guards)

    @property
    def is_painting(self) -> bool:
        """Whether a stroke is under way."""
        return any(guard.is_in_stroke for guard in self._guards.values())

    def main_of(self, layer: Labels) -> Labels:
        """The label map that a followed layer shows."""
        return self._mains[layer]

    def history_of(self, layer: Labels) -> History:
        """The steps of the label map that a followed layer shows."""
        return self._guards[layer].history

    def follow(self, layer: Labels, main: Labels | None, host: PaintHost, limit_bytes: int) -> None:
        """Guard a label map, or a twin of ``main``; its steps may take ``limit_bytes``."""
        history = History(limit_bytes) if main is None else self._guards[main].history
        self._mains[layer] = layer if main is None else main
        self._guards[layer] = LabelGuard(layer, host, history)
        if main is None:
            self._arrays[layer] = layer.data

    def unfollow(self, layer: Labels) -> None:
        """Give the layer back as it was, a label map with the last of its steps."""
        guard, main = self._guards.pop(layer), self._mains.pop(layer)
        self._arrays.pop(layer, None)
        guard.release(with_steps=main is layer)

    def write(self, layer: Labels, change: Change | None, tool: str, seconds: float) -> int:
        """Make a change as one step, or as a part of the stroke under way; how many voxels."""
        if change is None:
            return 0
        main = self._mains[layer]
        painting = [guard for guard in self._family(main) if guard.is_in_stroke]
        if painting:
            painting[0].stage(change)
        change.redo(main.data)
        self._refresh(main)
        self._tell_edited(main)
        if not painting:
            finished = datetime.now().astimezone()
            record = Record(change, tool, change.label, finished, seconds)
            self._guards[main].history.add(record)
            self._tell(main, record, "do")
        return change.voxels

    def move(self, layer: Labels, done: int, *, refresh: bool = True) -> None:
        """Undo or redo until ``done`` steps are done; not while a stroke is under way."""
        main = self._mains[layer]
        if any(guard.is_in_stroke for guard in self._family(main)):
            return
        history = self._guards[main].history
        kind: Kind = "undo" if done < history.done else "redo"
        moved = history.move_to(done, main.data)
        if not moved:
            return
        if refresh:
            self._refresh(main)
        self._tell_edited(main)
        for record in moved:
            self._tell(main, record, kind)

    def take_record(self, layer: Labels, record: Record) -> None:
        """Tell of a stroke that was finished, and noted, on a followed layer."""
        main = self._mains[layer]
        self._tell_edited(main)
        self._tell(main, record, "do")

    def take_array(self, layer: Labels) -> None:
        """Make a step of it that somebody gave a label map another array, if it is alike."""
        if layer not in self._arrays:  # a twin
            return
        before, after = self._arrays[layer], layer.data
        self._arrays[layer] = after
        history = self._guards[layer].history
        if before is after:
            return
        if (before.shape, before.dtype) != (after.shape, after.dtype):
            history.clear()
            self._tell_edited(layer)
            return
        change = Change.between(whole_box(after), before, after)
        if change is not None:
            history.add(Record(change, "Replaced", change.label, datetime.now().astimezone()))
            self.take_record(layer, history[-1])

    def _tell(self, main: Labels, record: Record, kind: Kind) -> None:
        change = record.change
        parts = (record.tool, kind, record.label, change.voxels, change.box)
        self._tell_step(Step(main, *parts, record.finished, record.seconds))

    def _family(self, main: Labels) -> list[LabelGuard]:
        """The guards of a label map and of its twins."""
        return [self._guards[layer] for layer, own in self._mains.items() if own is main]

    def _refresh(self, main: Labels) -> None:
        for guard in self._family(main):
            guard.layer.refresh(highlight=False, extent=False)


def whole_box(labels: LabelMap) -> Box:
    """The box around all of a label map."""
    x, y, z = (slice(0, size) for size in labels.shape)
    return x, y, z
