"""Small case folders made for tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from tests.io.volumes import SHAPE, affine_of, write_nifti

TOKENS = ("t1", "t1ce", "t2", "flair")


def write_case(
    parent: Path,
    case_id: str = "BraTS2021_00001",
    tokens: tuple[str, ...] = TOKENS,
    label_map: npt.NDArray[np.generic] | None = None,
    affine: npt.NDArray[np.float64] | None = None,
) -> Path:
    """A folder in the naming of BraTS 2021; modality number n holds the values n * 1000 + voxel."""
    folder = parent / case_id
    folder.mkdir(parents=True)
    for number, token in enumerate(tokens):
        data = (np.arange(120) + number * 1000).astype(np.int16).reshape(SHAPE)
        write_nifti(folder / f"{case_id}_{token}.nii.gz", data, affine)
    if label_map is not None:
        write_nifti(folder / f"{case_id}_seg.nii.gz", label_map, affine, sform_code=2)
    return folder


def labels_2021() -> npt.NDArray[np.uint8]:
    """One voxel each of NCR (1), ED (2) and ET (4)."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[0, 1, 2], labels[1, 2, 3], labels[3, 4, 5] = 1, 2, 4
    return labels


def moved_affine() -> npt.NDArray[np.float64]:
    """Another place in the scanner than that of all other files."""
    affine = affine_of()
    affine[0, 3] += 5
    return affine
