"""A synthetic brain whose contrasts the recogniser knows, and its files without telling names."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import nibabel as nib

from napari_brats.core.case import Case, Volume
from napari_brats.core.modalities import MODALITIES, Modality
from napari_brats.phantom.case import make_case

NAMELESS = {
    Modality.T1N: "d.nii",
    Modality.T1C: "a.nii",
    Modality.T2W: "c.nii",
    Modality.T2F: "b.nii",
}


@cache
def brain(seed: int = 1) -> Case:
    """Seed 1: all four are recognised. Seed 0: T1N and T1C are not told apart for sure."""
    return make_case(seed, (60, 60, 39))


def write_nameless(folder: Path, case: Case, modalities: tuple[Modality, ...] = MODALITIES) -> Path:
    """A folder of files whose names do not tell which modality they are."""
    folder.mkdir(parents=True, exist_ok=True)
    for modality in modalities:
        write_volume(folder / NAMELESS[modality], case.volumes[modality])
    return folder


def write_volume(path: Path, volume: Volume) -> None:
    """A volume as a NIfTI file."""
    nib.Nifti1Image(volume.data, volume.grid.affine, volume.header).to_filename(path)
