"""Batches of items handed to workers; none is lost when a worker dies."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from napari_brats.core.errors import FAILURES_OF_A_CASE, failure_in_words

Item = TypeVar("Item")
Answer = TypeVar("Answer")

_POLL_S = 1.0
"""How often a wait looks up: Windows delivers Ctrl-C only then."""


class WorkerEndedError(Exception):
    """A worker was told to end by somebody else, in the middle of a batch."""


class Workers(Protocol):
    """Processes that calls can be handed to."""

    @property
    def count(self) -> int:
        """How many there are."""
        ...

    @property
    def window(self) -> int:
        """How many batches may be handed out at any time."""
        ...

    @property
    def losses(self) -> tuple[type[Exception], ...]:
        """What a future raises whose worker died."""
        ...

    @property
    def tries(self) -> int:
        """How many losses of one item are its own fault."""
        ...

    @property
    def stopping(self) -> Callable[[], bool]:
        """What tells a worker whether `stop` was called; it can be pickled."""
        ...

    def submit(self, function: Callable[[Any], Answer], batch: Any) -> Future[Answer]:
        """Hand out a batch; ``function`` and ``batch`` are pickled."""
        ...

    def stop(self) -> None:
        """Ask the workers to end what they are at, and wait until those of this machine have."""
        ...


@dataclass(frozen=True)
class Returned(Generic[Item, Answer]):
    """What became of a batch: an answer, or in words why there is none."""

    batch: tuple[Item, ...]
    answer: Answer | None = None
    error: str | None = None


def batches(items: Sequence[Item], workers: int, most: int) -> list[tuple[Item, ...]]:
    """The items in batches of at most ``most``, smaller towards the end so that all end together.

    Each is a share of what is left: guided self-scheduling (Polychronopoulos and Kuck 1987).
    """
    result, begin = [], 0
    while begin < len(items):
        size = max(1, min(most, (len(items) - begin) // (2 * workers)))
        result.append(tuple(items[begin : begin + size]))
        begin += size
    return result


def hand_out(
    workers: Workers,
    function: Callable[[tuple[Item, ...]], Answer],
    work: Sequence[tuple[Item, ...]],
    handed: Callable[[tuple[Item, ...]], None] = lambda batch: None,
) -> Iterator[Returned[Item, Answer]]:
    """What ``function`` gives for each batch, as they end.

    A batch whose worker died is handed out again, item by item; an item that ends its worker again
    and again (for want of memory, say) is given up. After Ctrl-C what has ended meanwhile is
    given, then KeyboardInterrupt is raised.

    Parameters
    ----------
    workers
        Who does it.
    function
        Called with a batch.
    work
        The batches.
    handed
        Is told of each batch when it is handed out.
    """
    waiting = deque(_Task(batch) for batch in work)
    running: dict[Future[Answer], _Task[Item]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < workers.window:
                task = waiting.popleft()
                handed(task.batch)
                running[workers.submit(function, task.batch)] = task
            for future in wait(running, _POLL_S, FIRST_COMPLETED).done:
                task = running.pop(future)
                try:
                    yield _returned(future, task, workers)
                except workers.losses:
                    waiting.extendleft(reversed(task.after_a_loss()))
    except KeyboardInterrupt:
        workers.stop()
        for future, task in running.items():
            if future.done() and not future.cancelled() and not future.exception():
                yield Returned(task.batch, future.result())
        raise


@dataclass(frozen=True)
class _Task(Generic[Item]):
    """A batch, and how often its worker died."""

    batch: tuple[Item, ...]
    losses: int = 0

    def after_a_loss(self) -> list[_Task[Item]]:
        """What is handed out instead: single items, the one to blame among them."""
        if len(self.batch) == 1:
            return [_Task(self.batch, self.losses + 1)]
        return [_Task((item,)) for item in self.batch]


def _returned(
    future: Future[Answer], task: _Task[Item], workers: Workers
) -> Returned[Item, Answer]:
    """What became of a task; what its worker's death raises is raised if it may be tried again."""
    try:
        return Returned(task.batch, future.result())
    except workers.losses:
        if len(task.batch) > 1 or task.losses + 1 < workers.tries:
            raise
        return Returned(task.batch, error=_GAVE_UP)
    except CancelledError:
        return Returned(task.batch, error=_NO_SCHEDULER)
    except FAILURES_OF_A_CASE as error:
        return Returned(task.batch, error=failure_in_words(error))


_GAVE_UP = (
    "The process that worked on it died again and again, for want of memory perhaps. Run this case "
    "alone, or with fewer workers."
)
_NO_SCHEDULER = (
    "The connection to the scheduler was lost. Give the same command again: what is done is kept."
)
