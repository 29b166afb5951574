"""How long work reports on itself."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Progress:
    """One step of a job: ``done`` of ``total`` units, and what is being done."""

    done: int
    total: int
    message: str


Job = Generator[Progress, None, T]
"""A generator that yields `Progress` and returns its result."""


def drain(job: Generator[object, None, T]) -> T:
    """Run a job, or a pass of a network, to its end without showing how far it is; its result."""
    while True:
        try:
            next(job)
        except StopIteration as end:
            result: T = end.value
            return result


def report_shares(
    steps: Generator[float, None, T], message: str, first: int, last: int, total: int
) -> Job[T]:
    """Work that yields the share done as a job that goes from ``first`` to ``last`` of all."""
    while True:
        try:
            share = next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
        yield Progress(first + int((last - first) * share), total, message)
