"""Batches, and what happens when workers die: with workers that run in this process."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError, Future
from dataclasses import dataclass, field
from typing import Any

import pytest

from napari_brats.core.errors import BratsError, CaseError
from napari_brats.scale.workers import Returned, batches, hand_out


@dataclass
class Immediate:
    """Does a batch as it is submitted. ``deaths``: how often an item ends its worker."""

    deaths: dict[str, int] = field(default_factory=dict)
    tries: int = 2
    count: int = 2
    window: int = 2
    losses: tuple[type[Exception], ...] = (BrokenExecutor,)
    handed: list[tuple[str, ...]] = field(default_factory=list)
    stopped: bool = False
    stopping: Callable[[], bool] = bool

    def submit(self, function: Callable[[Any], Any], batch: Any) -> Future[Any]:
        self.handed.append(batch)
        future: Future[Any] = Future()
        fatal = [item for item in batch if self.deaths.get(str(item))]
        if fatal:
            self.deaths[str(fatal[0])] -= 1
            future.set_exception(BrokenExecutor())
            return future
        try:
            future.set_result(function(batch))
        except (BratsError, ValueError, CancelledError) as error:
            future.set_exception(error)
        return future

    def stop(self) -> None:
        self.stopped = True


def upper(batch: tuple[str, ...]) -> str:
    return "".join(batch).upper()


def answers(found: list[Returned[str, str]]) -> dict[str, str | None]:
    return {"".join(returned.batch): returned.answer for returned in found}


def test_batches_get_smaller_towards_the_end_and_hold_everything_once():
    found = batches(range(40), workers=2, most=8)
    assert [len(batch) for batch in found] == [8, 8, 6, 4, 3, 2, 2, 1, 1, 1, 1, 1, 1, 1]
    assert [item for batch in found for item in batch] == list(range(40))
    assert batches("abc", workers=5, most=8) == [("a",), ("b",), ("c",)]
    assert batches([], workers=1, most=8) == []


def test_every_batch_is_answered():
    work = [("a", "b"), ("c",), ("d",)]
    assert answers(list(hand_out(Immediate(), upper, work))) == {"ab": "AB", "c": "C", "d": "D"}


def test_nothing_is_lost_when_a_worker_dies_once():
    workers = Immediate({"b": 1})
    found = answers(list(hand_out(workers, upper, [("a", "b", "c"), ("d",)])))
    assert found == {"a": "A", "b": "B", "c": "C", "d": "D"}


def test_an_item_that_ends_its_worker_again_and_again_is_given_up():
    workers = Immediate({"b": 99})
    found = list(hand_out(workers, upper, [("a", "b"), ("c",)]))
    assert answers(found) == {"a": "A", "b": None, "c": "C"}
    (lost,) = [returned for returned in found if returned.error]
    assert "died again and again" in lost.error
    assert workers.handed.count(("b",)) == workers.tries


def test_where_others_have_tried_already_one_loss_is_enough():
    workers = Immediate({"b": 99}, tries=1)
    list(hand_out(workers, upper, [("b",)]))
    assert workers.handed == [("b",)]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (CaseError("no brain"), "no brain"),
        (ValueError("odd"), "ValueError: odd"),
        (CancelledError(), "Give the same command again"),
    ],
)
def test_what_a_batch_raises_is_told_of_it(error: Exception, words: str):
    def fail(batch: tuple[str, ...]) -> str:
        raise error

    (returned,) = hand_out(Immediate(), fail, [("a",)])
    assert words in (returned.error or "")


def test_after_ctrl_c_what_has_ended_meanwhile_is_given(monkeypatch: pytest.MonkeyPatch):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("napari_brats.scale.workers.wait", interrupted)
    workers = Immediate()
    found: list[Returned[str, str]] = []

    def collect() -> None:
        for returned in hand_out(workers, upper, [("a",), ("b",), ("c",)]):
            found.append(returned)  # noqa: PERF402 - what came before the exception counts

    with pytest.raises(KeyboardInterrupt):
        collect()
    assert workers.stopped
    assert answers(found) == {"a": "A", "b": "B"}
