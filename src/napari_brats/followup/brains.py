"""Brains, how one lies against another, and whether two of them overlap."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from napari_brats.core.case import Volume
from napari_brats.core.errors import CaseError
from napari_brats.core.geometry import Affine, Grid, Spacing
from napari_brats.core.labels import Mask
from napari_brats.io.layers import contrast_limits
from napari_brats.io.resample import RAS_TO_LPS, resample_volume

TILE_MM = 25.0
"""Edge of a tile of the checkerboard: a few of them cross every border of the brain."""


@dataclass(frozen=True, eq=False)
class Rigid:
    """A turn and a shift.

    Attributes
    ----------
    matrix
        4x4: scanner mm (RAS+) of the baseline -> those of the later time point.
    """

    matrix: Affine

    @property
    def shift_mm(self) -> tuple[float, float, float]:
        """The shift along R, A, S of the scanner's origin."""
        x, y, z = self.matrix[:3, 3].tolist()
        return x, y, z

    @property
    def turn_degrees(self) -> float:
        """The angle by which it turns, about whatever axis."""
        cosine = (np.trace(self.matrix[:3, :3]) - 1) / 2
        return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))

    def place(self, volume: Volume) -> Volume:
        """A volume of the later time point where it lies in the baseline's space; no resampling."""
        affine = np.linalg.inv(self.matrix) @ volume.grid.affine
        return replace(volume, grid=Grid(volume.grid.shape, affine))

    def to_tfm(self) -> str:
        """The text of an ITK transform file (.tfm): baseline -> later time point, LPS+ mm."""
        matrix = RAS_TO_LPS @ self.matrix @ RAS_TO_LPS
        numbers = [*matrix[:3, :3].ravel().tolist(), *matrix[:3, 3].tolist()]
        return (
            "#Insight Transform File V1.0\n#Transform 0\n"
            "Transform: MatrixOffsetTransformBase_double_3_3\n"
            f"Parameters: {' '.join(f'{v:.17g}' for v in numbers)}\nFixedParameters: 0 0 0\n"
        )


IDENTITY = Rigid(np.eye(4))


@dataclass(frozen=True, eq=False)
class Brain:
    """An image with what registration needs to know of it.

    Attributes
    ----------
    volume
        The image.
    mask
        (X, Y, Z), where it is not background (the head, where the skull is on).
    tumour
        (X, Y, Z), what may have changed and is not looked at; may be empty.
    """

    volume: Volume
    mask: Mask
    tumour: Mask

    @property
    def grid(self) -> Grid:
        """The voxel grid of all three."""
        return self.volume.grid


def find_brain(volume: Volume, tumour: Mask) -> Brain:
    """An image with its brain; CaseError if nothing stands out from the background."""
    from napari_brats.inference.preprocess import MIN_BRAIN_VOXELS, foreground_mask

    mask = foreground_mask(volume.data)
    if np.count_nonzero(mask) < MIN_BRAIN_VOXELS:
        raise CaseError(
            f"Nothing in {volume.path or 'the image'} looks like a brain: only "
            f"{np.count_nonzero(mask)} of {mask.size} voxels differ from the background. Check "
            f"that the file holds the image."
        )
    return Brain(volume, mask, tumour)


def brain_dice(fixed: Brain, moving: Brain, rigid: Rigid) -> float:
    """The Dice of two brains, 0 to 1, where both fields of view reach; 0 where none does."""
    mask = Volume(moving.mask.astype(np.uint8) + np.uint8(1), moving.grid, moving.volume.header)
    there = resample_volume(rigid.place(mask), fixed.volume, nearest=True).data
    covered = there > 0
    size = np.count_nonzero(fixed.mask & covered) + np.count_nonzero(there == 2)
    whole = np.count_nonzero(fixed.mask)
    if np.count_nonzero(fixed.mask & covered) < whole / 4:
        return 0.0  # of a sliver that both happen to see nothing can be told
    return float(2 * np.count_nonzero(fixed.mask & (there == 2)) / size)


def brain_centre_mm(brain: Brain) -> npt.NDArray[np.float64]:
    """A brain's centre of gravity in ITK's millimetres (LPS+)."""
    counts = [brain.mask.sum(axis=tuple(a for a in range(3) if a != axis)) for axis in range(3)]
    index = [float(np.average(np.arange(c.size), weights=c)) for c in counts]
    centre: npt.NDArray[np.float64] = (RAS_TO_LPS @ brain.grid.affine @ [*index, 1.0])[:3]
    return centre


def checkerboard(
    one: npt.NDArray[np.generic], other: npt.NDArray[np.generic], spacing_mm: Spacing
) -> npt.NDArray[np.float32]:
    """Tiles of two (X, Y, Z) images in turn, each image scaled to 0..1 by its own percentiles.

    Where they are well registered, borders run on from tile to tile.
    """
    tiles = [
        np.floor((np.arange(n) - n / 2) * s / TILE_MM).astype(np.int64)
        for n, s in zip(one.shape, spacing_mm, strict=True)
    ]
    x, y, z = np.ix_(*tiles)
    return np.where((x + y + z) % 2 == 0, _scaled(one), _scaled(other))


def _scaled(image: npt.NDArray[np.generic]) -> npt.NDArray[np.float32]:
    low, high = contrast_limits(image)
    scaled = (image.astype(np.float32) - np.float32(low)) / np.float32(high - low)
    return np.clip(scaled, 0, 1, out=scaled)
