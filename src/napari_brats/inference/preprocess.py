"""What a network sees of a case. Training and inference both come through here.

The steps: canonical orientation (LPS, as BraTS is stored), crop to the brain, the coil's
brightness divided out where the network is used to that, normalisation inside the brain,
resampling to the spacing the network was trained at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_brats.core.boxes import Box, bounding_box
from napari_brats.core.case import Volume
from napari_brats.core.errors import CaseError
from napari_brats.core.geometry import AxisOrder, Grid, Spacing, axis_order
from napari_brats.core.labels import Mask
from napari_brats.core.modalities import Modality
from napari_brats.inference.bias_field import flatten as flatten_volume

FloatArray = npt.NDArray[np.float32]
CANONICAL_CODES = "LPS"
CLIP_PERCENTILES = (0.5, 99.5)
MIN_BACKGROUND_SHARE = 0.1
MIN_BRAIN_VOXELS = 1000
SPACING_TOLERANCE = 0.05
"""Relative; below it resampling blurs more than it helps."""

PREPROCESSING_VERSION = 2
"""Raise it whenever what this module makes of an image changes: prepared cases that training keeps
on disk are then made anew."""


@dataclass(frozen=True)
class Placement:
    """How a prepared image lies in the file's array, so that results find their way back.

    Attributes
    ----------
    shape
        (X, Y, Z) of the file's array.
    order
        From the file's axes to the canonical ones.
    box
        The brain's slices in the canonical array.
    """

    shape: tuple[int, int, int]
    order: AxisOrder
    box: Box

    def to_canonical(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """A cropped canonical view of an (X, Y, Z) array in file order."""
        return self.order.from_disk(array)[self.box]

    def to_file(self, cropped: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The (X, Y, Z) array in file order; zero outside the box. Inverse of `to_canonical`."""
        full = np.zeros(self.shape, cropped.dtype)
        self.order.from_disk(full)[self.box] = cropped
        return full

    def voxel_to_file(self, voxel: tuple[int, int, int]) -> tuple[int, int, int]:
        """The index in the file's array of a voxel of the cropped one."""
        canonical = tuple(v + side.start for v, side in zip(voxel, self.box, strict=True))
        return self.order.index_to_disk(canonical, self.shape)


@dataclass(frozen=True, eq=False)
class PreparedImage:
    """A network's input.

    Attributes
    ----------
    image
        (C, X, Y, Z) float32, cropped, canonical; about zero mean and unit variance inside the
        brain, 0 outside it and throughout modalities that are missing.
    brain
        (X, Y, Z) bool on the same grid.
    spacing_mm
        Of that grid.
    placement
        The way back to the file's array.
    """

    image: FloatArray
    brain: Mask
    spacing_mm: Spacing
    placement: Placement


def prepare_image(
    arrays: Mapping[Modality, npt.NDArray[Any]],
    grid: Grid,
    modalities: Sequence[Modality],
    *,
    flatten: bool = False,
) -> PreparedImage:
    """The network's input, at the file's own spacing.

    Parameters
    ----------
    arrays
        Modality -> (X, Y, Z), any real dtype. Modalities in ``modalities`` that
        are missing here become all zero.
    grid
        On which all of them lie.
    modalities
        The channels in the order in which the network wants them.
    flatten
        Whether smooth brightness is divided out of each modality, see `bias_field.flatten`.

    Raises
    ------
    CaseError
        If nothing stands out from the background.
    """
    order = axis_order(grid.affine, CANONICAL_CODES)
    present = [m for m in modalities if m in arrays]
    oriented = [order.from_disk(arrays[m]) for m in present]
    with ThreadPoolExecutor(len(modalities)) as pool:  # numpy lets the other modalities go on
        foregrounds = list(pool.map(foreground_mask, oriented))
        brain = foregrounds[0].copy(order="K")
        for foreground in foregrounds[1:]:
            brain |= foreground
        box = _brain_box(brain)
        image = np.zeros((len(modalities), *brain[box].shape), np.float32)

        def fill(modality: Modality, volume: npt.NDArray[Any], foreground: Mask) -> None:
            # In one memory order with the result: mixed ones take several times as long.
            volume, foreground = (np.ascontiguousarray(a[box]) for a in (volume, foreground))
            if flatten:
                volume = flatten_volume(volume, foreground)
            normalise(volume, foreground, out=image[modalities.index(modality)])

        for _ in pool.map(fill, present, oriented, foregrounds):
            pass
    return PreparedImage(
        image,
        np.ascontiguousarray(brain[box]),
        order.spacing_from_disk(grid.spacing_mm),
        Placement(grid.shape, order, box),
    )


def to_spacing(prepared: PreparedImage, spacing_mm: Spacing) -> FloatArray:
    """The prepared image (C, X, Y, Z) at ``spacing_mm``, in canonical order.

    The image itself if its spacing is that already, within `SPACING_TOLERANCE`.
    """
    factors = [have / want for have, want in zip(prepared.spacing_mm, spacing_mm, strict=True)]
    if all(abs(factor - 1) <= SPACING_TOLERANCE for factor in factors):
        return prepared.image
    size = [max(1, round(n * f)) for n, f in zip(prepared.image.shape[1:], factors, strict=True)]
    return resize(prepared.image, size)


def resize(array: FloatArray, size: Sequence[int]) -> FloatArray:
    """The array (C, X, Y, Z) with ``size`` voxels per axis over the same extent, trilinear.

    As torch's ``interpolate(mode="trilinear", align_corners=False)``.
    """
    for axis, wanted in enumerate(size, start=1):
        have = array.shape[axis]
        if have != wanted:
            place = (np.arange(wanted) + 0.5) * (have / wanted) - 0.5
            place = np.clip(place, 0, have - 1)
            lower = place.astype(np.intp)
            upper = np.minimum(lower + 1, have - 1)
            weight = (place - lower).astype(np.float32).reshape(-1, *[1] * (3 - axis))
            below = np.take(array, lower, axis)
            array = below + weight * (np.take(array, upper, axis) - below)
    return array


def normalise(volume: npt.NDArray[Any], foreground: Mask, out: FloatArray) -> None:
    """Write ``volume`` to ``out`` with zero mean, unit variance inside ``foreground``, 0 outside.

    Values are clipped to percentiles of the foreground first, so that neither saturated vessels
    nor a heavy tail decide the scale. Statistics come from every other voxel per axis. A modality
    that is empty or constant becomes all zero.
    """
    inside = foreground[::2, ::2, ::2]
    sample = volume[::2, ::2, ::2][inside].astype(np.float32)
    if sample.size == 0:
        out[...] = 0
        return
    low, high = np.percentile(sample, CLIP_PERCENTILES)
    np.clip(sample, low, high, out=sample)
    mean, sd = float(sample.mean()), float(sample.std())
    if sd <= 1e-6 * max(1.0, abs(mean)):
        out[...] = 0
        return
    out[...] = volume
    np.clip(out, np.float32(low), np.float32(high), out=out)
    out -= mean
    out *= 1 / sd
    np.copyto(out, 0, where=~foreground)


def brain_on(grid: Grid, images: Iterable[Volume]) -> Mask | None:
    """(X, Y, Z): where any of the images that lie on ``grid`` is not background; None if none does.

    With the skull where the images have it.
    """
    brain: Mask | None = None
    for image in images:
        if image.grid.is_same(grid):
            found = foreground_mask(image.data)
            brain = found if brain is None else brain | found
    return brain


def foreground_mask(volume: npt.NDArray[Any]) -> Mask:
    """Where a volume is not background, whatever value its background has.

    Skull-stripped images have one constant outside the brain (0, or negative once z-scored): the
    commonest value on the faces. Without such a constant the background is what Otsu's threshold
    leaves below it.
    """
    edge = np.concatenate([volume[[0, -1]].ravel(), volume[:, [0, -1]].ravel()])
    values, counts = np.unique(edge, return_counts=True)
    background = values[counts.argmax()]
    foreground = volume != background
    if 1 - np.count_nonzero(foreground) / foreground.size >= MIN_BACKGROUND_SHARE:
        return foreground
    return volume > _otsu_threshold(volume[::2, ::2, ::2])


def _otsu_threshold(values: npt.NDArray[Any]) -> float:
    """The threshold of most variance between classes (Otsu 1979, doi:10.1109/TSMC.1979.4310076)."""
    low, high = np.percentile(values, (0, 99.5))
    counts, edges = np.histogram(np.clip(values, low, high), bins=256)
    centres = (edges[1:] + edges[:-1]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = sums / below - (sums[-1] - sums) / above
        variance = np.nan_to_num(below * above * gap**2)
    best = np.flatnonzero(variance >= variance.max() * (1 - 1e-6))  # flat across an empty gap
    return float(centres[best].mean())


def _brain_box(brain: Mask) -> Box:
    box = bounding_box(brain)
    if box is None or np.count_nonzero(brain) < MIN_BRAIN_VOXELS:
        raise CaseError(
            f"Nothing in the images looks like a brain: only {np.count_nonzero(brain)} of "
            f"{brain.size} voxels differ from the background (expected at least "
            f"{MIN_BRAIN_VOXELS}). Check that the files hold the images."
        )
    return box
