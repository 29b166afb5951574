"""Which contrast an image is, from its voxels alone.

Every way to give the images of a case different modalities gets a score: a weighted sum of what
each image shows (`contrast.image_numbers`) and, for images on one grid, of what each pair shows
(`contrast.pair_numbers`). The softmax over all ways is their probability. The weights, a hundred
and some numbers, lie in ``recogniser.json``; ``benchmarks/recogniser.py`` fits and judges them.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from napari_brats.core.labels import Mask
from napari_brats.core.modalities import MODALITIES, Modality
from napari_brats.io.contrast import (
    MIRRORED,
    PAIR_FEATURES,
    Floats,
    depth_in,
    image_numbers,
    pair_numbers,
    standardised,
)
from napari_brats.io.look import Look, has_skull

Assignment = tuple[Modality, ...]
"""A modality for each image, no two alike."""

Table = Mapping[str, Any]

WEIGHTS_PATH = Path(__file__).with_name("recogniser.json")
SURE = {1: 0.95, 2: 0.95, 3: 0.95, 4: 0.9}
"""By number of images: how probable a modality must be for an image to be taken for it."""
DOUBT = {1: 0.002, 2: 0.01, 3: 0.02, 4: 0.5}
"""By number of images: names that are less probable than this deserve a remark."""
_MAX_UNITS = 3.0
_MIN_VOXELS = 2000
_MAX_VOXELS = 40_000


@dataclass(frozen=True, eq=False)
class Numbers:
    """What the images of a case show.

    Attributes
    ----------
    images
        (N, `contrast.IMAGE_FEATURES`).
    pairs
        (N, N, `contrast.PAIR_FEATURES`); None for images that do not lie on one grid, or for one.
    """

    images: Floats
    pairs: Floats | None


@dataclass(frozen=True, eq=False)
class Recognition:
    """What the voxels say about which image is which.

    Attributes
    ----------
    probabilities
        Every possible assignment -> probability; they sum to 1.
    """

    probabilities: Mapping[Assignment, float]

    @property
    def best(self) -> Assignment:
        """The likeliest assignment."""
        return max(self.probabilities, key=lambda assignment: self.probabilities[assignment])

    @property
    def confidence(self) -> float:
        """Its probability."""
        return self.probabilities[self.best]

    def shares(self, image: int) -> dict[Modality, float]:
        """How probable each modality is for one image."""
        shares = dict.fromkeys(MODALITIES, 0.0)
        for assignment, probability in self.probabilities.items():
            shares[assignment[image]] += probability
        return shares

    def given(
        self, known: Sequence[Modality | None], taken: Collection[Modality] = ()
    ) -> tuple[Recognition, float]:
        """What remains where some modalities are known, and how probable that was without it.

        Parameters
        ----------
        known
            The modality of each image; None where it is not known.
        taken
            Modalities that none of the unknown images can be.
        """
        kept = {
            assignment: probability
            for assignment, probability in self.probabilities.items()
            if all(
                m is k or (k is None and m not in taken)
                for k, m in zip(known, assignment, strict=True)
            )
        }
        total = sum(kept.values())
        if total == 0:
            return Recognition(dict.fromkeys(kept, 1 / len(kept) if kept else 0)), 0.0
        return Recognition({assignment: p / total for assignment, p in kept.items()}), total


def recognise(looks: Sequence[Look], *, one_grid: bool = True) -> Recognition | None:
    """Which of one to four images of a case is which modality.

    Parameters
    ----------
    looks
        The images, each a different modality.
    one_grid
        Whether they lie on one grid; if not, each is judged by itself.

    Returns
    -------
    None where nothing can be said: no image or more than four, a skull in one of them (the weights
    were fitted on skull-stripped images), or hardly any brain that all of them show.
    """
    if not 1 <= len(looks) <= len(MODALITIES) or any(has_skull(look) for look in looks):
        return None
    numbers = measure(looks, one_grid=one_grid)
    return None if numbers is None else judge(numbers, weights())


def percent(probability: float) -> str:
    """``97 %``; never 100, for the recogniser has seen few patients."""
    return f"{min(round(100 * probability), 99)} %"


def measure(looks: Sequence[Look], *, one_grid: bool) -> Numbers | None:
    """What one or more images show; None for hardly any brain."""
    if not one_grid or len(looks) == 1:
        alone = [_voxels([look], look.foreground) for look in looks]
        rows = [image_numbers(part[0][0], part[1]) for part in alone if part is not None]
        return Numbers(np.array(rows), None) if len(rows) == len(looks) else None
    together = _voxels(looks, np.all([look.foreground for look in looks], axis=0))
    if together is None:
        return None
    values, depth = together
    pairs = np.zeros((len(looks), len(looks), len(PAIR_FEATURES)))
    for i, j in itertools.combinations(range(len(looks)), 2):
        pairs[i, j] = pair_numbers(values[i], values[j], depth)
        pairs[j, i] = pairs[i, j] * MIRRORED
    return Numbers(np.array([image_numbers(v, depth) for v in values]), pairs)


def judge(numbers: Numbers, table: Table) -> Recognition:
    """The probability of every assignment by the weights in ``table``."""
    scaled = on_scale(numbers, table["scale"])
    part = table["alone" if numbers.pairs is None else "together"]
    ways = list(itertools.permutations(MODALITIES, len(numbers.images)))
    scores = np.array([sum(row @ part[key] for key, row in terms(scaled, way)) for way in ways])
    chances = np.exp(scores - scores.max())
    return Recognition(dict(zip(ways, (chances / chances.sum()).tolist(), strict=True)))


def on_scale(numbers: Numbers, scale: Table) -> Numbers:
    """The numbers on the scale of the weights, outliers clipped, with a column of ones."""

    def scaled(raw: Floats, name: str) -> Floats:
        units = (raw - scale[name]["centre"]) / scale[name]["unit"]
        ones = np.ones((*raw.shape[:-1], 1))
        return np.concatenate([np.clip(units, -_MAX_UNITS, _MAX_UNITS), ones], axis=-1)

    pairs = None if numbers.pairs is None else scaled(numbers.pairs, "pairs")
    return Numbers(scaled(numbers.images, "images"), pairs)


def terms(scaled: Numbers, way: Assignment) -> Iterator[tuple[str, Floats]]:
    """What an assignment's score adds up: the names of weights and the numbers they weigh."""
    for row, modality in zip(scaled.images, way, strict=True):
        yield modality.value, row
    if scaled.pairs is not None:
        places = sorted(range(len(way)), key=lambda i: MODALITIES.index(way[i]))
        for i, j in itertools.combinations(places, 2):
            yield f"{way[i]}-{way[j]}", scaled.pairs[i, j]


@cache
def weights() -> Table:
    """What ``recogniser.json`` holds."""
    table: Table = json.loads(WEIGHTS_PATH.read_text("utf-8"))
    return table


def _voxels(looks: Sequence[Look], brain: Mask) -> tuple[list[Floats], Floats] | None:
    """`standardised` values of each image and mm of depth, for voxels all over the brain."""
    found = np.flatnonzero(brain)
    if found.size < _MIN_VOXELS:
        return None
    depth = depth_in(brain, looks[0].spacing_mm).ravel()
    found = found[:: max(1, found.size // _MAX_VOXELS)]
    return [standardised(look.sample.ravel()[found]) for look in looks], depth[found]
