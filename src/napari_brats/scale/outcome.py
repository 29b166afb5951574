"""How the cases of a run end, and who is told of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from napari_brats.core.progress import Progress

DONE, FAILED, INTERRUPTED, NOT_RUN = "done", "failed", "interrupted", "not run"
STATUSES = (DONE, FAILED, INTERRUPTED, NOT_RUN)


@dataclass(frozen=True)
class Outcome:
    """How one case ended.

    Attributes
    ----------
    case_id, path
        The case, and the folder its files lie in.
    status
        One of `STATUSES`.
    error
        Why it failed.
    seconds
        What was spent on it; with cases that overlap, less than passed meanwhile.
    done_before
        Whether a former run had done it already.
    """

    case_id: str
    path: str
    status: str
    error: str | None = None
    seconds: float = 0.0
    done_before: bool = False


class Watch(Protocol):
    """Who is told how a run goes; `CaseLog` writes down what another one is told later."""

    def begin(self, case_id: str) -> None:
        """The network turns to this case, or a worker is given it."""

    def step(self, progress: Progress) -> None:
        """A step of the case that began last."""

    def tell(self, case_id: str, text: str) -> None:
        """A remark on a case."""

    def end(self, outcome: Outcome, line: str = "") -> None:
        """A case has ended; ``line`` is its result in words."""


@dataclass
class CaseLog:
    """A `Watch` that keeps remarks and outcomes: what a worker sends back.

    Attributes
    ----------
    remarks
        Pairs of case id and text.
    ended
        Pairs of outcome and result line.
    """

    remarks: list[tuple[str, str]] = field(default_factory=list)
    ended: list[tuple[Outcome, str]] = field(default_factory=list)

    def begin(self, case_id: str) -> None:
        """Nothing is kept of it."""

    def step(self, progress: Progress) -> None:
        """Nothing is kept of it."""

    def tell(self, case_id: str, text: str) -> None:
        """Keep the remark."""
        self.remarks.append((case_id, text))

    def end(self, outcome: Outcome, line: str = "") -> None:
        """Keep the outcome."""
        self.ended.append((outcome, line))

    def pass_on(self, watch: Watch) -> None:
        """Tell all that was kept, in its order."""
        for case_id, text in self.remarks:
            watch.tell(case_id, text)
        for outcome, line in self.ended:
            watch.end(outcome, line)
