"""Long work off the main thread: `run_job`, and the one worker class behind it.

Why not napari's own workers (napari 0.9.2, superqt 0.9.0): they swallow a RuntimeError without
telling that the work is finished, so a `torch.OutOfMemoryError` would leave the Run button disabled
for ever, and they leave a cancelled generator open.
"""

from __future__ import annotations

import atexit
import time
from collections.abc import Callable, Generator
from functools import cache
from typing import Any, TypeVar

from qtpy.compat import isalive
from qtpy.QtCore import QObject, QThreadPool
from superqt.utils import GeneratorWorker

from napari_brats.core.errors import BratsError, JobError
from napari_brats.core.progress import Job, Progress
from napari_brats.workspace.log import LOGGER, log_unforeseen

T = TypeVar("T")

PROGRESS_INTERVAL_S = 0.03
"""Progress that comes faster than the eye reads it would only flood the event loop."""

URGENT_THREADS = 4
"""Beside those of Qt's pool."""


# Python's exit deletes the signals of threads that still run, and the next one emitted would abort
# the process; so exit first asks all jobs to stop and waits, as napari does when its window quits.
atexit.register(GeneratorWorker.await_workers)


class JobWorker(GeneratorWorker):  # type: ignore[misc]
    """Drives one job in a thread of Qt's pool. Made by `run_job`."""

    def __init__(self, job: Job[Any], *, urgent: bool = False) -> None:
        super().__init__(_delegate, job)
        self.running_job: RunningJob | None = None  # kept alive by it until its end is reported
        self._is_urgent = urgent

    def start(self) -> None:
        """Wait for a free thread; an urgent job waits for other urgent ones only."""
        if not self._is_urgent:
            super().start()
            return
        self._worker_set.add(self)
        self._finished.connect(self._set_discard)
        _urgent_pool().start(self)

    def work(self) -> Any:
        """Drive the generator; called in the thread."""
        last_s = 0.0
        try:
            while not self.abort_requested:
                try:
                    progress = next(self._gen)
                except StopIteration as end:
                    return end.value
                now_s = time.monotonic()
                if now_s - last_s >= PROGRESS_INTERVAL_S:
                    last_s = now_s
                    self.yielded.emit(progress)
            self.aborted.emit()
        except RuntimeError as error:
            raise in_words(error) from error
        finally:
            self._gen.close()
        return None


class RunningJob:
    """A job under way: whether its end is still to come, and how to cancel it.

    No part of `JobWorker`, because PyQt calls no method of an object that Qt has deleted, and Qt's
    pool deletes a worker before its last signals are delivered.
    """

    def __init__(
        self,
        worker: JobWorker,
        on_progress: Callable[[Progress], None] | None,
        on_returned: Callable[[Any], None] | None,
        on_failed: Callable[[BratsError], None] | None,
        on_finished: Callable[[], None] | None,
        owner: QObject | None,
    ) -> None:
        self._worker = worker
        self._on_progress = on_progress
        self._on_returned = on_returned
        self._on_failed = on_failed
        self._on_finished = on_finished
        self._owner = owner
        self._reported_end = False
        # Signals of the thread reach these methods on the main thread, where they are connected.
        worker.yielded.connect(self._report_progress)
        worker.returned.connect(self._report_return)
        worker.errored.connect(self._report_error)
        worker.finished.connect(self._report_end)
        worker.warned.connect(self._report_warning)

    @property
    def is_active(self) -> bool:
        """Whether the job's end is still to be reported."""
        return not self._reported_end

    def cancel(self) -> None:
        """Report the end now, and stop the work at its next yield.

        The caller gets its button back at once, even while the thread sits in one long native
        call; whatever the job still says or returns is dropped.
        """
        self._worker.quit()
        self._report_end()

    def _listens(self) -> bool:
        """Whether anyone still waits for this job; a closed window ends it."""
        if self._reported_end:
            return False
        if self._owner is not None and not isalive(self._owner):
            self._worker.quit()
            self._forget()
            return False
        return True

    def _report_progress(self, progress: Progress) -> None:
        if self._listens() and self._on_progress:
            self._on_progress(progress)

    # A result or an error reports the end, too, and does not wait for the thread's last signal:
    # nobody shall see "Saved" beside a button that is still off.

    def _report_return(self, value: object) -> None:
        if not self._listens():
            return
        try:
            if self._on_returned:
                self._on_returned(value)
        except BratsError as error:  # e.g. the result fits no open case
            self._report_error(error)
        finally:
            self._report_end()

    def _report_error(self, error: Exception) -> None:
        if not self._listens():
            if not isinstance(error, BratsError):
                log_unforeseen(error)
            return
        try:
            if self._on_failed:
                self._on_failed(in_words(error))
        finally:
            self._report_end()

    def _report_warning(self, warning: tuple[Any, ...]) -> None:
        LOGGER.warning("%s: %s", warning[1].__name__, warning[0])

    def _report_end(self) -> None:
        if not self._listens():
            return
        on_finished = self._on_finished
        self._forget()
        if on_finished:
            on_finished()

    def _forget(self) -> None:
        """Let go of the handlers, which keep a closed window alive otherwise."""
        self._reported_end = True
        self._on_progress = self._on_returned = self._on_failed = self._on_finished = None


def run_job(
    job: Job[T],
    *,
    on_progress: Callable[[Progress], None] | None = None,
    on_returned: Callable[[T], None] | None = None,
    on_failed: Callable[[BratsError], None] | None = None,
    on_finished: Callable[[], None] | None = None,
    owner: QObject | None = None,
    urgent: bool = False,
) -> RunningJob:
    """Start ``job`` in a thread; the handle that cancels it. Call it on the main thread.

    Parameters
    ----------
    job
        Not started yet. It is closed in its thread when it ends or is cancelled.
    on_progress
        Called on the main thread, at most about 30 times a second.
    on_returned
        Gets the job's result; a BratsError raised in it goes to ``on_failed``. Not called after
        `RunningJob.cancel`.
    on_failed
        Gets a BratsError whose text is fit for the user, whatever the job raised.
    on_finished
        Called exactly once, last, however the job ended; at once on `RunningJob.cancel`.
    owner
        A widget the handlers belong to. Once it is deleted nothing is called any more and the job
        stops at its next yield.
    urgent
        For light work that must not wait until a segmentation leaves it a thread.
    """
    worker = JobWorker(job, urgent=urgent)
    running = RunningJob(worker, on_progress, on_returned, on_failed, on_finished, owner)
    worker.running_job = running
    worker.start()
    return running


@cache
def _urgent_pool() -> QThreadPool:
    pool = QThreadPool()
    pool.setMaxThreadCount(URGENT_THREADS)
    atexit.register(pool.waitForDone)
    return pool


def in_words(error: Exception) -> BratsError:
    """What ``error`` means to the user. What nobody foresaw is written to the log."""
    if isinstance(error, BratsError):
        return error
    if isinstance(error, MemoryError) or _is_out_of_memory(error):
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        return JobError(
            f"There is not enough memory for this step: {first_line} "
            "Close other programs or cases, or choose the device 'cpu', and run it again."
        )
    kind = type(error).__name__
    return JobError(f"Something unforeseen went wrong ({kind}). {log_unforeseen(error)}")


def _is_out_of_memory(error: Exception) -> bool:
    """Whether torch ran out of memory; by name and text, for torch may not be imported."""
    text = str(error).lower()
    return type(error).__name__ == "OutOfMemoryError" or any(
        words in text for words in ("out of memory", "not enough memory", "can't allocate memory")
    )


def _delegate(job: Job[T]) -> Generator[Progress, None, T]:
    return (yield from job)
