"""Workers that are processes of this machine."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading  # noqa: TID251 - see `_end_with`
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from napari_brats.scale.workers import Answer, WorkerEndedError

THREADS = "OMP_NUM_THREADS"
"""The environment variable that tells torch, OpenVINO and numpy's libraries how many threads."""


class LocalWorkers:
    """Processes of this machine, each with its share of the cores; `Workers` for `hand_out`.

    They talk through pipes: no socket is opened. A process that dies is replaced. When this
    process dies, they end.

    Parameters
    ----------
    devices
        Where each one's network runs: one entry per process.
    """

    losses: tuple[type[Exception], ...] = (BrokenExecutor, WorkerEndedError)
    tries = 2

    def __init__(self, devices: Sequence[str]) -> None:
        self._context = multiprocessing.get_context("spawn")  # no copy of this one's threads, locks
        # No lock: a process killed while it held one would block all others.
        self._stop = self._context.RawValue("b", 0)
        self._slots = [_Slot(self._context, self._stop, device) for device in devices]

    def __enter__(self) -> LocalWorkers:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def count(self) -> int:
        """How many processes."""
        return len(self._slots)

    @property
    def stopping(self) -> Callable[[], bool]:
        """`stop_asked`."""
        return stop_asked

    @property
    def window(self) -> int:
        """One batch per process."""
        return len(self._slots)

    def submit(self, function: Callable[[Any], Answer], batch: Any) -> Future[Answer]:
        """Hand a batch to a process that has none."""
        slot = next(slot for slot in self._slots if slot.is_free)
        with _threads_each(len(self._slots)):
            return slot.submit(function, batch)

    def stop(self) -> None:
        """Ask the processes to end what they are at, and wait until they have ended."""
        self._stop.value = 1
        for slot in self._slots:
            slot.close()


class _Slot:
    """A pool of one process: when it breaks, it is plain what was in hand."""

    def __init__(self, context: Any, stop: Any, device: str) -> None:
        self._context, self._told = context, (stop, device)
        self._pool = self._new_pool()
        self._future: Future[Any] | None = None

    @property
    def is_free(self) -> bool:
        return self._future is None or self._future.done()

    def submit(self, function: Callable[[Any], Answer], batch: Any) -> Future[Answer]:
        try:
            future = self._pool.submit(function, batch)
        except BrokenExecutor:
            self._pool.shutdown()
            self._pool = self._new_pool()
            future = self._pool.submit(function, batch)
        self._future = future
        return future

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _new_pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(1, self._context, initializer=_begin, initargs=self._told)


@contextmanager
def _threads_each(workers: int) -> Iterator[None]:
    """Let a process that starts meanwhile have its share of the cores, unless the user said more.

    The variable is read when the libraries are loaded, so it must be there from the start.
    """
    told = THREADS in os.environ
    if not told:
        os.environ[THREADS] = str(max(1, _cores() // workers))
    try:
        yield
    finally:
        if not told:
            del os.environ[THREADS]


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


# In the worker's process:


@dataclass
class _Here:
    """What this process was told when it became a worker."""

    stop: Any = None
    device: str = ""


_here = _Here()


def _begin(stop: Any, device: str) -> None:
    """Make a new process one of the workers."""
    _here.stop, _here.device = stop, device
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the first process decides
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # nothing is left half written
    _end_with(multiprocessing.parent_process())


def stop_asked() -> bool:
    """Whether this worker is asked to end what it is at; false outside of a worker."""
    return _here.stop is not None and bool(_here.stop.value)


def device_here(device: str) -> str:
    """The device of this worker's process; ``device`` outside of one."""
    return _here.device or device


def _end_with(parent: Any) -> None:
    """End this process when its parent has ended, however that came.

    A thread of a pool would keep the process alive at its normal end; this one does not.
    """

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
