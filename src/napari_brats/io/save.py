"""Saving: the exact inverse of reading, on the voxel grid and with the header of a reference."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt

from napari_brats.core.case import Volume
from napari_brats.core.errors import GeometryError, LabelError
from napari_brats.core.labels import (
    REGIONS,
    Convention,
    Label,
    LabelMap,
    Region,
    labels_to_disk,
    region_mask,
)
from napari_brats.io.atomic import write_atomically
from napari_brats.io.layers import LABEL_COLORS
from napari_brats.io.packing import pack

_INTENT_LABEL = 1002


def save_label_map(
    path: Path,
    labels: LabelMap,
    reference: Volume,
    convention: Convention,
    *,
    overwrite: bool = False,
    backup: bool = False,
) -> Path:
    """Write a label map as uint8 NIfTI with the reference's geometry; the path written.

    Parameters
    ----------
    path
        ``.nii`` or ``.nii.gz``; any other name gets ``.nii.gz`` appended, whatever dots it holds.
    labels
        (X, Y, Z) internal labels in the reference's voxel order.
    reference
        Whose shape, affine, qform and sform with their codes, and units the file takes.
    convention
        In whose integers it is written.
    overwrite, backup
        As in `write_atomically`.

    Raises
    ------
    LabelError
        If the convention cannot express a label that occurs.
    GeometryError
        If the shapes differ.
    SaveError
        If the file cannot be written; the former one is unharmed.
    """
    _require_shape(labels, reference)
    disk = labels_to_disk(labels, convention)
    return _save(path, disk, _label_header(reference), overwrite=overwrite, backup=backup)


def save_region_masks(
    folder: Path,
    case_id: str,
    labels: LabelMap,
    reference: Volume,
    *,
    overwrite: bool = False,
    backup: bool = False,
) -> tuple[Path, ...]:
    """Write WT, TC and ET as binary masks ``<case_id>-mask-wt.nii.gz`` ...; the paths written."""
    _require_shape(labels, reference)
    header = _label_header(reference)
    return tuple(
        _save(
            folder / region_mask_name(case_id, region),
            region_mask(labels, region).astype(np.uint8),
            header,
            overwrite=overwrite,
            backup=backup,
        )
        for region in REGIONS
    )


def save_volume(
    path: Path,
    data: npt.NDArray[Any],
    reference: Volume,
    *,
    overwrite: bool = False,
    backup: bool = False,
) -> Path:
    """Write an image with the reference's geometry, stored type and scaling; the path written.

    Parameters
    ----------
    path
        As in `save_label_map`.
    data
        (X, Y, Z), scaled values. Where the stored type and scaling of the reference cannot hold
        them but for rounding (an integer type and new values), they are stored as float32.
    reference, overwrite, backup
        As in `save_label_map`, and with the same errors.
    """
    _require_shape(data, reference)
    header = _native(reference.header)
    stored = _unscaled(data, header)
    return _save(path, stored, header, overwrite=overwrite, backup=backup)


def save_probabilities(
    folder: Path,
    case_id: str,
    probabilities: npt.NDArray[Any],
    reference: Volume,
    *,
    overwrite: bool = False,
    backup: bool = False,
) -> tuple[Path, ...]:
    """Write (3, X, Y, Z) probabilities as float32, ``<case_id>-probability-wt.nii.gz`` ...."""
    return tuple(
        save_probability(
            folder / probability_name(case_id, region),
            data,
            reference,
            overwrite=overwrite,
            backup=backup,
        )
        for region, data in zip(REGIONS, probabilities, strict=True)
    )


def save_probability(
    path: Path,
    data: npt.NDArray[Any],
    reference: Volume,
    *,
    overwrite: bool = False,
    backup: bool = False,
) -> Path:
    """Write (X, Y, Z) probabilities of one region as float32; the rest as `save_label_map`."""
    _require_shape(data, reference)
    header = _label_header(reference)
    header["intent_code"], header["intent_name"] = 0, b""
    return _save(path, data.astype(np.float32), header, overwrite=overwrite, backup=backup)


def itksnap_label_description(convention: Convention) -> str:
    """The text of an ITK-SNAP label description file for label maps in ``convention``."""
    lines = [
        "################################################",
        "# ITK-SnAP Label Description File",
        "# IDX   -R-  -G-  -B-  -A--  VIS MSH  LABEL",
        "################################################",
        '    0     0    0    0        0  0  0    "Clear Label"',
    ]
    for value, label in sorted(convention.values.items()):
        r, g, b = (round(255 * part) for part in LABEL_COLORS[label][:3])
        lines.append(f'{value:5d} {r:5d} {g:4d} {b:4d}        1  1  1    "{label.title}"')
    return "\n".join(lines) + "\n"


def image_path(path: Path) -> Path:
    """``path`` if it ends in .nii or .nii.gz, else with .nii.gz appended (in place of .mha).

    Dots belong to the name: ``TCGA-HT-8111_1998.03.30`` becomes ``TCGA-HT-8111_1998.03.30.nii.gz``.
    """
    if re.search(r"\.nii(\.gz)?$", path.name, re.IGNORECASE):
        return path
    stem = re.sub(r"\.mha$", "", path.name, flags=re.IGNORECASE)
    return path.with_name(f"{stem}.nii.gz")


def as_label_map(data: npt.NDArray[Any]) -> LabelMap:
    """An integer array of internal labels as uint8; LabelError naming values that are none."""
    if data.dtype == np.uint8:
        return data
    outside = (data < 0) | (data > max(Label))
    if outside.any():
        values = ", ".join(str(v) for v in np.unique(data[outside])[:5])
        raise LabelError(
            f"The label map holds the values {values}; known labels are "
            f"{', '.join(f'{int(la)} {la.name}' for la in Label if la)}. "
            f"Relabel those voxels before saving."
        )
    return data.astype(np.uint8)


def label_map_name(case_id: str) -> str:
    """The file name of a label map; its record is called alike (`io.sidecar.record_path`)."""
    return f"{case_id}-seg.nii.gz"


def region_mask_name(case_id: str, region: Region) -> str:
    """The file name of a binary region mask."""
    return f"{case_id}-mask-{region.lower()}.nii.gz"


def probability_name(case_id: str, region: Region) -> str:
    """The file name of a region's probabilities."""
    return f"{case_id}-probability-{region.lower()}.nii.gz"


def _require_shape(data: npt.NDArray[Any], reference: Volume) -> None:
    if data.shape != reference.grid.shape:
        raise GeometryError(
            f"The array to save has the shape {data.shape}, but its reference "
            f"{reference.path or '(in memory)'} has {reference.grid.shape}. Expected one voxel for "
            f"each of the reference. Save it with the image it was made on."
        )


def _native(source: nib.Nifti1Header) -> nib.Nifti1Header:
    """A copy in this machine's byte order, for a single file, 3-D unless the 4th axis is 1 long."""
    header: nib.Nifti1Header = (
        source.copy()
        if source.endianness == nib.volumeutils.native_code
        else (source.as_byteswapped())
    )
    lengths = [int(n) for n in header["dim"][4 : int(header["dim"][0]) + 1]]
    if any(n != 1 for n in lengths):  # one channel of a 4-D file
        header["dim"][0] = 3
        header["dim"][4:] = 1
    size = int(header["sizeof_hdr"])
    header["vox_offset"] = size + 4
    header["magic"] = b"n+1" if size == 348 else b"n+2\x00\r\n\x1a\n"
    return header


def _label_header(reference: Volume) -> nib.Nifti1Header:
    header = _native(reference.header)
    header["scl_slope"], header["scl_inter"] = 1, 0
    header["cal_max"], header["cal_min"] = 0, 0  # an image's display window means nothing here
    if int(header["intent_code"]) not in (0, _INTENT_LABEL):
        header["intent_code"], header["intent_name"] = _INTENT_LABEL, b""
        for name in ("intent_p1", "intent_p2", "intent_p3"):
            header[name] = 0
    return header


def _unscaled(data: npt.NDArray[Any], header: nib.Nifti1Header) -> npt.NDArray[Any]:
    """The numbers to store for ``data``; sets the header's scaling where it has to change."""
    dtype = header.get_data_dtype().newbyteorder("=")
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    if not np.isfinite(slope) or slope == 0:
        slope, intercept = 1.0, 0.0
    if slope == 1 and intercept == 0 and data.dtype == dtype:
        return data
    numbers = (data.astype(np.float64) - intercept) / slope
    if dtype.kind == "f":
        return numbers.astype(dtype)
    whole = np.rint(numbers)
    limits = np.iinfo(dtype)
    if (
        np.isfinite(numbers).all()
        and whole.min() >= limits.min
        and whole.max() <= limits.max
        and np.abs(numbers - whole).max() <= _rounding(data, slope)
    ):
        return whole.astype(dtype)
    header["scl_slope"], header["scl_inter"] = 1, 0
    return data.astype(np.float32)


def _rounding(data: npt.NDArray[Any], slope: float) -> float:
    """By how much a stored number may miss a whole one through the rounding of scaled values."""
    eps = float(np.finfo(data.dtype).eps) if data.dtype.kind == "f" else 0.0
    return min(0.25, 1e-6 + 4 * eps * float(np.abs(data).max()) / abs(slope))


def _save(
    path: Path,
    stored: npt.NDArray[Any],
    header: nib.Nifti1Header,
    *,
    overwrite: bool,
    backup: bool,
) -> Path:
    target = image_path(path)
    header.set_data_dtype(stored.dtype)
    size = int(header["sizeof_hdr"])
    content = b"".join((header.binaryblock[:size], bytes(4), stored.tobytes(order="F")))
    if target.name.lower().endswith(".gz"):
        content = pack(content, floats=stored.dtype.kind == "f")
    write_atomically(target, content, overwrite=overwrite, backup=backup)
    return target
