"""Reading MetaImage files (.mha) through SimpleITK, with the geometry turned to RAS+."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt

from napari_brats.core.errors import CaseError
from napari_brats.core.geometry import Affine, Grid
from napari_brats.io.header import new_header
from napari_brats.io.payload import read_head

_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0])


def read_mha(path: Path) -> tuple[npt.NDArray[Any], nib.Nifti1Header, Grid]:
    """The (X, Y, Z, C) array of an .mha file, a NIfTI header to save on its grid, and the grid.

    CaseError if it cannot be read or holds vectors.
    """
    import SimpleITK as sitk

    reader = _reader(path)
    grid, channels = _grid(reader, path)
    try:
        image = reader.Execute()
    except RuntimeError as error:
        raise _unreadable(path, error) from error
    array = sitk.GetArrayFromImage(image).T
    header = new_header(grid, array.dtype)
    return array.reshape((*grid.shape, channels), order="F"), header, grid


def read_mha_grid(path: Path) -> tuple[Grid, int]:
    """The voxel grid of an .mha file and the number of its channels; reads only the header."""
    return _grid(_reader(path), path)


def _reader(path: Path) -> Any:
    """SimpleITK's reader, which has read the file's header and no voxel yet."""
    import SimpleITK as sitk

    read_head(path, 1)  # says in our words what is wrong with a path
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise _unreadable(path, error) from error
    return reader


def _grid(image: Any, path: Path) -> tuple[Grid, int]:
    size, rank = image.GetSize(), image.GetDimension()
    if rank not in (3, 4) or image.GetNumberOfComponents() != 1:
        raise CaseError(
            f"{path} has the shape {'x'.join(map(str, size))} with "
            f"{image.GetNumberOfComponents()} numbers per voxel. Expected three axes, or four with "
            f"the modalities on the last, and one number per voxel. Export it as 3-D volumes."
        )
    direction = np.reshape(image.GetDirection(), (rank, rank))[:3, :3]
    affine: Affine = np.eye(4)
    affine[:3, :3] = _LPS_TO_RAS @ direction * np.asarray(image.GetSpacing()[:3])
    affine[:3, 3] = _LPS_TO_RAS @ np.asarray(image.GetOrigin()[:3])
    return Grid((size[0], size[1], size[2]), affine), size[3] if rank == 4 else 1


def _unreadable(path: Path, error: RuntimeError) -> CaseError:
    reason = str(error).strip().splitlines()[-1] if str(error).strip() else "no reason given"
    return CaseError(
        f"{path} cannot be read as MetaImage: {reason} Expected a whole .mha file. "
        f"Copy or download the file again."
    )
