"""Cases whose best options are known: blocks of chosen probability in a row of boxes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_brats.core.labels import REGIONS
from napari_brats.tuning.cases import TuningCase

Block = tuple[int, float]
"""How many voxels of 1 mm^3, and with which probability."""

_STEP = 12
"""From one block to the next, so that no dilation joins them."""


def make_case(
    name: str,
    right: dict[str, Sequence[Block]],
    wrong: dict[str, Sequence[Block]] | None = None,
    patient: str = "",
) -> TuningCase:
    """A case in which the blocks ``right`` are in the reference and the ``wrong`` ones are not.

    By region; an inner region needs its blocks in the outer ones, too, in the same order.
    """
    wrong = wrong or {}
    most = max(len(blocks) for table in (right, wrong) for blocks in (*table.values(), ()))
    shape = (12, 12, (2 * most + 1) * _STEP)
    probabilities = np.zeros((3, *shape), np.float16)
    reference = {region: np.zeros(shape, bool) for region in REGIONS}
    for number, region in enumerate(REGIONS):
        for place, (voxels, probability) in enumerate(right.get(region, ())):
            block = _block(shape, place, voxels)
            probabilities[number][block] = probability
            reference[region] |= block
        for place, (voxels, probability) in enumerate(wrong.get(region, ())):
            probabilities[number][_block(shape, most + place, voxels)] = probability
    return TuningCase(name, patient or name, probabilities, reference, (1.0, 1.0, 1.0))


def _block(shape: tuple[int, int, int], place: int, voxels: int) -> np.ndarray:
    """The first voxels of a cube of 9 mm."""
    cube = np.zeros(shape, bool)
    inner = np.zeros((9, 9, 9), bool)
    inner.reshape(-1)[:voxels] = True
    start = place * _STEP + 1
    cube[1:10, 1:10, start : start + 9] = inner
    return cube
