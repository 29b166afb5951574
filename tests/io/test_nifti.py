"""Reading volumes: the same numbers and the same place as nibabel, and clear refusals."""

from __future__ import annotations

import gzip
import math
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.io.volumes import ORIENTATIONS, SHAPE, affine_of, write_nifti

from napari_brats.core.errors import BratsError, CaseError, GeometryError
from napari_brats.io.layers import volume_to_layer
from napari_brats.io.nifti import header_only, read_channels, read_grid, read_volume

VALUES = np.arange(120, dtype=np.int16).reshape(SHAPE)


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "TCGA-HT-8111_1998.03.30_t1Gd.nii"])
def test_values_come_in_the_files_own_order(tmp_path: Path, name: str) -> None:
    volume = read_volume(write_nifti(tmp_path / name))
    assert volume.data[1, 2, 3] == 1 * 30 + 2 * 6 + 3
    assert volume.data.dtype == np.int16
    assert volume.grid.axis_codes == "LPS"
    assert volume.path == tmp_path / name
    assert volume.notes == ()


def test_packed_and_plain_are_told_by_content_not_by_name(tmp_path: Path) -> None:
    plain = write_nifti(tmp_path / "plain.nii")
    (tmp_path / "unpacked.nii.gz").write_bytes(plain.read_bytes())
    (tmp_path / "packed.nii").write_bytes(gzip.compress(plain.read_bytes()))
    for name in ("unpacked.nii.gz", "packed.nii"):
        assert np.array_equal(read_volume(tmp_path / name).data, VALUES)


def test_gzip_of_several_members_is_read_whole(tmp_path: Path) -> None:
    raw = write_nifti(tmp_path / "a.nii").read_bytes()
    path = tmp_path / "members.nii.gz"
    path.write_bytes(gzip.compress(raw[:400]) + gzip.compress(raw[400:]))
    assert np.array_equal(read_volume(path).data, VALUES)


def test_unscaled_data_are_a_view_of_the_unpacked_bytes(tmp_path: Path) -> None:
    data = read_volume(write_nifti(tmp_path / "a.nii.gz")).data
    base: object = data
    while isinstance(base, np.ndarray):
        assert not base.flags.owndata
        base = base.base
    assert isinstance(base, memoryview)  # of the buffer that was unpacked into


@pytest.mark.parametrize("codes", ORIENTATIONS)
def test_the_affine_is_nibabels(tmp_path: Path, codes: str) -> None:
    path = write_nifti(tmp_path / "a.nii", affine=affine_of(codes, (1, 2, 3.5), 17))
    assert np.allclose(read_volume(path).grid.affine, nib.load(path).affine)
    assert np.allclose(read_grid(path)[0].affine, nib.load(path).affine)


@pytest.mark.parametrize(("sform", "qform"), [(1, 0), (0, 1), (2, 1), (0, 2), (0, 0)])
def test_the_affine_is_nibabels_for_all_codes(tmp_path: Path, sform: int, qform: int) -> None:
    path = write_nifti(
        tmp_path / "a.nii", affine=affine_of("LPS", (1, 1, 2)), sform_code=sform, qform_code=qform
    )
    volume = read_volume(path)
    assert np.allclose(volume.grid.affine, nib.load(path).affine)
    assert ("left and right are assumed" in " ".join(volume.notes)) == (sform == qform == 0)


@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_every_number_type_is_read(tmp_path: Path, dtype: str, order: str) -> None:
    header = nib.Nifti1Header(endianness=order)
    header.set_data_dtype(dtype)
    header.set_data_shape(SHAPE)
    header.set_sform(affine_of(), 1)
    header["vox_offset"] = 352
    header["magic"] = b"n+1"
    stored = VALUES.astype(np.dtype(dtype).newbyteorder(order)).tobytes(order="F")
    path = tmp_path / "a.nii"
    path.write_bytes(header.binaryblock + bytes(4) + stored)
    data = read_volume(path).data
    assert data.dtype == np.dtype(dtype)
    assert np.array_equal(data, VALUES)


def test_scaling_is_applied(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "a.nii")
    _edit(path, scl_slope=1.5e-5, scl_inter=-2)
    assert read_volume(path).data[1, 2, 3] == pytest.approx(45 * 1.5e-5 - 2)
    assert np.allclose(read_volume(path).data, nib.load(path).get_fdata())


@pytest.mark.parametrize("slope", [0.0, math.nan, math.inf])
def test_a_slope_that_means_none_leaves_the_numbers(tmp_path: Path, slope: float) -> None:
    path = write_nifti(tmp_path / "a.nii")
    _edit(path, scl_slope=slope, scl_inter=7)
    assert np.array_equal(read_volume(path).data, VALUES)


def test_trailing_axes_of_one_are_dropped(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "a.nii", VALUES.reshape(4, 5, 6, 1, 1))
    assert read_volume(path).data.shape == SHAPE


def test_a_flat_third_axis_stays(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "a.nii", VALUES[:, :, :1])
    assert read_volume(path).data.shape == (4, 5, 1)


def test_channels_of_a_4d_file(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "a.nii.gz", np.stack([VALUES, VALUES + 1000], axis=-1))
    assert read_grid(path)[1] == 2
    assert read_volume(path, 1).data[0, 0, 0] == 1000
    first, second = read_channels(path, (0, 1))
    assert np.array_equal(first.data + 1000, second.data)
    with pytest.raises(CaseError, match="4-D with 2 channels"):
        read_volume(path)
    with pytest.raises(CaseError, match=r"no channel 2\. Expected 0 to 1"):
        read_volume(path, 2)


def test_nan_and_infinite_voxels_become_zero_and_are_told(tmp_path: Path) -> None:
    values = VALUES.astype(np.float32)
    values[0, 0, 1], values[1, 1, 1] = np.nan, -np.inf
    volume = read_volume(write_nifti(tmp_path / "a.nii", values))
    assert volume.data[0, 0, 1] == volume.data[1, 1, 1] == 0
    assert volume.data[3, 4, 5] == 119
    assert "2 voxels are NaN or infinite" in volume.notes[0]
    assert str(tmp_path / "a.nii") in volume.notes[0]


def test_a_broken_sform_beside_a_good_qform_is_told(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "a.nii")
    _edit(path, srow_x=0, srow_y=0, srow_z=0)
    volume = read_volume(path)
    assert np.allclose(volume.grid.affine, affine_of())
    assert "sform (code 1) is singular" in volume.notes[0]
    assert "qform (code 1) is used" in volume.notes[0]


def test_a_singular_affine_is_refused(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "a.nii", qform_code=0)
    _edit(path, srow_x=0)
    with pytest.raises(GeometryError, match=r"a\.nii: the affine is singular"):
        read_volume(path)


def test_a_nan_affine_is_refused(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "a.nii", qform_code=0)
    _edit(path, srow_y=math.nan)
    with pytest.raises(GeometryError, match="singular or not finite"):
        read_volume(path)


@pytest.mark.parametrize(
    "row", [[1e30, 0, 0, 0], [1e-9, 0, 0, 0], [1, 1e6, 0, 0]], ids=["huge", "tiny", "flat"]
)
def test_an_affine_that_is_all_but_singular_is_refused(tmp_path: Path, row: list[float]) -> None:
    path = write_nifti(tmp_path / "a.nii", qform_code=0)
    _edit(path, srow_x=row)
    with pytest.raises(GeometryError, match="singular or not finite"):
        read_volume(path)


def test_lengths_in_metres_are_told(tmp_path: Path) -> None:
    volume = read_volume(write_nifti(tmp_path / "a.nii", units="meter"))
    assert "in metres; they are read as millimetres" in volume.notes[0]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", r"is empty \(0 bytes\)"),
        (b"<!DOCTYPE html><html>Sign in</html>", "is a web page"),
        (b"\n  <html lang=en>404</html>", "is a web page"),
        (gzip.compress(b"<html>404</html>", mtime=0), "is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "Git LFS pointer"),
        (b"\x89PNG\r\n\x1a\n" + bytes(600), "is no NIfTI file: it begins with the bytes 89 50"),
        (b"\x1f\x8b\x08", "is no NIfTI file"),
        (b"\x1f\x8bnot really gzip at all", "damaged or cut-off gzip"),
        (b"\x5c\x01\x00\x00", "is no NIfTI file"),
    ],
)
def test_what_is_no_image_is_named(tmp_path: Path, content: bytes, found: str) -> None:
    path = tmp_path / "BraTS-GLI-00001-000-t1c.nii.gz"
    path.write_bytes(content)
    with pytest.raises(CaseError, match=found) as error:
        read_volume(path)
    assert str(path) in str(error.value)
    with pytest.raises(CaseError, match=found):
        read_grid(path)


@pytest.mark.parametrize("keep", [0.3, 0.9, 0.999])
def test_cut_off_files_are_refused(tmp_path: Path, keep: float) -> None:
    noise = np.random.default_rng(0).integers(0, 999, (20, 20, 20)).astype(np.int16)
    for name, found in (("a.nii.gz", "cut-off gzip"), ("a.nii", "is cut off: it holds")):
        path = write_nifti(tmp_path / name, noise)
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])
        with pytest.raises(CaseError, match=found):
            read_volume(path)


def test_a_flipped_bit_inside_gzip_is_noticed(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "a.nii.gz", np.zeros((20, 20, 20), np.uint8))
    content = bytearray(path.read_bytes())
    content[-6] ^= 1  # in the checksum
    path.write_bytes(content)
    with pytest.raises(CaseError, match="damaged"):
        read_volume(path)


def test_a_header_that_announces_terabytes_is_refused_without_trying(tmp_path: Path) -> None:
    for name, found in (("a.nii", "cut off"), ("a.nii.gz", "cannot hold")):
        path = write_nifti(tmp_path / name)
        _edit(path, dim=[3, 32767, 32767, 32767, 1, 1, 1, 1])
        with pytest.raises(CaseError, match=found):
            read_volume(path)


@pytest.mark.parametrize(
    ("dim", "found"),
    [
        ([2, 4, 30, 1, 1, 1, 1, 1], "shape 4x30"),
        ([5, 4, 5, 2, 1, 3, 1, 1], "shape 4x5x2x1x3"),
        ([3, 0, 5, 6, 1, 1, 1, 1], "shape 0x5x6"),
        ([3, -4, 5, 6, 1, 1, 1, 1], "shape -4x5x6"),
        ([9, 4, 5, 6, 1, 1, 1, 1], "announces 9 axes"),
    ],
)
def test_other_shapes_are_refused(tmp_path: Path, dim: list[int], found: str) -> None:
    path = write_nifti(tmp_path / "a.nii")
    _edit(path, dim=dim)
    with pytest.raises(CaseError, match=found):
        read_volume(path)


@pytest.mark.parametrize(
    ("code", "found"), [(128, "RGB"), (2304, "RGBA"), (32, "complex"), (1, "bits"), (77, "type 77")]
)
def test_what_is_no_grey_value_is_refused(tmp_path: Path, code: int, found: str) -> None:
    path = write_nifti(tmp_path / "a.nii")
    _edit(path, datatype=code)
    with pytest.raises(CaseError, match=found):
        read_volume(path)


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="does not exist"):
        read_volume(tmp_path / "none.nii.gz")
    (tmp_path / "folder.nii.gz").mkdir()
    with pytest.raises(CaseError, match="is a folder"):
        read_volume(tmp_path / "folder.nii.gz")


def test_a_file_that_may_not_be_read_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_nifti(tmp_path / "a.nii")

    def closed(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", closed)  # root may read everything, so play it
    with pytest.raises(CaseError, match=r"a\.nii cannot be read: Permission denied"):
        read_volume(path)


def test_a_volume_without_its_data_keeps_the_shape_and_takes_no_memory(tmp_path: Path) -> None:
    volume = read_volume(write_nifti(tmp_path / "a.nii"))
    bare = header_only(volume)
    assert bare.data.shape == SHAPE
    assert bare.data.strides == (0, 0, 0)
    assert bare.grid is volume.grid
    assert bare.header is volume.header


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.tuples(st.integers(4, 347), st.integers(0, 255)), min_size=1, max_size=12),
    st.booleans(),
)
def test_a_damaged_header_gives_a_volume_or_our_error(
    tmp_path: Path, edits: list[tuple[int, int]], packed: bool
) -> None:
    content = bytearray(write_nifti(tmp_path / "good.nii").read_bytes())
    for position, value in edits:
        content[position] = value
    path = tmp_path / "fuzzed.nii"
    assert str(path) in _read_or_refuse(path, gzip.compress(content, 1) if packed else content)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(min_size=344, max_size=344), st.sampled_from([b"n+1\0", None]))
def test_a_random_header_gives_a_volume_or_our_error(
    tmp_path: Path, noise: bytes, magic: bytes | None
) -> None:
    header = (348).to_bytes(4, "little") + noise
    header = header if magic is None else header[:344] + magic
    path = tmp_path / "fuzzed.nii"
    assert str(path) in _read_or_refuse(path, header + bytes(1000))


def _read_or_refuse(path: Path, content: bytes | bytearray) -> str:
    """The message of a refusal; the path of a file that was read, once what was read is sound."""
    path.write_bytes(content)
    try:
        volume = read_volume(path)
    except BratsError as error:
        return str(error)
    assert volume.data.shape == volume.grid.shape
    assert volume_to_layer(volume, "x", "x")[0].size == volume.data.size
    assert np.isfinite(volume.grid.affine).all()
    return str(path)


def _edit(path: Path, **fields: object) -> None:
    """Put values straight into the header of a file, plain or packed."""
    raw = path.read_bytes()
    packed = raw.startswith(b"\x1f\x8b")
    raw = gzip.decompress(raw) if packed else raw
    header = nib.Nifti1Header(raw[:348], check=False)
    for name, value in fields.items():
        header[name] = value
    raw = header.binaryblock + raw[348:]
    path.write_bytes(gzip.compress(raw) if packed else raw)
