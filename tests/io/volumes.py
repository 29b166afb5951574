"""NIfTI files made for tests: any orientation, spacing, tilt and set of codes."""

from __future__ import annotations

from itertools import permutations, product
from pathlib import Path

import nibabel as nib
import numpy as np
import numpy.typing as npt

SHAPE = (4, 5, 6)

ORIENTATIONS = tuple(
    "".join(letters) for axes in permutations(("RL", "AP", "SI")) for letters in product(*axes)
)
"""The 48 ways in which three array axes can run along the scanner's."""

_DIRECTIONS = {"R": (1, 0, 0), "A": (0, 1, 0), "S": (0, 0, 1)} | {
    "L": (-1, 0, 0),
    "P": (0, -1, 0),
    "I": (0, 0, -1),
}


def affine_of(
    codes: str = "LPS", spacing_mm: tuple[float, float, float] = (1, 1, 1), tilt_degrees: float = 0
) -> npt.NDArray[np.float64]:
    """An affine whose axes run along ``codes``, tilted about an axis of the scanner's space."""
    affine = np.eye(4)
    for axis, (code, spacing) in enumerate(zip(codes, spacing_mm, strict=True)):
        affine[:3, axis] = np.multiply(_DIRECTIONS[code], spacing)
    if tilt_degrees:
        affine[:3, :3] = _rotation(tilt_degrees) @ affine[:3, :3]
    affine[:3, 3] = (-11.5, 23.25, 7.0)
    return affine


def _rotation(degrees: float) -> npt.NDArray[np.float64]:
    """Rodrigues' formula about (1, 2, 3), so that no axis stays where it was."""
    x, y, z = np.array((1, 2, 3)) / np.sqrt(14)
    cross = np.array(((0, -z, y), (z, 0, -x), (-y, x, 0)))
    angle = np.deg2rad(degrees)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def write_nifti(
    path: Path,
    data: npt.NDArray[np.generic] | None = None,
    affine: npt.NDArray[np.float64] | None = None,
    *,
    sform_code: int = 1,
    qform_code: int = 1,
    units: str = "mm",
) -> Path:
    """A NIfTI file written by nibabel; by default 4x5x6 int16 values 0, 1, 2, ... in LPS."""
    array = np.arange(120, dtype=np.int16).reshape(SHAPE) if data is None else data
    place = affine_of() if affine is None else affine
    image = nib.Nifti1Image(array, None)
    image.header["pixdim"][1:4] = np.sqrt((place[:3, :3] ** 2).sum(axis=0))
    if qform_code:
        image.header.set_qform(place, qform_code)
    if sform_code:
        image.header.set_sform(place, sform_code)
    image.header["qform_code"], image.header["sform_code"] = qform_code, sform_code
    image.header.set_xyzt_units(units)
    # nibabel would put the codes of its own choice into an image that is given an affine
    return _write_raw(path, image.header, array)


def _write_raw(path: Path, header: nib.Nifti1Header, array: npt.NDArray[np.generic]) -> Path:
    import gzip

    header.set_data_dtype(array.dtype)
    header.set_data_shape(array.shape)
    header["vox_offset"] = 352
    header["magic"] = b"n+1"
    content = header.binaryblock + bytes(4) + array.tobytes(order="F")
    path.write_bytes(gzip.compress(content) if path.name.endswith(".gz") else content)
    return path
