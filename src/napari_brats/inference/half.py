"""Probabilities as float16, without the detour that numpy takes for tiny ones."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_LEAST_NORMAL = np.float32(2.0**-14)
_LEAST_NORMAL_BITS = np.uint16(1 << 10)
_STEPS = np.float32(2.0**24)
"""Below the least normal number, float16 holds whole numbers of 2^-24."""


def to_half(probabilities: npt.NDArray[np.float32]) -> npt.NDArray[np.float16]:
    """``probabilities.astype(float16)`` to the bit; of any shape, from 0 to 1, or NaN.

    numpy raises the processor's underflow flag for each number below 2^-14, which takes fifteen
    times as long as the number itself, and most of a brain is that sure to be no tumour.
    """
    half = np.maximum(probabilities, _LEAST_NORMAL).astype(np.float16)
    steps = np.fmin(probabilities, _LEAST_NORMAL)
    steps *= _STEPS
    bits = half.view(np.uint16)  # one of the two is the least normal number: its bits go again
    bits += np.rint(steps, out=steps).astype(np.uint16)
    bits -= _LEAST_NORMAL_BITS
    return half
