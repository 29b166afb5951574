"""A voxel painted in a layer at a place in the scanner is at that place in the saved file.

48 axis orientations x spacings x sets of codes; the saved file is read back by nibabel and by
SimpleITK, both of which must find the reference's geometry.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from tests.io.volumes import ORIENTATIONS, SHAPE, affine_of, write_nifti

from napari_brats.core.labels import CONVENTIONS, Label
from napari_brats.io.layers import TAG, label_map_to_layer, layer_data_to_disk
from napari_brats.io.nifti import read_volume
from napari_brats.io.save import as_label_map, save_label_map

GRIDS = {"1 mm": ((1, 1, 1), 0), "anisotropic": ((0.9, 1.2, 5), 0), "oblique": ((0.9, 1.2, 5), 20)}
CODES = {
    "sform only": (1, 0),
    "qform only": (0, 1),
    "both": (1, 1),
    "different": (2, 1),
    "neither": (0, 0),
}
PAINTED = (1, 3, 4)
FIELDS = ("qform_code", "sform_code", "pixdim", "xyzt_units", "srow_x", "srow_y", "srow_z")


@pytest.mark.parametrize("codes", CODES)
@pytest.mark.parametrize("grid", GRIDS)
def test_painted_voxels_stay_where_they_were_painted(tmp_path: Path, grid: str, codes: str) -> None:
    (spacing, tilt), (sform, qform) = GRIDS[grid], CODES[codes]
    for orientation in ORIENTATIONS:
        source = write_nifti(
            tmp_path / f"{orientation}.nii",
            affine=affine_of(orientation, spacing, tilt),
            sform_code=sform,
            qform_code=qform,
        )
        place = nib.load(source).affine @ [*PAINTED, 1]
        saved = paint_at(source, place)
        check_with_nibabel(source, saved, place)
        check_with_simpleitk(source, saved)
        assert np.count_nonzero(nib.load(saved).get_fdata()) == 1


def paint_at(source: Path, place: np.ndarray) -> Path:
    """Set the layer's voxel nearest to a scanner position, going by the display axes alone."""
    reference = read_volume(source)
    labels = np.zeros(SHAPE, np.uint8)
    data, attributes, _ = label_map_to_layer(labels, reference, CONVENTIONS["brats2021"], "x", "x")
    tag = attributes["metadata"][TAG]
    shown = list(product(*(range(n) for n in data.shape)))
    positions = [
        reference.grid.affine @ [*tag.order.index_to_disk(index, SHAPE), 1] for index in shown
    ]
    nearest = int(np.argmin(np.linalg.norm(np.array(positions) - place, axis=1)))
    edited = data.astype(np.int32)  # the type of napari's own new labels layers, in another order
    edited[shown[nearest]] = Label.ET
    disk = as_label_map(layer_data_to_disk(edited, tag))
    target = source.with_name(f"{source.stem}-seg.nii.gz")
    return save_label_map(target, disk, reference, CONVENTIONS["brats2021"])


def check_with_nibabel(source: Path, saved: Path, place: np.ndarray) -> None:
    before, after = nib.load(source), nib.load(saved)
    assert after.shape == before.shape
    assert np.array_equal(after.affine, before.affine)
    for field in FIELDS:
        assert np.array_equal(after.header[field], before.header[field]), field
    values = np.asanyarray(after.dataobj)
    found = np.argwhere(values)
    assert found.tolist() == [list(PAINTED)]
    assert values[PAINTED] == 4  # ET of BraTS 2021
    assert np.allclose(after.affine @ [*found[0], 1], place)


def check_with_simpleitk(source: Path, saved: Path) -> None:
    """SimpleITK's own reading of the reference is the measure, also where it differs."""
    before, after = sitk.ReadImage(str(source)), sitk.ReadImage(str(saved))
    assert geometry(after) == geometry(before)
    assert after.GetPixel(*PAINTED) == 4
    assert int(sitk.GetArrayViewFromImage(after).sum()) == 4
    x, y, z = after.TransformIndexToPhysicalPoint(PAINTED)
    codes = nib.load(source).header
    if codes["qform_code"] or codes["sform_code"]:  # without codes the two libraries disagree
        expected = nib.load(source).affine @ [*PAINTED, 1]
        assert np.allclose((-x, -y, z), expected[:3], atol=1e-4)


def geometry(image: Any) -> tuple[Any, ...]:
    return image.GetSize(), image.GetSpacing(), image.GetOrigin(), image.GetDirection()
