"""The mask that is made of two others, and the record of who decided what. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_brats.core.edits.differences import Part
from napari_brats.widgets import provenance
from napari_brats.widgets.compare_decisions import (
    MAX_PLACES,
    Decision,
    DecisionHistory,
    decision_to_json,
)
from napari_brats.widgets.compare_job import ComparedPair

if TYPE_CHECKING:
    from napari.layers import Labels


@dataclass(eq=False)
class ThirdMask:
    """A labels layer that began as one side of a pair, and what was decided in it since.

    Attributes
    ----------
    layer
        The label map; what is saved of it says what was decided, see `provenance`.
    sides
        What A and B were.
    began_as
        What undecided differences are in it.
    history
        The decisions, in step with the layer's own history.
    """

    layer: Labels
    sides: tuple[str, str]
    began_as: str
    history: DecisionHistory = field(default_factory=DecisionHistory)
    _rounds: list[str] = field(default_factory=list)
    _lines: dict[Decision, dict[str, Any]] = field(default_factory=dict)
    _known: npt.NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, 0, 0), np.uint8))

    @property
    def round(self) -> int:
        """Number of the comparison that is being decided, from 1."""
        return len(self._rounds)

    def begin_round(self, pair: ComparedPair) -> None:
        """Decide the differences of this comparison from now on."""
        self._rounds.append("all labels" if pair.region is None else pair.region.title)
        self._known = np.array(self.layer.data[pair.comparison.box])

    def took(self, pair: ComparedPair, decision: Decision | None) -> None:
        """A step was made in the layer that decides this, or nothing."""
        self.history.do(decision)
        if decision is not None:
            largest = sorted(decision.parts, key=lambda part: -part.voxels)[:MAX_PLACES]
            places = [pair.voxel_of(part) for part in largest]
            self._lines[decision] = decision_to_json(decision, places)

    def painted_in(self, pair: ComparedPair, parts: Sequence[Part]) -> tuple[Part, ...]:
        """Those of ``parts`` in which the layer changed since the last call."""
        box, known = pair.comparison.box, self._known
        self._known = np.array(self.layer.data[box])
        touched = np.unique(pair.comparison.parts[known != self._known])
        return tuple(part for part in parts if part.number in touched)

    def note(self) -> None:
        """Put what is in force now into the layer's provenance."""
        provenance.note_comparison(
            self.layer,
            {
                "a": self.sides[0],
                "b": self.sides[1],
                "undecided": self.began_as,
                "compared": list(self._rounds),
                "decisions": [self._lines[decision] for decision in self.history.decisions],
            },
        )
