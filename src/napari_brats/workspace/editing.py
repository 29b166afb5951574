"""What was done to a label map since it was opened, and how long somebody worked at it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

IDLE_S = 30.0
"""A pause longer than this is no work."""

LISTED_STEPS = 2000
"""So many steps are written one by one; the totals per tool count all of them."""

Event = Mapping[str, Any]


class EditingLog:
    """Steps as they were done, undone and redone, and the active time.

    Events are fit for JSON. ``kind`` is "do", "undo" or "redo"; the other entries of what was done
    are ``time``, ``tool``, ``label``, ``voxels`` and, of a step that brought back those of an
    earlier session, ``steps``.
    """

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.active_s = 0.0
        self._last_s: float | None = None

    def tick(self, now_s: float) -> None:
        """Somebody is at work at ``now_s`` of a clock that only goes forward."""
        if self._last_s is not None and now_s - self._last_s <= IDLE_S:
            self.active_s += now_s - self._last_s
        self._last_s = now_s

    def add(self, kind: str, **step: Any) -> None:
        """Note a step."""
        self.events.append({"kind": kind, **step})

    def clear(self) -> None:
        """Begin anew, after a save."""
        self.events = []
        self.active_s = 0.0

    def to_json(self) -> dict[str, Any]:
        """Active time, totals per tool and label, and the steps that are still in effect."""
        steps = steps_in_effect(self.events)
        listed = steps[-LISTED_STEPS:]
        return {
            "active_seconds": round(self.active_s),
            "tools": _totals(steps),
            "steps": listed,
            "steps_left_out": len(steps) - len(listed),
        }


def steps_in_effect(events: Iterable[Event]) -> list[dict[str, Any]]:
    """The steps that were done and not undone, oldest first."""
    done: list[dict[str, Any]] = []
    undone: list[dict[str, Any]] = []
    for event in events:
        kind = event.get("kind")
        if kind == "undo":
            undone.extend(done[-1:])
            del done[-1:]
        elif kind == "redo":
            done.extend(undone[-1:])
            del undone[-1:]
        else:
            undone.clear()
            done.append({key: value for key, value in event.items() if key != "kind"})
    steps: list[dict[str, Any]] = []
    for step in done:
        earlier = step.pop("steps", ())
        steps.extend(earlier)
        steps.append({**step, "voxels": 0} if earlier else step)  # they are counted there
    return steps


def _totals(steps: Sequence[Event]) -> list[dict[str, Any]]:
    totals: dict[tuple[Any, Any], dict[str, Any]] = {}
    for step in steps:
        tool, label = step.get("tool"), step.get("label")
        total = totals.setdefault(
            (tool, label), {"tool": tool, "label": label, "steps": 0, "voxels": 0}
        )
        total["steps"] += 1
        total["voxels"] += step.get("voxels", 0)
    return list(totals.values())
