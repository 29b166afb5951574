"""Small patients on disk: a lopsided brain with a tumour, turned and shifted at later visits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from napari_brats.core.case import Case, LabelVolume, Volume
from napari_brats.core.geometry import Grid
from napari_brats.core.labels import CONVENTIONS, Label
from napari_brats.core.modalities import Modality
from napari_brats.phantom import write_case

SHAPE = (48, 56, 44)
SPACING_MM = (4.0, 4.0, 4.0)
CONVENTION = CONVENTIONS["brats2023"]


def grid_of(shape: tuple[int, int, int] = SHAPE, spacing_mm: float = 4.0) -> Grid:
    """An LPS grid around the scanner's origin."""
    affine = np.diag([-spacing_mm, -spacing_mm, spacing_mm, 1.0])
    affine[:3, 3] = -affine[:3, :3] @ [(n - 1) / 2 for n in shape]
    return Grid(shape, affine)


def turn(degrees: tuple[float, float, float], shift_mm: tuple[float, float, float]) -> np.ndarray:
    """A 4x4 matrix in scanner mm."""
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    matrix[:3, 3] = shift_mm
    return matrix


def brain_on(grid: Grid, matrix: npt.NDArray[np.float64] | None = None) -> npt.NDArray[np.int16]:
    """A brain of unlike halves, sampled on a grid after it was moved by ``matrix``."""
    index = np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), axis=-1)
    back = np.linalg.inv(np.eye(4) if matrix is None else matrix) @ grid.affine
    x, y, z = np.moveaxis(index @ back[:3, :3].T + back[:3, 3], -1, 0)
    brain = (x / 68) ** 2 + (y / 84) ** 2 + (z / 62) ** 2 + 0.12 * (x / 68) * (z / 62) < 1
    tissue = 500 + 120 * np.sin(x / 11 + y / 17) + 100 * np.cos(y / 13 - z / 9) + x
    ventricle = ((x - 12) / 14) ** 2 + ((y + 5) / 30) ** 2 + ((z - 8) / 12) ** 2 < 1
    tissue[ventricle] = 150
    return np.where(brain, tissue, 0).astype(np.int16)


def tumour_on(grid: Grid, blocks: dict[Label, tuple[slice, slice, slice]]) -> np.ndarray:
    """A label map with a box of voxels for each label, the later ones on top."""
    labels = np.zeros(grid.shape, np.uint8)
    for label, box in blocks.items():
        labels[box] = label
    return labels


BEFORE = {
    Label.ED: np.s_[10:20, 20:30, 18:28],
    Label.ET: np.s_[12:18, 22:28, 20:26],
}


def make_case(
    case_id: str,
    image: np.ndarray,
    labels: np.ndarray | None,
    grid: Grid,
    modality: Modality = Modality.T1C,
) -> Case:
    """A case of one modality."""
    header = nib.Nifti1Image(image, grid.affine).header
    header.set_sform(grid.affine, 1)
    header.set_qform(grid.affine, 1)
    volume = Volume(image, grid, header)
    label_map = None
    if labels is not None:
        label_map = LabelVolume(replace(volume, data=labels), CONVENTION)
    return Case(case_id, {modality: volume}, label_map, CONVENTION)


def write_visit(
    folder: Path,
    case_id: str,
    *,
    blocks: dict[Label, tuple[slice, slice, slice]] | None = BEFORE,
    matrix: np.ndarray | None = None,
    grid: Grid | None = None,
    modality: Modality = Modality.T1C,
) -> Path:
    """Write a visit into a patient's folder; without ``blocks`` it has no label map."""
    there = grid or grid_of()
    labels = None if blocks is None else tumour_on(there, blocks)
    case = make_case(case_id, brain_on(there, matrix), labels, there, modality)
    return write_case(case, folder)
