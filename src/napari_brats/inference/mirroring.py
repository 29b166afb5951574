"""Test-time augmentation: the network also looks at mirror images, and its answers are averaged.

Its results should not depend on the mirroring: a brain is nearly symmetric, and training mirrors
its patches. Where they do depend on it, the network is unsure.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from napari_brats.inference.windows import Pass
from napari_brats.metrics.overlap import Confusion, dice

Axes = tuple[int, ...]
Probabilities = npt.NDArray[np.float32]


class Mirroring(StrEnum):
    """How many mirror images the network looks at besides the image itself."""

    OFF = "off"
    FAST = "fast"
    FULL = "full"

    @property
    def mirrors(self) -> tuple[Axes, ...]:
        """The spatial axes (0 is left-right) mirrored in each pass; the image itself is first."""
        return _MIRRORS[self]


_MIRRORS: Mapping[Mirroring, tuple[Axes, ...]] = {
    Mirroring.OFF: ((),),
    Mirroring.FAST: ((), (0,)),
    Mirroring.FULL: tuple(
        axes for count in range(4) for axes in itertools.combinations(range(3), count)
    ),
}


@dataclass(frozen=True, eq=False)
class MirroredPrediction:
    """What all passes say together.

    Attributes
    ----------
    probabilities
        (R, X, Y, Z) float32, the mean over the passes.
    agreement
        For each region the mean Dice, at one half, between the pass over the image itself and
        those over its mirror images; empty for a single pass.
    """

    probabilities: Probabilities
    agreement: tuple[float, ...] = ()


def predict_mirrored(
    run: Callable[[npt.NDArray[np.float32]], Pass],
    image: npt.NDArray[np.float32],
    mirroring: Mirroring,
) -> Generator[float, None, MirroredPrediction]:
    """The mean probabilities over the mirror images; yields the share done, in 0..1.

    Parameters
    ----------
    run
        One pass: logits (R, X, Y, Z) of an image (C, X, Y, Z).
    image
        (C, X, Y, Z) float32 in canonical orientation, axis 1 left-right.
    mirroring
        Which mirror images to look at. The mean is summed up in place, so that eight passes need
        no more memory than two.
    """
    mirrors = mirroring.mirrors
    total, masks = np.empty(0, np.float32), np.empty(0, bool)
    agreements = []
    for done, axes in enumerate(mirrors):
        flips = tuple(axis + 1 for axis in axes)
        steps = run(np.ascontiguousarray(np.flip(image, flips)))
        while True:
            try:
                share = next(steps)
            except StopIteration as end:
                probabilities = np.flip(_sigmoid(end.value), flips)
                break
            yield (done + share) / len(mirrors)
        if done == 0:
            total, masks = probabilities, probabilities > 0.5
        else:
            agreements.append(
                [_dice(a, b > 0.5) for a, b in zip(masks, probabilities, strict=True)]
            )
            total += probabilities
    total /= len(mirrors)
    return MirroredPrediction(total, tuple(np.mean(agreements, axis=0)) if agreements else ())


def _dice(one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_]) -> float:
    both = int(np.count_nonzero(one & other))
    return dice(Confusion(both, int(other.sum()) - both, int(one.sum()) - both, 0))


def _sigmoid(logits: npt.NDArray[np.float32]) -> Probabilities:
    with np.errstate(over="ignore"):  # 1 / (1 + infinity) is 0, as it should be
        values = np.exp(-logits)
    values += 1
    probabilities: Probabilities = np.reciprocal(values, out=values)
    return probabilities
