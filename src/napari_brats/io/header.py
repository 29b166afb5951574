"""What a NIfTI header says, checked: type, shape, scaling and the place of the voxels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
import numpy.typing as npt
from nibabel.spatialimages import HeaderDataError

from napari_brats.core.errors import CaseError, GeometryError
from napari_brats.core.geometry import Grid

HEADER_BYTES = 540
"""Enough for a NIfTI-2 header; one of NIfTI-1 has 348."""

_TYPES = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4"} | {
    1024: "i8",
    1280: "u8",
}
_REFUSED_TYPES = {
    0: "no type at all",
    1: "single bits",
    32: "complex numbers",
    128: "RGB colours",
    1536: "128-bit floats",
    1792: "complex numbers",
    2048: "complex numbers",
    2304: "RGBA colours",
}


@dataclass(frozen=True, eq=False)
class ImageHeader:
    """A checked NIfTI header.

    Attributes
    ----------
    nifti
        The header as it stands in the file.
    dtype
        Type of the stored numbers, in the file's byte order.
    grid
        The voxel grid (first three axes).
    channels
        Length of the fourth axis; 1 for a 3-D image.
    slope, intercept
        stored number * slope + intercept = value; 1 and 0 where the header sets none.
    offset
        Where the numbers begin, in bytes.
    notes
        What had to be put right, in words for the user.
    """

    nifti: nib.Nifti1Header
    dtype: np.dtype[np.generic]
    grid: Grid
    channels: int
    slope: float
    intercept: float
    offset: int
    notes: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes the file must hold."""
        voxels = math.prod(self.grid.shape) * self.channels
        return self.offset + voxels * self.dtype.itemsize


@np.errstate(all="ignore")  # what overflows in a damaged header is refused in our own words
def parse_header(head: bytes, path: Path) -> ImageHeader:
    """The checked header of a NIfTI file from its first `HEADER_BYTES` bytes.

    CaseError where it is no single-file NIfTI or holds what is no volume (colours, vectors, 5-D);
    GeometryError where its voxels have no place in the scanner.
    """
    nifti = _nifti_header(head, path)
    dtype = _dtype(nifti, path)
    shape, channels = _shape(nifti, path)
    slope, intercept = _scaling(nifti, path)
    affine, notes = _affine(nifti, path)
    try:
        grid = Grid(shape, affine)
    except GeometryError as error:
        raise GeometryError(f"{path}: {error}") from None
    offset = float(nifti["vox_offset"])
    minimum = int(nifti["sizeof_hdr"])
    if not np.isfinite(offset) or not (offset == 0 or minimum <= offset < 2**40):
        raise CaseError(
            f"{path} has a damaged header: the voxels are said to begin at byte {offset:g}. "
            f"Expected {minimum + 4} or more. Export the image again from its source."
        )
    return ImageHeader(
        nifti, dtype, grid, channels, slope, intercept, int(offset) or minimum + 4, notes
    )


def new_header(grid: Grid, dtype: npt.DTypeLike = np.uint8) -> nib.Nifti1Header:
    """A header for a volume that came from no NIfTI file: sform and qform in scanner mm, code 1."""
    header = nib.Nifti1Header()
    header.set_data_dtype(dtype)
    header.set_data_shape(grid.shape)
    header.set_xyzt_units("mm", "sec")
    header.set_qform(grid.affine, code=1)
    header.set_sform(grid.affine, code=1)
    return header


def _nifti_header(head: bytes, path: Path) -> nib.Nifti1Header:
    for kind in (nib.Nifti1Header, nib.Nifti2Header):
        size = kind.template_dtype.itemsize
        if len(head) >= size and size in (
            int.from_bytes(head[:4], "little"),
            int.from_bytes(head[:4], "big"),
        ):
            order = "<" if int.from_bytes(head[:4], "little") == size else ">"
            header: nib.Nifti1Header = kind(head[:size], order, False)  # type: ignore[no-untyped-call]
            if bytes(header["magic"].item())[:3] in (b"n+1", b"n+2"):
                return header
    shown = head[:16].hex(" ")
    raise CaseError(
        f"{path} is no NIfTI file: it begins with the bytes {shown}. Expected a single-file NIfTI "
        f"image (.nii, packed or not). Check that this is the right file, or convert it to NIfTI."
    )


def _dtype(nifti: nib.Nifti1Header, path: Path) -> np.dtype[np.generic]:
    code = int(nifti["datatype"])
    if code in _TYPES:
        return np.dtype(_TYPES[code]).newbyteorder(nifti.endianness)
    what = _REFUSED_TYPES.get(code, f"the unknown type {code}")
    raise CaseError(
        f"{path} holds {what} in each voxel. Expected one real number per voxel (8 to 64 bit). "
        f"Convert the image to one grey value per voxel."
    )


def _shape(nifti: nib.Nifti1Header, path: Path) -> tuple[tuple[int, int, int], int]:
    rank = int(nifti["dim"][0])
    if not 1 <= rank <= 7:
        raise CaseError(
            f"{path} has a damaged header: it announces {rank} axes. Expected 3 or 4. "
            f"Export the image again from its source."
        )
    dims = [int(n) for n in nifti["dim"][1 : rank + 1]]
    while len(dims) > 3 and dims[-1] == 1:
        dims.pop()
    if len(dims) not in (3, 4) or min(dims) < 1:
        raise CaseError(
            f"{path} has the shape {'x'.join(map(str, dims))}. Expected a volume of three axes, "
            f"none of them empty, or four with the modalities on the last. "
            f"Export the image as 3-D volumes."
        )
    return (dims[0], dims[1], dims[2]), dims[3] if len(dims) == 4 else 1


def _scaling(nifti: nib.Nifti1Header, path: Path) -> tuple[float, float]:
    slope, intercept = float(nifti["scl_slope"]), float(nifti["scl_inter"])
    if not np.isfinite(slope) or slope == 0:  # the standard's ways to say "not scaled"
        return 1.0, 0.0
    if not np.isfinite(intercept):
        raise CaseError(
            f"{path} has a damaged header: scl_slope is {slope:g} but scl_inter is {intercept}. "
            f"Expected a number. Export the image again from its source."
        )
    return slope, intercept


def _affine(nifti: nib.Nifti1Header, path: Path) -> tuple[npt.NDArray[np.float64], tuple[str, ...]]:
    notes = _unit_notes(nifti, path)
    sform = _usable(nifti.get_sform() if int(nifti["sform_code"]) > 0 else None)
    if sform is not None:
        return sform, notes
    qform = _usable(_qform(nifti))
    if qform is not None and int(nifti["sform_code"]) > 0:
        note = (
            f"{path}: the sform (code {int(nifti['sform_code'])}) is singular or not finite; the "
            f"qform (code {int(nifti['qform_code'])}) is used instead."
        )
        return qform, (*notes, note)
    if qform is not None:
        return qform, notes
    if int(nifti["sform_code"]) > 0 or int(nifti["qform_code"]) > 0:
        raise GeometryError(
            f"{path}: the affine is singular or not finite (sform code "
            f"{int(nifti['sform_code'])}, rows {nifti.get_sform()[:3].tolist()}; qform code "
            f"{int(nifti['qform_code'])}). Expected an invertible matrix, else the voxels have no "
            f"place in the scanner. Export the image again from its source."
        )
    note = (
        f"{path}: neither sform nor qform is set (codes 0 and 0), so left and right are assumed, "
        f"not known."
    )
    return _base_affine(nifti), (*notes, note)


def _base_affine(nifti: nib.Nifti1Header) -> npt.NDArray[np.float64]:
    """Nibabel's affine for a header with no codes, from spacing alone and with x flipped."""
    return np.asarray(nifti.get_base_affine(), np.float64)


def _qform(nifti: nib.Nifti1Header) -> npt.NDArray[np.float64] | None:
    if int(nifti["qform_code"]) <= 0:
        return None
    try:
        return np.asarray(nifti.get_qform(), np.float64)
    except (HeaderDataError, ValueError):
        return None


def _usable(affine: npt.NDArray[np.float64] | None) -> npt.NDArray[np.float64] | None:
    if affine is None or not np.isfinite(affine).all():
        return None
    try:
        Grid((1, 1, 1), affine)
    except GeometryError:
        return None
    return affine


def _unit_notes(nifti: nib.Nifti1Header, path: Path) -> tuple[str, ...]:
    unit = {1: "metres", 3: "micrometres"}.get(int(nifti["xyzt_units"]) & 7)
    if unit is None:
        return ()
    return (f"{path}: the header gives lengths in {unit}; they are read as millimetres.",)
