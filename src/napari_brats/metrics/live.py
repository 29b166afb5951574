"""The metrics of a pair of label maps that is being edited: only what an edit changes is redone.

What stays the same from one edit to the next is remembered: the rows of regions that did not
change, the nearest points of surface elements far from the edit, the lesions of the reference. The
result equals `score_regions` of the same pair (to rounding).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from napari_brats.core.boxes import bounding_box
from napari_brats.core.geometry import Spacing
from napari_brats.core.labels import REGION_LABELS, REGIONS, LabelMap, Mask, Region
from napari_brats.metrics.score import RegionMemory, RegionScore, ScoreOptions, score_unions

Pair = tuple[LabelMap, LabelMap]


class PairScorer:
    """Scores one pair of label maps again and again; its memory is that of one pair.

    Not for several threads at once: one `score` ends before the next begins.

    Parameters
    ----------
    spacing_mm
        Of the axes, in their order.
    options
        How to score; by default as BraTS GLI does.
    brain
        (X, Y, Z) where the brain is, for ``accuracy_brain``.
    """

    def __init__(
        self,
        spacing_mm: Spacing,
        options: ScoreOptions | None = None,
        brain: Mask | None = None,
    ) -> None:
        self._spacing_mm, self._options, self._brain = spacing_mm, options, brain
        self._memories = {region: RegionMemory(spacing_mm) for region in REGIONS}
        self._last: Pair | None = None
        self._rows: dict[Region, RegionScore] = {}

    def score(self, reference: LabelMap, prediction: LabelMap) -> dict[Region, RegionScore]:
        """The metrics of every region, as `score_regions` gives them; either side may be edited.

        The label maps are (X, Y, Z) in internal labels and may be views; they are compared with
        copies of those of the last call, so the caller need not know what changed.

        Raises
        ------
        GeometryError
            If the shapes differ.
        """
        sides = (reference, prediction)
        last, self._last = self._last, None  # after an error nothing may be trusted
        if last is None or [old.shape for old in last] != [new.shape for new in sides]:
            last = reference.copy(order="K"), prediction.copy(order="K")
            changed: Sequence[Region] = REGIONS
        else:
            changed = _take_over(last, sides)
        if changed:
            self._rows |= score_unions(
                reference,
                prediction,
                self._spacing_mm,
                {region: REGION_LABELS[region] for region in changed},
                self._options,
                self._brain,
                self._memories,
            )
        self._last = last
        return {region: self._rows[region] for region in REGIONS}


def _take_over(last: Pair, sides: Pair) -> Sequence[Region]:
    """The regions in which two label maps differ from ``last``, which becomes like them."""
    met = np.zeros((256, 256), np.bool_)
    for old, new in zip(last, sides, strict=True):
        box = bounding_box(old != new)  # picking voxels from Fortran arrays is slow
        if box is not None:
            met[old[box], new[box]] = True
            old[box] = new[box]
    return [region for region in REGIONS if _matters(met, region)]


def _matters(met: npt.NDArray[np.bool_], region: Region) -> bool:
    """Whether a label became one, or was one, that ``region`` holds and the other one is not."""
    inside = np.zeros(256, np.bool_)
    inside[list(REGION_LABELS[region])] = True
    return bool(met[inside][:, ~inside].any() or met[~inside][:, inside].any())
