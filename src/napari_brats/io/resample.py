"""Bringing a volume onto another volume's voxel grid."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from napari_brats.core.case import Volume
from napari_brats.core.geometry import Grid


def resample_volume(volume: Volume, onto: Volume, *, nearest: bool = False) -> Volume:
    """The volume on the grid of ``onto``, with the header of ``onto``; itself if already there.

    Parameters
    ----------
    volume
        (X, Y, Z) of any grid.
    onto
        Gives grid and header.
    nearest
        For label maps: the nearest voxel's value, type kept. Otherwise linear, float32.

    Returns
    -------
    Where ``volume`` does not reach, its lowest value stands (0 for a label map).
    """
    if volume.grid.is_same(onto.grid):
        return volume
    import SimpleITK as sitk

    data = volume.data if nearest else volume.data.astype(np.float32, copy=False)
    outside = 0.0 if nearest else float(data.min())
    image = sitk.Resample(
        _image(data, volume.grid),
        _image(np.zeros(onto.grid.shape, np.uint8), onto.grid),
        sitk.Transform(),
        sitk.sitkNearestNeighbor if nearest else sitk.sitkLinear,
        outside,
    )
    note = f"{volume.path or 'A volume'} was resampled onto {onto.path or 'another grid'}."
    moved = sitk.GetArrayFromImage(image).T.astype(data.dtype, copy=False)
    return Volume(moved, onto.grid, onto.header, volume.path, (*volume.notes, note))


def _image(data: npt.NDArray[Any], grid: Grid) -> Any:
    """A SimpleITK image in RAS+ millimetres; it only ever meets others made here."""
    import SimpleITK as sitk

    image = sitk.GetImageFromArray(np.ascontiguousarray(data.T))
    image.SetSpacing(grid.spacing_mm)
    image.SetDirection((grid.affine[:3, :3] / np.array(grid.spacing_mm)).ravel().tolist())
    image.SetOrigin(grid.affine[:3, 3].tolist())
    return image
