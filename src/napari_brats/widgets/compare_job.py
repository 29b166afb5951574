"""The work behind the section "Compare": two label maps as they are now, taken apart. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_brats.core.case import Volume
from napari_brats.core.edits.differences import Comparison, Difference, Part, compare, kinds_of
from napari_brats.core.geometry import AxisOrder, Grid
from napari_brats.core.labels import REGION_LABELS, REGIONS, LabelMap, Region, volumes_ml
from napari_brats.core.progress import Job, Progress
from napari_brats.metrics.overlap import confusion_of_labels, dice, joint_counts


@dataclass(frozen=True, eq=False)
class ComparedPair:
    """What came out.

    Attributes
    ----------
    a, b
        (X, Y, Z) labels as they were compared.
    grid
        Theirs.
    order
        Of the axes of `kinds` and `comparison`: as shown on the screen.
    region
        What was compared; None for all labels.
    kinds
        `Difference` of every voxel.
    comparison
        The parts of the disagreement.
    figures
        Dice and volumes of each region, in one line.
    """

    a: LabelMap
    b: LabelMap
    grid: Grid
    order: AxisOrder
    region: Region | None
    kinds: npt.NDArray[np.uint8]
    comparison: Comparison
    figures: str

    def voxel_of(self, part: Part) -> tuple[int, int, int]:
        """A voxel (x, y, z) of the file that lies in a part, near to its middle."""
        return self.order.index_to_disk(self.comparison.voxel_in(part), self.grid.shape)

    def place_of(self, part: Part) -> str:
        """Where the middle of a part is, in scanner mm, e.g. ``R23 P10 S45``."""
        voxel = self.order.point_to_disk(part.centre, self.grid.shape)
        place = self.grid.affine[:3, :3] @ np.array(voxel) + self.grid.affine[:3, 3]
        letters = zip(("RL", "AP", "SI"), place, strict=True)
        return " ".join(f"{pair[bool(mm < 0)]}{abs(mm):.0f}" for pair, mm in letters)

    def undecided_labels(self, undecided: Difference) -> LabelMap:
        """A new (X, Y, Z) label map: A (`ONLY_A`), B (`ONLY_B`), or A without what differs."""
        labels = np.array(self.b if undecided is Difference.ONLY_B else self.a, order="K")
        if undecided is Difference.NONE:
            kinds = self.order.to_disk(self.kinds)
            labels[(kinds != Difference.NONE) & (kinds != Difference.AGREED)] = 0
        return labels

    def open_kinds(self, decided: Mapping[int, Any]) -> npt.NDArray[np.uint8]:
        """The kinds in the comparison's box, with 0 where a part is decided."""
        is_open = np.ones(len(self.comparison.items) + 1, np.bool_)
        is_open[list(decided)] = False
        kinds: npt.NDArray[np.uint8] = self.kinds[self.comparison.box]
        return np.where(is_open[self.comparison.parts], kinds, np.uint8(0))


def compare_pair(
    a: Volume, b: Volume, order: AxisOrder, region: Region | None
) -> Job[ComparedPair]:
    """Compare two label maps on one grid; copies, for they are not to change meanwhile."""
    yield Progress(0, 2, "Comparing")
    in_a, in_b = order.from_disk(a.data), order.from_disk(b.data)
    kinds = kinds_of(in_a, in_b, region)
    yield Progress(1, 2, "Comparing")
    comparison = compare(in_a, in_b, kinds, order.spacing_from_disk(a.grid.spacing_mm))
    figures = _figures(a.data, b.data, a.grid.voxel_mm3)
    return ComparedPair(a.data, b.data, a.grid, order, region, kinds, comparison, figures)


def _figures(a: LabelMap, b: LabelMap, voxel_mm3: float) -> str:
    counts = joint_counts(a, b)
    in_a, in_b = volumes_ml(a, voxel_mm3), volumes_ml(b, voxel_mm3)
    lines = []
    for region in REGIONS:
        value = dice(confusion_of_labels(counts, REGION_LABELS[region]))
        lines.append(
            f"{region}: Dice {value:.3f}, A {in_a[region]:.1f} ml, B {in_b[region]:.1f} ml"
        )
    return "\n".join(lines)
