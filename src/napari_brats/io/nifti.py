"""Reading volumes: .nii, .nii.gz (packed or not, whatever the name says) and .mha."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_brats.core.case import Volume
from napari_brats.core.errors import CaseError
from napari_brats.core.geometry import Grid
from napari_brats.io.header import HEADER_BYTES, ImageHeader, parse_header
from napari_brats.io.payload import read_all, read_head


def read_volume(path: Path, channel: int | None = None) -> Volume:
    """One volume of a file, (X, Y, Z) in the file's own axis order, scaled values.

    Unscaled data are a read-only view of the unpacked bytes. Trailing axes of length 1 are dropped.

    Parameters
    ----------
    path
        .nii, .nii.gz or .mha.
    channel
        Index on the fourth axis; needed for a 4-D file.

    Raises
    ------
    CaseError
        If the file cannot be read or is no volume; the message says what was found in it.
    GeometryError
        If its affine is singular.
    """
    return read_channels(path, (channel,))[0]


def read_channels(path: Path, channels: Sequence[int | None]) -> tuple[Volume, ...]:
    """Several channels of one file, unpacked once; as `read_volume` for each of ``channels``."""
    if _is_mha(path):
        from napari_brats.io.mha import read_mha

        image, header, grid = read_mha(path)
        notes: tuple[str, ...] = ()
    else:
        parsed = parse_header(read_head(path, HEADER_BYTES), path)
        image, header, grid, notes = _stored(path, parsed), parsed.nifti, parsed.grid, parsed.notes
    volumes = []
    for channel in channels:
        data, more = _finite(image[..., _checked(channel, image.shape[3], path)], path)
        volumes.append(Volume(data, grid, header, path, notes + more))
    return tuple(volumes)


def read_grid(path: Path) -> tuple[Grid, int]:
    """The voxel grid of a file and the number of its channels; reads only the header."""
    if _is_mha(path):
        from napari_brats.io.mha import read_mha_grid

        return read_mha_grid(path)
    parsed = parse_header(read_head(path, HEADER_BYTES), path)
    return parsed.grid, parsed.channels


def header_only(volume: Volume) -> Volume:
    """The volume with its geometry and header but an array of zeros that takes no memory."""
    empty = np.broadcast_to(np.uint8(0), volume.grid.shape)
    return Volume(empty, volume.grid, volume.header, volume.path, volume.notes)


def _is_mha(path: Path) -> bool:
    return path.name.lower().endswith(".mha")


def _stored(path: Path, parsed: ImageHeader) -> npt.NDArray[Any]:
    """The (X, Y, Z, C) array of a NIfTI file, scaled; a view of its bytes where it can be."""
    content = read_all(path, parsed.size)
    count = math.prod(parsed.grid.shape) * parsed.channels
    flat: npt.NDArray[Any] = np.frombuffer(content, parsed.dtype, count, parsed.offset)
    flat.flags.writeable = False  # whoever edits makes a copy; what was read stays as it was
    image = flat.reshape((*parsed.grid.shape, parsed.channels), order="F")
    if not image.dtype.isnative:  # neither the screen nor the network takes foreign byte order
        image = image.astype(image.dtype.newbyteorder("="))
    if parsed.slope == 1 and parsed.intercept == 0:
        return image
    real = np.float32 if image.dtype.itemsize <= 2 or image.dtype == np.float32 else np.float64
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is reported by _finite
        scaled: npt.NDArray[Any] = image.astype(real)
        scaled *= real(parsed.slope)
        scaled += real(parsed.intercept)
    return scaled


def _checked(channel: int | None, channels: int, path: Path) -> int:
    if channel is None and channels > 1:
        raise CaseError(
            f"{path} is 4-D with {channels} channels. Expected one volume, or to be told which "
            f"channel is which modality. Assign the channels in the panel, or by --modality."
        )
    index = 0 if channel is None else channel
    if not 0 <= index < channels:
        raise CaseError(f"{path} has no channel {index}. Expected 0 to {channels - 1}.")
    return index


def _finite(data: npt.NDArray[Any], path: Path) -> tuple[npt.NDArray[Any], tuple[str, ...]]:
    if data.dtype.kind != "f":
        return data, ()
    finite = np.isfinite(data)
    bad = data.size - int(np.count_nonzero(finite))
    if not bad:
        return data, ()
    clean = np.where(finite, data, data.dtype.type(0))
    return clean, (f"{path}: {bad} voxels are NaN or infinite; they are read as 0.",)
