"""Who decided which difference: step by step as in the undo history of the third mask. No Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from napari_brats.core.edits.differences import Part


class Verdict(StrEnum):
    """Whose labels a difference got."""

    A = "A"
    B = "B"
    PAINTED = "painted"


@dataclass(frozen=True, eq=False)
class Decision:
    """What was decided in one step of the undo history.

    Attributes
    ----------
    round
        The comparison that the parts are of: a third mask may go through several.
    parts
        One, or many that were decided at once.
    verdict
        Whose labels they got.
    decided
        When, with the time zone.
    editor
        Who; empty where no name is set.
    """

    round: int
    parts: Sequence[Part]
    verdict: Verdict
    decided: datetime
    editor: str = ""


@dataclass
class DecisionHistory:
    """The steps of one mask since it was made; a step that decides nothing is None."""

    _done: list[Decision | None] = field(default_factory=list)
    _undone: list[Decision | None] = field(default_factory=list)

    def do(self, decision: Decision | None) -> None:
        """A step was made: what was undone before it is gone."""
        self._done.append(decision)
        self._undone.clear()

    def undo(self) -> None:
        """The last step was undone. Nothing happens without one."""
        if self._done:
            self._undone.append(self._done.pop())

    def redo(self) -> None:
        """The step undone last was made again. Nothing happens without one."""
        if self._undone:
            self._done.append(self._undone.pop())

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """Those in force, in the order in which they were made."""
        return tuple(step for step in self._done if step is not None)

    def verdicts(self, round_: int) -> dict[int, Verdict]:
        """Number of each decided part of a comparison -> the latest verdict on it."""
        return {
            part.number: decision.verdict
            for decision in self.decisions
            if decision.round == round_
            for part in decision.parts
        }


MAX_PLACES = 20
"""Of a decision on many parts, the record names the places of so many, the largest."""


def decision_to_json(decision: Decision, places: Sequence[Sequence[int]]) -> dict[str, Any]:
    """One line of the record.

    Parameters
    ----------
    decision
        What was decided.
    places
        A voxel (x, y, z) of the file for each of its parts, or for the first `MAX_PLACES`.
    """
    parts = decision.parts
    return {
        "comparison": decision.round,
        "taken": decision.verdict.value,
        "kinds": sorted({part.kind.title for part in parts}),
        "differences": len(parts),
        "volume_mm3": round(sum(part.volume_mm3 for part in parts), 3),
        "voxels_xyz": [list(place) for place in places],
        "time": decision.decided.isoformat(timespec="seconds"),
        "editor": decision.editor or None,
    }


def summary(items: Sequence[Part], verdicts: Mapping[int, Verdict]) -> str:
    """How many of the differences are decided, and what is left, in one line."""
    left = [part for part in items if part.number not in verdicts]
    if not items:
        return "There is no difference."
    if not left:
        return f"All {len(items)} differences are decided."
    open_ml = sum(part.volume_mm3 for part in left) / 1000
    return f"{len(items) - len(left)} of {len(items)} decided, {open_ml:.2f} ml left."
