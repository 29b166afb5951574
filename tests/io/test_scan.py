"""Listing within bounds, and the number of channels from a file's header."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given
from hypothesis import strategies as st

from napari_brats.core.errors import CaseError
from napari_brats.io.scan import channel_count, image_files


def written(tmp_path: Path, image: nib.spatialimages.SpatialImage, name: str) -> Path:
    nib.save(image, tmp_path / name)
    return tmp_path / name


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
@pytest.mark.parametrize(
    ("shape", "channels"),
    [((2, 3, 4), 1), ((2, 3, 4, 1), 1), ((2, 3, 4, 5), 5), ((2, 3, 4, 5, 1), 5)],
)
def test_channel_count(
    tmp_path: Path, kind: type, name: str, shape: tuple[int, ...], channels: int
) -> None:
    path = written(tmp_path, kind(np.zeros(shape, np.uint8), np.eye(4)), name)
    assert channel_count(path) == channels


def test_channel_count_of_the_other_byte_order(tmp_path: Path) -> None:
    header = nib.Nifti1Header(endianness=">")
    image = nib.Nifti1Image(np.zeros((2, 2, 2, 3), ">i2"), np.eye(4), header)
    assert image.header.endianness == ">"
    assert channel_count(written(tmp_path, image, "a.nii")) == 3


def test_channel_count_of_mha(tmp_path: Path) -> None:
    images = [sitk.GetImageFromArray(np.zeros((4, 3, 2), np.uint8)) for _ in range(3)]
    sitk.WriteImage(sitk.JoinSeries(images), str(tmp_path / "a.mha"))
    assert channel_count(tmp_path / "a.mha") == 3


def test_packing_is_told_by_content_not_by_name(tmp_path: Path) -> None:
    plain = written(tmp_path, nib.Nifti1Image(np.zeros((2, 2, 2, 3), np.uint8), np.eye(4)), "a.nii")
    assert channel_count(plain.rename(tmp_path / "b.nii.gz")) == 3


@pytest.mark.parametrize(
    "content", [b"", b"<html>", b"\x1f\x8b", gzip.compress(b"x" * 400, mtime=0)[:30]]
)
def test_what_is_no_volume_counts_as_one_channel(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.nii.gz"
    path.write_bytes(content)
    assert channel_count(path) == 1
    assert channel_count(tmp_path / "missing.nii") == 1


@given(st.binary(max_size=120), st.sampled_from([b"", struct.pack("<i", 348), b"\x1f\x8b\x08"]))
def test_any_bytes_have_a_channel_count(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, start: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.nii.gz"
    path.write_bytes(start + content)
    assert channel_count(path) >= 1


def make(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def test_image_files_come_nearest_first(tmp_path: Path) -> None:
    make(tmp_path, "z.nii", "a/b/c.nii.gz", "a/d.mha", "a/e.txt")
    found = [str(path.relative_to(tmp_path)) for path in image_files(tmp_path)]
    assert found == ["z.nii", "a/d.mha", "a/b/c.nii.gz"]


def test_image_files_stop_at_a_depth(tmp_path: Path) -> None:
    make(tmp_path, "a/x.nii", "a/b/y.nii")
    assert [path.name for path in image_files(tmp_path, max_depth=1)] == ["x.nii"]


def test_too_many_entries_are_an_error_that_says_so(tmp_path: Path) -> None:
    make(tmp_path, *(f"{i}.txt" for i in range(11)))
    with pytest.raises(CaseError, match="more than 10 files"):
        list(image_files(tmp_path, max_entries=10))


@pytest.mark.parametrize("name", ["missing", "x" * 300, "nul\0byte"])
def test_a_folder_that_cannot_be_read_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(CaseError, match="cannot be read"):
        list(image_files(tmp_path / name))
