"""The synthetic case: a made-up patient with a made-up glioma, in the form of a BraTS case."""

from __future__ import annotations

import nibabel as nib
import numpy as np

from napari_brats.core.case import Case, LabelVolume, Volume
from napari_brats.core.geometry import Grid
from napari_brats.core.labels import CONVENTIONS, Label, LabelMap
from napari_brats.phantom.anatomy import Anatomy, make_anatomy
from napari_brats.phantom.contrast import make_images
from napari_brats.phantom.space import FIELD_OF_VIEW_MM, voxel_space
from napari_brats.phantom.tumour import Tumour, grow_tumour, mass_effect

CASE_ID = "BraTS-SYN-00000-000"
SHAPE = (240, 240, 155)


def make_case(seed: int = 0, shape: tuple[int, int, int] = SHAPE) -> Case:
    """A brain with a glioma in its LEFT hemisphere: four modalities and their label map.

    Parameters
    ----------
    seed
        Another seed gives other folds, another outline of the tumour, another noise.
    shape
        Voxels along (x, y, z); the field of view stays 240 x 240 x 155 mm, so fewer voxels are
        larger ones. Axes run to the left, to the back and upwards (LPS), as in BraTS.

    Returns
    -------
    A case without files: int16 images, 0 outside the brain, and internal labels.
    """
    voxels, box = voxel_space(shape)
    streams = [np.random.default_rng([seed, part]) for part in range(3)]
    anatomy = make_anatomy(voxels, mass_effect, streams[0])
    tumour = grow_tumour(anatomy, voxels, streams[1])
    images = make_images(anatomy, tumour, voxels, streams[2])
    grid = brats_grid(shape)
    volumes = {}
    for modality, image in images.items():
        data = np.zeros(shape, np.int16)
        data[box] = image
        volumes[modality] = _volume(data, grid)
    labels = np.zeros(shape, np.uint8)
    labels[box] = _labels(anatomy, tumour)
    convention = CONVENTIONS["brats2023"]
    label_map = LabelVolume(_volume(labels, grid), convention, "made with the case")
    return Case(CASE_ID, volumes, label_map, convention)


def brats_grid(shape: tuple[int, int, int]) -> Grid:
    """The LPS grid of BraTS with its field of view cut into ``shape`` voxels."""
    x, y, z = (field / count for field, count in zip(FIELD_OF_VIEW_MM, shape, strict=True))
    affine = np.diag([-x, -y, z, 1.0])
    affine[:3, 3] = (0.5 - x / 2, 239.5 - y / 2, z / 2 - 0.5)
    return Grid(shape, affine)


def _labels(anatomy: Anatomy, tumour: Tumour) -> LabelMap:
    kept = anatomy.brain > 0.5
    labels = np.zeros(anatomy.near.shape, np.uint8)
    listed = np.zeros(len(kept), np.uint8)
    listed[tumour.oedema_mask & kept] = Label.ED
    core = tumour.rim + tumour.necrosis > 0.5
    listed[core & kept] = Label.ET
    listed[core & kept & (tumour.necrosis > tumour.rim)] = Label.NCR
    labels[anatomy.near] = listed
    return labels


def _volume(data: np.ndarray, grid: Grid) -> Volume:
    header = nib.Nifti1Image(data, grid.affine).header
    header.set_xyzt_units("mm", "sec")
    header.set_sform(grid.affine, 1)
    header.set_qform(grid.affine, 1)
    return Volume(data, grid, header)
