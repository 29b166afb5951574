"""Keeps every edit safe on disk within two seconds, in the background, also during long strokes."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING
from weakref import WeakSet

from qtpy.QtCore import QObject, QTimer, Signal

from napari_brats.core.errors import BratsError
from napari_brats.core.progress import Job, Progress
from napari_brats.widgets._worker import RunningJob, run_job
from napari_brats.widgets.kept_label_maps import KeptLabelMap, KeptLabelMaps
from napari_brats.widgets.label_tools import Step
from napari_brats.widgets.viewer_bridge import ViewerBridge

if TYPE_CHECKING:
    from napari.layers import Layer

WRITE_AFTER_S = 0.5
"""From the first edit that is not on disk to its writing; the end of a stroke hurries it."""

LOOK_EVERY_S = 0.05
RETRY_AFTER_MS = 5000
"""After a disk refused."""


class _Pending:
    """Label maps with edits that are not on disk; filled by the window, emptied by the job."""

    def __init__(self) -> None:
        self.maps: set[KeptLabelMap] = set()
        self.hurries = False


class JournalController(QObject):
    """Writes the journals of edited label maps.

    The first edit starts a job that goes on until all is on disk. It keeps time by itself: a window
    that is busy drawing, or hangs, does not hold it up.
    """

    problem = Signal(str)  # told once; empty when all is well again

    def __init__(self, bridge: ViewerBridge, kept: KeptLabelMaps, parent: QObject) -> None:
        super().__init__(parent)
        self._kept = kept
        self._pending = _Pending()
        self._prepared: WeakSet[Layer] = WeakSet()
        self._running: RunningJob | None = None
        self._trouble = ""
        self._retry = QTimer(self)
        self._retry.setSingleShot(True)
        self._retry.setInterval(RETRY_AFTER_MS)
        self._retry.timeout.connect(self._run)
        bridge.tools.edited.connect(self._on_edited)
        bridge.tools.step_made.connect(self._on_step)
        bridge.labels_added.connect(self._on_labels_added)
        bridge.layer_removed.connect(self._on_removed)
        for one in kept:
            self._on_labels_added(one.layer)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being written."""
        return self._running is None

    def write_now(self) -> None:
        """Write what is not on disk without waiting any longer."""
        self._pending.hurries = True
        self._run()

    def write_all(self) -> None:
        """Write all unsaved edits anew, after the journals were deleted."""
        for kept in self._kept:
            self._on_edited(kept.layer)

    def flush(self) -> None:
        """Write what is not on disk before this returns, and no more after that."""
        maps = tuple(self._pending.maps)
        self.cancel()
        for kept in maps:
            with suppress(BratsError):  # the user was told, or it cannot be saved at all
                kept.write()

    def cancel(self) -> None:
        """Write no more."""
        self._retry.stop()
        self._pending.maps.clear()
        if self._running is not None:
            self._running.cancel()

    def _run(self) -> None:
        if self._running is None and self._pending.maps:
            self._running = run_job(
                _write_while_edited(self._pending),
                on_returned=lambda _: self._tell(""),
                on_failed=lambda error: self._tell(str(error)),
                on_finished=self._on_finished,
                owner=self.parent(),
                urgent=True,
            )

    def _on_edited(self, layer: Layer) -> None:
        kept = self._kept.get(layer)
        if kept is not None:
            self._pending.maps.add(kept)
            if not self._retry.isActive():
                self._run()

    def _on_step(self, step: Step) -> None:
        self._pending.hurries = True
        self._on_edited(step.layer)

    def _on_labels_added(self, layer: Layer) -> None:
        """Have its journal ready before it is painted."""
        kept = self._kept.get(layer)
        if kept is not None and layer not in self._prepared:
            self._prepared.add(layer)
            run_job(_prepare(kept), urgent=True)

    def _on_removed(self, layer: Layer) -> None:
        for kept in tuple(self._pending.maps):
            if kept.layer is layer:
                self._pending.maps.discard(kept)

    def _on_finished(self) -> None:
        self._running = None
        if self._trouble:
            self._retry.start()
        else:
            self._run()  # an edit came just as the job ended

    def _tell(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            self.problem.emit(trouble)


def _write_while_edited(pending: _Pending) -> Job[None]:
    """Write again and again until nothing is left to write; BratsError if something cannot be."""
    while pending.maps:
        end_s = time.monotonic() + WRITE_AFTER_S
        while time.monotonic() < end_s and not pending.hurries:
            yield Progress(0, 1, "Keeping edits safe")
            time.sleep(LOOK_EVERY_S)
        pending.hurries = False
        for _ in range(len(pending.maps)):
            _write_one(pending)


def _write_one(pending: _Pending) -> None:
    try:
        kept = pending.maps.pop()
    except KeyError:  # the window cleared it meanwhile
        return
    try:
        kept.write()
    except BratsError:
        pending.maps.add(kept)
        raise


def _prepare(kept: KeptLabelMap) -> Job[None]:
    yield Progress(0, 1, "Preparing the journal")
    kept.prepare()
