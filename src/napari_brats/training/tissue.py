"""What augmentation has to know of a case: where tissues and lesions lie, how bright they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_brats.core.boxes import Box, bounding_box
from napari_brats.core.components import label_components
from napari_brats.core.labels import LabelMap, Mask, Region, region_mask

FloatArray = npt.NDArray[np.float32]
COARSE = 4
QUANTILES = 33
MIN_TISSUE_VOXELS = 30
MIN_LESION_VOXELS = 300


@dataclass(frozen=True)
class Thresholds:
    """White matter is bright on T1N and dark on T2W, fluid the reverse.

    ``t1`` and ``t2`` are the channels, the rest are the intensities that divide.
    """

    t1: int
    t2: int
    white_t1: float
    white_t2: float
    fluid_t1: float
    fluid_t2: float

    def white(self, image: npt.NDArray[Any]) -> Mask:
        """Where (C, X, Y, Z) intensities are those of white matter."""
        return np.asarray((image[self.t1] >= self.white_t1) & (image[self.t2] <= self.white_t2))

    def fluid(self, image: npt.NDArray[Any]) -> Mask:
        """Where (C, X, Y, Z) intensities are those of cerebrospinal fluid."""
        return np.asarray((image[self.t1] <= self.fluid_t1) & (image[self.t2] >= self.fluid_t2))


@dataclass(frozen=True, eq=False)
class Tissues:
    """A case in short.

    Attributes
    ----------
    brain, fluid, tumour
        (X, Y, Z) bool on every ``COARSE``-th voxel: the brain, the cerebrospinal fluid in it, and
        what is labelled.
    quantiles
        (C, 33) float32, rising: the brain's intensities from the lowest to the highest; all 0 for
        a modality that is missing.
    white, spread
        (C,) float32: the median of white matter, and the standard deviation of healthy brain.
    thresholds
        What was taken for white matter and fluid.
    """

    brain: Mask
    fluid: Mask
    tumour: Mask
    quantiles: FloatArray
    white: FloatArray
    spread: FloatArray
    thresholds: Thresholds

    @property
    def present(self) -> Mask:
        """(C,) bool: the modalities the case has."""
        return np.asarray(self.quantiles[:, 0] < self.quantiles[:, -1])


@dataclass(frozen=True)
class Lesion:
    """A connected whole tumour of a case: its box, one voxel of it, and its size."""

    box: Box
    seed: tuple[int, int, int]
    voxels: int


@dataclass(frozen=True, eq=False)
class MappedCase:
    """A prepared case, image (C, X, Y, Z) and labels (X, Y, Z), with what was found in it."""

    image: npt.NDArray[Any]
    labels: LabelMap
    tissues: Tissues
    lesions: tuple[Lesion, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """(X, Y, Z)."""
        return self.labels.shape


def map_case(image: npt.NDArray[Any], labels: LabelMap, t1: int, t2: int) -> MappedCase:
    """A prepared case with its tissues and lesions; ``t1``, ``t2``: channels of T1N and T2W."""
    return MappedCase(image, labels, map_tissues(image, labels, t1, t2), find_lesions(labels))


def map_tissues(image: npt.NDArray[Any], labels: LabelMap, t1: int, t2: int) -> Tissues:
    """The tissues of a prepared image (C, X, Y, Z).

    The thresholds are quantiles of the healthy brain, so they hold for any normalisation that
    keeps the order of intensities.
    """
    coarse = (slice(None, None, COARSE),) * 3
    small = np.asarray(image[(slice(None), *coarse)], dtype=np.float32)
    tumour = labels[coarse] > 0
    brain = _enough((small != 0).any(axis=0), np.ones(tumour.shape, bool))
    healthy = _enough(brain & ~_grown(tumour), brain)
    thresholds = _thresholds(small[:, healthy], t1, t2)
    white = _enough(healthy & thresholds.white(small), healthy)
    shares = np.linspace(0, 1, QUANTILES)
    return Tissues(
        brain,
        brain & thresholds.fluid(small),
        tumour,
        np.quantile(small[:, brain], shares, axis=1).T.astype(np.float32),
        np.median(small[:, white], axis=1),
        np.maximum(small[:, healthy].std(axis=1), 1e-3),
        thresholds,
    )


def find_lesions(labels: LabelMap) -> tuple[Lesion, ...]:
    """The connected whole tumours of an (X, Y, Z) label map, but for the smallest."""
    components, count = label_components(region_mask(labels, Region.WT))
    sizes = np.bincount(components.ravel(), minlength=count + 1)
    lesions = []
    for number in range(1, count + 1):
        if sizes[number] >= MIN_LESION_VOXELS:
            mask = components == number
            x, y, z = np.argwhere(mask)[0]
            box = bounding_box(mask) or (slice(0, 0),) * 3
            lesions.append(Lesion(box, (int(x), int(y), int(z)), int(sizes[number])))
    return tuple(lesions)


def _thresholds(values: FloatArray, t1: int, t2: int) -> Thresholds:
    """Of healthy brain's intensities (C, N)."""
    white_t1, fluid_t1 = np.percentile(values[t1], (60, 12))
    white_t2, fluid_t2 = np.percentile(values[t2], (45, 88))
    return Thresholds(t1, t2, float(white_t1), float(white_t2), float(fluid_t1), float(fluid_t2))


def _enough(mask: Mask, otherwise: Mask) -> Mask:
    return mask if np.count_nonzero(mask) >= MIN_TISSUE_VOXELS else otherwise


def _grown(mask: Mask) -> Mask:
    """The mask and its six neighbours."""
    grown = mask.copy()
    for axis in range(mask.ndim):
        source, target = np.moveaxis(mask, axis, 0), np.moveaxis(grown, axis, 0)
        target[:-1] |= source[1:]
        target[1:] |= source[:-1]
    return grown
