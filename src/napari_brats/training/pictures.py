"""Pictures of a case with the outlines of what was predicted and what is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from napari_brats.core.labels import REGIONS, Mask, Region, region_mask

if TYPE_CHECKING:
    from napari_brats.training.dataset import TrainingCase

Picture = npt.NDArray[np.uint8]
REFERENCE_COLOUR, PREDICTION_COLOUR, BOTH_COLOUR = (70, 220, 90), (255, 60, 200), (255, 225, 50)
GREY_RANGE = (-2.0, 3.0)
"""Of normalised intensities (mean 0, variance 1 inside the brain), from black to white."""


def overlay(case: TrainingCase, regions: Mask) -> Picture:
    """(H, W, 3): the axial slice with most tumour, once per region, radiological.

    The outline of the reference is green, that of the prediction ``(R, X, Y, Z)`` magenta, yellow
    where they agree. Each region is drawn on the channel in which its border is seen best: WT on
    the last (T2-FLAIR), TC and ET on the second (T1 with contrast), where there are as many.
    """
    level = _fullest_slice(region_mask(case.labels, Region.WT) | regions[0])
    panels = []
    for number, region in enumerate(REGIONS):
        channel = -1 if region is Region.WT else min(1, case.image.shape[0] - 1)
        panel = _grey(case.image[channel, :, :, level])
        reference = _outline(region_mask(case.labels[:, :, level], region))
        prediction = _outline(regions[number, :, :, level])
        panel[reference] = REFERENCE_COLOUR
        panel[prediction] = PREDICTION_COLOUR
        panel[reference & prediction] = BOTH_COLOUR
        panels.append(panel.transpose(1, 0, 2))  # columns run to the patient's left, rows back
    return np.concatenate(panels, axis=1)


def _fullest_slice(tumour: Mask) -> int:
    """The axial level with most tumour, the middle one if there is none."""
    counts = tumour.sum(axis=(0, 1))
    return int(counts.argmax()) if counts.any() else tumour.shape[2] // 2


def _grey(plane: npt.NDArray[np.float16]) -> Picture:
    low, high = GREY_RANGE
    grey = np.clip((plane.astype(np.float32) - low) / (high - low), 0, 1) * 255
    grey[plane == 0] = 0  # outside the brain
    return np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)


def _outline(mask: Mask) -> Mask:
    """The voxels of a (X, Y) mask that have a neighbour outside it, the frame counting as such."""
    padded = np.pad(mask, 1)
    inner = padded[2:, 1:-1] & padded[:-2, 1:-1] & padded[1:-1, 2:] & padded[1:-1, :-2]
    return mask & ~inner
