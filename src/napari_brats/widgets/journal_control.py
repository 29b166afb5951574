"""Keeps every edit safe on disk within two seconds, in the background, also during long strokes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from qtpy.QtCore import QObject, QTimer, Signal

from napari_brats.core.errors import BratsError
from napari_brats.core.labels import LabelMap
from napari_brats.core.progress import Job, Progress, drain
from napari_brats.widgets._worker import RunningJob, run_job, wait_for_urgent_jobs
from napari_brats.widgets.kept_label_maps import URGENT_WAIT_MS, KeptLabelMap, KeptLabelMaps
from napari_brats.widgets.label_tools import Step
from napari_brats.widgets.viewer_bridge import ViewerBridge

if TYPE_CHECKING:
    from napari.layers import Layer

WRITE_AFTER_MS = 500
"""From the first edit that is not on disk to the job; the end of a stroke starts it at once."""

RETRY_AFTER_MS = 5000
"""After a disk refused."""


@dataclass(frozen=True, eq=False)
class _Task:
    """What the job writes; copied from the window but for the labels, which it may see painted."""

    kept: KeptLabelMap
    labels: Callable[[], LabelMap]
    facts: dict[str, Any]
    events: list[Any]


class JournalController(QObject):
    """Writes the journals of edited label maps."""

    problem = Signal(str)  # told once; empty when all is well again

    def __init__(self, bridge: ViewerBridge, kept: KeptLabelMaps, parent: QObject) -> None:
        super().__init__(parent)
        self._kept = kept
        self._dirty: set[Layer] = set()
        self._prepared: WeakSet[Layer] = WeakSet()
        self._running: RunningJob | None = None
        self._trouble = ""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.write_now)
        bridge.tools.edited.connect(self._on_edited)
        bridge.tools.step_made.connect(self._on_step)
        bridge.labels_added.connect(self._on_labels_added)
        for one in kept:
            self._on_labels_added(one.layer)
        bridge.layer_removed.connect(self._dirty.discard)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being written."""
        return self._running is None

    def cancel(self) -> None:
        """Write no more."""
        self._timer.stop()
        self._dirty.clear()

    def write_all(self) -> None:
        """Write all unsaved edits anew, after the journals were deleted."""
        for kept in self._kept:
            self._on_edited(kept.layer)

    def flush(self) -> None:
        """Write what is not on disk now, and no more after that."""
        wait_for_urgent_jobs(URGENT_WAIT_MS)
        tasks = [_task(kept) for kept in self._kept if kept.layer in self._dirty]
        self.cancel()
        with suppress(BratsError):  # the user was told, or the labels cannot be saved at all
            drain(_write(tasks))

    def write_now(self) -> None:
        """Start writing what is not on disk, unless that is under way already."""
        self._timer.stop()
        if self._running is not None:
            return  # its end starts the next one
        tasks = [_task(kept) for kept in self._kept if kept.layer in self._dirty]
        self._dirty.clear()
        if tasks:
            self._running = run_job(
                _write(tasks),
                on_returned=lambda _: self._tell(""),
                on_failed=lambda error: self._on_failed(error, tasks),
                on_finished=self._on_finished,
                owner=self.parent(),
                urgent=True,
            )

    def _on_edited(self, layer: Layer) -> None:
        self._dirty.add(layer)
        if self._running is None and not self._timer.isActive():
            self._timer.start(RETRY_AFTER_MS if self._trouble else WRITE_AFTER_MS)

    def _on_step(self, step: Step) -> None:
        self._on_edited(step.layer)
        if not self._trouble:
            self.write_now()

    def _on_labels_added(self, layer: Layer) -> None:
        """Have its journal ready before it is painted."""
        kept = self._kept.get(layer)
        if kept is not None and layer not in self._prepared:
            self._prepared.add(layer)
            run_job(_prepare(kept), owner=self.parent(), urgent=True)

    def _on_failed(self, error: BratsError, tasks: Sequence[_Task]) -> None:
        self._dirty.update(task.kept.layer for task in tasks)
        self._tell(str(error))

    def _on_finished(self) -> None:
        self._running = None
        if self._dirty:
            self._timer.start(RETRY_AFTER_MS if self._trouble else WRITE_AFTER_MS)

    def _tell(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            self.problem.emit(trouble)


def _prepare(kept: KeptLabelMap) -> Job[None]:
    yield Progress(0, 1, "Preparing the journal")
    kept.journal.prepare()


def _task(kept: KeptLabelMap) -> _Task:
    return _Task(kept, kept.labels, kept.facts(), list(kept.log.events))


def _write(tasks: Sequence[_Task]) -> Job[None]:
    for number, task in enumerate(tasks):
        yield Progress(number, len(tasks), "Keeping edits safe")
        task.kept.journal.write(task.labels(), task.facts, task.events)
