"""The smart brush: what of a stroke looks like the place where it began."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from napari_brats.core.boxes import Box
from napari_brats.core.edits.similar import (
    Appearance,
    FloatArray,
    similar_part,
    strictness_to_limit,
)
from napari_brats.core.labels import Mask
from napari_brats.widgets.tools_pointer import Place

if TYPE_CHECKING:
    from napari.layers import Labels

NAME = "Smart brush"


class SmartBrush:
    """A filter of strokes, see `LabelTools.brush_filter`; `begin` tells it where each one starts.

    ``appearance`` gives None, and says why, while there is nothing to compare: nothing is painted
    then.
    """

    name = NAME

    def __init__(
        self,
        appearance: Callable[[Labels], Appearance | None],
        strictness: Callable[[], float],
    ) -> None:
        self._appearance_of, self._strictness = appearance, strictness
        self._appearance: Appearance | None = None
        self._look: FloatArray | None = None

    def begin(self, place: Place) -> bool:
        """Take how it looks here for what the stroke is to paint; False where nothing is.

        In a volume there is no telling what the cursor is on.
        """
        self._appearance, self._look = self._appearance_of(place.layer), None
        if self._appearance and place.plane and place.voxel is not None:
            self._look = self._appearance.look_at(place.voxel)
        return self._appearance is None or self._look is not None

    def filter(self, box: Box, mask: Mask, start: Sequence[float], end: Sequence[float]) -> Mask:
        """What of a stroke from ``start`` to ``end`` is painted; arrays of three axes."""
        if self._appearance is None or self._look is None:
            return np.zeros_like(mask)
        unlikeness = self._appearance.unlikeness(self._look, box)
        low = [side.start for side in box]
        steps = int(np.abs(np.subtract(end, start)).max()) + 1
        path = np.linspace(start, end, steps + 1).round().astype(int) - low
        return similar_part(unlikeness, mask, path, strictness_to_limit(self._strictness()))
