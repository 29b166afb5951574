"""MetaImage files: values and place as SimpleITK has them, label maps saved as NIfTI."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from tests.io.volumes import SHAPE

from napari_brats.core.errors import CaseError
from napari_brats.core.labels import CONVENTIONS
from napari_brats.io.nifti import read_grid, read_volume
from napari_brats.io.save import save_label_map


def write_mha(path: Path, array: np.ndarray, *, vector: bool = False) -> sitk.Image:
    """``array`` is in SimpleITK's order, (z, y, x)."""
    image = sitk.GetImageFromArray(array, isVector=vector)
    if image.GetDimension() == 3:
        image.SetSpacing((0.5, 1, 2))
        image.SetOrigin((-10, 20, 30))
        image.SetDirection((0, 1, 0, -1, 0, 0, 0, 0, 1))
    sitk.WriteImage(image, str(path))
    return image


def test_values_and_place_are_simpleitks(tmp_path: Path) -> None:
    path = tmp_path / "VSD.Brain.XX.O.MR_Flair.54512.mha"
    image = write_mha(path, np.arange(120, dtype=np.int16).reshape(SHAPE[::-1]))
    volume = read_volume(path)
    assert volume.data.shape == SHAPE
    assert volume.data[1, 2, 3] == image.GetPixel(1, 2, 3)
    x, y, z = image.TransformIndexToPhysicalPoint((1, 2, 3))
    assert np.allclose(volume.grid.affine @ [1, 2, 3, 1], [-x, -y, z, 1])
    grid, channels = read_grid(path)
    assert channels == 1
    assert grid.is_same(volume.grid)


def test_its_label_map_is_a_nifti_file_on_the_same_grid(tmp_path: Path) -> None:
    path = tmp_path / "a.mha"
    image = write_mha(path, np.zeros(SHAPE[::-1], np.int16))
    labels = np.zeros(SHAPE, np.uint8)
    labels[1, 2, 3] = 3
    saved = save_label_map(path, labels, read_volume(path), CONVENTIONS["brats2013"])
    assert saved == tmp_path / "a.nii.gz"
    back = sitk.ReadImage(str(saved))
    assert back.GetSize() == image.GetSize()
    assert np.allclose(back.GetOrigin(), image.GetOrigin())
    assert np.allclose(back.GetDirection(), image.GetDirection())
    assert back.GetPixel(1, 2, 3) == 4
    assert nib.load(saved).shape == SHAPE


def test_a_4d_file_has_channels(tmp_path: Path) -> None:
    path = tmp_path / "a.mha"
    write_mha(path, np.stack([np.full(SHAPE[::-1], n, np.int16) for n in range(4)]))
    assert read_grid(path)[1] == 4
    assert read_volume(path, 2).data[0, 0, 0] == 2


def test_vectors_and_damage_are_refused(tmp_path: Path) -> None:
    write_mha(tmp_path / "vector.mha", np.zeros((6, 5, 4, 3), np.uint8), vector=True)
    with pytest.raises(CaseError, match="3 numbers per voxel"):
        read_volume(tmp_path / "vector.mha")
    whole = tmp_path / "whole.mha"
    write_mha(whole, np.zeros(SHAPE[::-1], np.int16))
    (tmp_path / "cut.mha").write_bytes(whole.read_bytes()[:150])
    (tmp_path / "text.mha").write_bytes(b"hello")
    for name in ("cut.mha", "text.mha"):
        with pytest.raises(CaseError, match=f"{name} cannot be read as MetaImage"):
            read_volume(tmp_path / name)
    with pytest.raises(CaseError, match="does not exist"):
        read_volume(tmp_path / "none.mha")
