"""Bringing a volume onto another volume's voxel grid."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_brats.core.case import Case, Volume
from napari_brats.core.errors import CaseError
from napari_brats.core.geometry import Grid
from napari_brats.core.modalities import Modality
from napari_brats.core.progress import Job, Progress

RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
"""From nibabel's scanner millimetres to ITK's, and back."""


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
        itk_image(data, volume.grid),
        itk_image(np.zeros(onto.grid.shape, np.uint8), onto.grid),
        sitk.Transform(),
        sitk.sitkNearestNeighbor if nearest else sitk.sitkLinear,
        outside,
    )
    note = f"{volume.path or 'A volume'} was resampled onto {onto.path or 'another grid'}."
    moved = sitk.GetArrayFromImage(image).T.astype(data.dtype, copy=False)
    return Volume(moved, onto.grid, onto.header, volume.path, (*volume.notes, note))


def resample_case(case: Case, modality: Modality) -> Job[Case]:
    """The case with every volume, and its label map, on the grid of one modality.

    A label map that had to move takes that modality's header and path, for it is no longer the one
    in its file. CaseError if the case lacks the modality.
    """
    if modality not in case.volumes:
        raise CaseError(
            f"Case {case.case_id} has no {modality} to resample onto. It has "
            f"{', '.join(case.modalities)}. Choose one of these."
        )
    target = case.volumes[modality]
    total = len(case.volumes) + 1
    volumes: dict[Modality, Volume] = {}
    for done, (name, volume) in enumerate(case.volumes.items()):
        yield Progress(done, total, f"Resampling {name} onto {modality}")
        volumes[name] = resample_volume(volume, target)
    labels = case.label_map
    if labels is not None and not labels.volume.grid.is_same(target.grid):
        yield Progress(total - 1, total, f"Resampling the label map onto {modality}")
        moved = resample_volume(labels.volume, target, nearest=True)
        labels = replace(labels, volume=replace(moved, path=target.path))
    return replace(case, volumes=volumes, label_map=labels)


def itk_image(data: npt.NDArray[Any], grid: Grid) -> Any:
    """The SimpleITK image of an (X, Y, Z) array, in ITK's own millimetres (LPS+)."""
    import SimpleITK as sitk

    affine = RAS_TO_LPS @ grid.affine
    image = sitk.GetImageFromArray(np.ascontiguousarray(data.T))
    image.SetSpacing(grid.spacing_mm)
    image.SetDirection((affine[:3, :3] / np.array(grid.spacing_mm)).ravel().tolist())
    image.SetOrigin(affine[:3, 3].tolist())
    return image
