"""The synthetic case as files: the sample that the project ships is what this writes."""

from __future__ import annotations

from pathlib import Path

from napari_brats.core.case import Case
from napari_brats.core.modalities import FILE_SUFFIX
from napari_brats.io.save import save_label_map, save_volume
from napari_brats.phantom.case import make_case


def write_sample(directory: Path, overwrite: bool = False) -> Path:
    """Write the synthetic case into ``directory``; the path of its case folder.

    Parameters
    ----------
    directory
        Gets the case folder, with four images and the label map under BraTS 2023 names. It is made
        if it does not exist.
    overwrite
        Replace files that are there.

    Raises
    ------
    SaveError
        If a file exists and ``overwrite`` was not given, or cannot be written.
    """
    return write_case(make_case(), directory, overwrite)


def write_case(case: Case, directory: Path, overwrite: bool = False) -> Path:
    """Write a case with its label map under BraTS 2023 names; its folder. As `write_sample`."""
    folder = directory / case.case_id
    folder.mkdir(parents=True, exist_ok=True)
    for modality, volume in case.volumes.items():
        path = folder / f"{case.case_id}-{FILE_SUFFIX[modality]}.nii.gz"
        save_volume(path, volume.data, volume, overwrite=overwrite)
    if case.label_map is not None:
        save_label_map(
            folder / f"{case.case_id}-seg.nii.gz",
            case.label_map.volume.data,
            case.label_map.volume,
            case.convention,
            overwrite=overwrite,
        )
    return folder
