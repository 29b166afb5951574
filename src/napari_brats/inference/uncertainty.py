"""Where a result may be wrong: a map of uncertainty, and a ranked list of places to look at.

All arrays are cropped to the brain and canonical (axis 0 runs to the left, 1 to the back, 2 up), as
`PreparedImage` has them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from napari_brats.core.boxes import bounding_box
from napari_brats.core.geometry import Spacing
from napari_brats.core.labels import REGIONS, LabelMap, Mask, Region, region_mask
from napari_brats.core.review import Place

Floats = npt.NDArray[np.float32]

MAX_PLACES = 10
MIN_PLACE_ML = 0.05
"""Places with less expected error than this are not worth a click."""

PLACE_MM = 16.0
"""Edge of the box that counts as one place: what one look at three views takes in."""

_BLOCK_MM = 2.0
_NOISE = 0.1
"""Probabilities below this are left out of sums: over a whole brain their tails would decide."""

_DOUBTFUL = 0.7
"""A part whose voxels have less than this mean probability is in doubt as a whole."""

_SIDE_MM = 10.0
"""Nearer to the brain's centre than this, a place lies on neither side."""

_SIDES = ((0, "left", "right"), (2, "superior", "inferior"), (1, "posterior", "anterior"))
"""Axis, its end, its beginning; in the order in which they are said."""


def uncertainty_map(probabilities: Floats) -> npt.NDArray[np.float16]:
    """(X, Y, Z), 0 where the network is sure to 1 where it might toss a coin, of (R, X, Y, Z).

    The largest over the regions of the binary entropy, in bits, of the probabilities. For a mean
    over mirror images that is the predictive entropy, which holds both the doubt of each pass and
    their disagreement (Wang et al. 2019, doi:10.1016/j.neucom.2019.01.103).
    """
    nearest = np.abs(probabilities - 0.5).min(axis=0)  # the entropy falls with this distance
    p = np.clip(0.5 + nearest, 0.5, 1 - 1e-7)
    bits = -(p * np.log2(p) + (1 - p) * np.log2(1 - p))
    return bits.astype(np.float16)


def expected_errors(probabilities: Floats, labels: LabelMap) -> Floats:
    """How likely each voxel is to be wrong, for each region: (R, X, Y, Z), 0 to 1.

    What is in the region is wrong with one minus its probability, what is not with its probability.
    Below 0.1 it is taken for 0.
    """
    errors = np.empty_like(probabilities)
    for region, p, error in zip(REGIONS, probabilities, errors, strict=True):
        np.copyto(error, p)
        np.subtract(1, p, out=error, where=region_mask(labels, region))
        error[error < _NOISE] = 0
    return errors


def find_places(
    probabilities: Floats, labels: LabelMap, brain: Mask, spacing_mm: Spacing
) -> tuple[Place, ...]:
    """Places to look at, the one with the most expected error first; empty if nothing is in doubt.

    Parameters
    ----------
    probabilities
        (R, X, Y, Z), regions WT, TC, ET.
    labels
        (X, Y, Z), the label map that was made of them.
    brain
        (X, Y, Z), from whose centre sides are told.
    spacing_mm
        Of the three axes.

    Returns
    -------
    At most `MAX_PLACES`, whose boxes of `PLACE_MM` do not overlap; ``voxel`` is an index into these
    arrays.
    """
    box = bounding_box((labels > 0) | (probabilities >= _NOISE).any(axis=0))
    if box is None:
        return ()
    start = tuple(side.start for side in box)
    centre = [c - s for c, s in zip(_centroid(brain), start, strict=True)]
    places = _places_in(probabilities[(slice(None), *box)], labels[box], spacing_mm, centre)
    return tuple(
        replace(place, voxel=tuple(v + s for v, s in zip(place.voxel, start, strict=True)))
        for place in places
    )


def _places_in(
    probabilities: Floats, labels: LabelMap, spacing_mm: Spacing, centre: Sequence[float]
) -> list[Place]:
    """The places of arrays cropped to what may be tumour; ``centre`` is an index into these."""
    errors = expected_errors(probabilities, labels)
    blocks = _Blocks.of(errors, spacing_mm)
    places = []
    for number, index in blocks.most_wrong():
        box = blocks.box_around(index)
        volume_ml = float(errors[number][box].sum()) * math.prod(spacing_mm) / 1000
        if volume_ml < MIN_PLACE_ML:
            break
        region = REGIONS[number]
        worst = blocks.worst_in(number, index)
        around = blocks.box_around(worst)  # the box of the place may hold but a rim of the region
        what = _what(region, probabilities[number][around], labels[around])
        voxel = blocks.voxel_of(worst)
        offset_mm = [(v - c) * s for v, c, s in zip(voxel, centre, spacing_mm, strict=True)]
        places.append(Place(region, what, volume_ml, _where(offset_mm), voxel))
    return places


@dataclass(frozen=True, eq=False)
class _Blocks:
    """The expected errors of each region in blocks of about 2 mm: (R, x, y, z), summed.

    ``step`` voxels of each axis make a block, ``reach`` blocks to each side a place.
    """

    sums: Floats
    step: tuple[int, ...]
    reach: tuple[int, ...]
    shape: tuple[int, ...]

    @classmethod
    def of(cls, errors: Floats, spacing_mm: Spacing) -> _Blocks:
        step = tuple(max(1, round(_BLOCK_MM / s)) for s in spacing_mm)
        reach = tuple(
            max(1, round(PLACE_MM / 2 / (s * n))) for s, n in zip(spacing_mm, step, strict=True)
        )
        sums = errors
        for axis, n in enumerate(step, start=1):
            starts = np.arange(0, sums.shape[axis], n)
            sums = np.add.reduceat(sums, starts, axis=axis)
        return cls(sums, step, reach, errors.shape[1:])

    def most_wrong(self) -> list[tuple[int, tuple[int, ...]]]:
        """Region number and block at the middle of each place, worst first, far enough apart."""
        from scipy.ndimage import uniform_filter

        size = (1, *(2 * r + 1 for r in self.reach))
        around = uniform_filter(self.sums, size, mode="constant")
        found: list[tuple[int, tuple[int, ...]]] = []
        for _ in range(MAX_PLACES):
            worst = tuple(int(i) for i in np.unravel_index(int(around.argmax()), around.shape))
            if around[worst] <= 0:
                break
            found.append((worst[0], worst[1:]))
            x, y, z = (
                slice(max(0, i - 2 * r), i + 2 * r + 1)
                for i, r in zip(worst[1:], self.reach, strict=True)
            )
            around[:, x, y, z] = 0
        return found

    def box_around(self, index: tuple[int, ...]) -> tuple[slice, ...]:
        """The voxels of the place around a block."""
        return tuple(
            slice(max(0, i - r) * n, min(size, (i + r + 1) * n))
            for i, r, n, size in zip(index, self.reach, self.step, self.shape, strict=True)
        )

    def worst_in(self, number: int, index: tuple[int, ...]) -> tuple[int, ...]:
        """The block of the most expected error in the place around ``index``."""
        starts = [max(0, i - r) for i, r in zip(index, self.reach, strict=True)]
        part = self.sums[number][
            tuple(slice(a, i + r + 1) for a, i, r in zip(starts, index, self.reach, strict=True))
        ]
        worst = np.unravel_index(int(part.argmax()), part.shape)
        return tuple(a + int(w) for a, w in zip(starts, worst, strict=True))

    def voxel_of(self, block: tuple[int, ...]) -> tuple[int, int, int]:
        """The voxel in the middle of a block."""
        x, y, z = (
            min(i * n + n // 2, size - 1)
            for i, n, size in zip(block, self.step, self.shape, strict=True)
        )
        return x, y, z


def _what(region: Region, probability: Floats, labels: LabelMap) -> str:
    """What is in doubt in a box: all of a part that was drawn, one that was not, or a border."""
    mask = region_mask(labels, region)
    if not mask.any():
        return f"{region} perhaps missed"
    if float(probability[mask].mean()) < _DOUBTFUL:
        return f"{region} perhaps false"
    return f"{region} border"


def _where(offset_mm: list[float]) -> str:
    words = [
        end if offset_mm[axis] > 0 else begin
        for axis, end, begin in _SIDES
        if abs(offset_mm[axis]) > _SIDE_MM
    ]
    return ", ".join(words) or "central"


def _centroid(mask: Mask) -> tuple[float, ...]:
    """The mean index of a mask along each axis; the middle of the array where it is empty."""
    counts = [mask.sum(axis=tuple(a for a in range(3) if a != axis)) for axis in range(3)]
    if not counts[0].any():
        return tuple((n - 1) / 2 for n in mask.shape)
    return tuple(float(np.average(np.arange(c.size), weights=c)) for c in counts)
