"""A folder of many cases made of one: its files under other names, or small crops of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import nibabel as nib
import numpy as np

from napari_brats.core.modalities import MODALITIES
from napari_brats.io.discover import discover


def copies_of(case: Path, folder: Path, count: int, *, crop: int = 0) -> Path:
    """``count`` cases in ``folder``: the images of ``case``, or crops of ``crop``^3 voxels.

    Copies, for links to the same files would be the same case.
    """
    (files,) = discover(case)
    for modality in MODALITIES:
        source = files.modalities[modality].path.resolve()
        if crop:
            source = _cropped(source, folder / f"{modality}.nii.gz", crop)
        for number in range(count):
            place = folder / "cases" / f"case{number:03d}"
            place.mkdir(parents=True, exist_ok=True)
            suffix = ".nii" if source.suffix == ".nii" else ".nii.gz"
            shutil.copyfile(source, place / f"{place.name}-{modality.lower()}{suffix}")
    return folder / "cases"


def _cropped(source: Path, target: Path, size: int) -> Path:
    image = nib.load(source)
    box = tuple(slice(max(0, n // 2 - size // 2), n // 2 + size // 2) for n in image.shape)
    data = np.asanyarray(image.dataobj)[box]
    nib.Nifti1Image(data, image.affine, image.header).to_filename(target)
    return target
