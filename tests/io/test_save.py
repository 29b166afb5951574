"""Saving: bytes, header and place of the reference; refusals that harm nothing."""

from __future__ import annotations

import gzip
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from tests.io.volumes import SHAPE, affine_of, write_nifti

from napari_brats.core.case import Volume
from napari_brats.core.errors import GeometryError, LabelError, SaveError
from napari_brats.core.labels import CONVENTIONS, Label
from napari_brats.io.nifti import read_volume
from napari_brats.io.save import (
    as_label_map,
    image_path,
    itksnap_label_description,
    save_label_map,
    save_probabilities,
    save_region_masks,
    save_volume,
)

BRATS2021 = CONVENTIONS["brats2021"]
GEOMETRY_FIELDS = (
    "dim",
    "pixdim",
    "qform_code",
    "sform_code",
    "quatern_b",
    "quatern_c",
    "quatern_d",
    "qoffset_x",
    "qoffset_y",
    "qoffset_z",
    "srow_x",
    "srow_y",
    "srow_z",
    "xyzt_units",
    "intent_code",
)


def labels() -> np.ndarray:
    array = np.zeros(SHAPE, np.uint8)
    array[0, 1, 2], array[1, 2, 3], array[3, 4, 5] = Label.NCR, Label.ED, Label.ET
    return array


def raw_header(path: Path) -> nib.Nifti1Header:
    content = path.read_bytes()
    content = gzip.decompress(content) if path.name.endswith(".gz") else content
    return nib.Nifti1Header(content[:348], check=False)


def reference(path: Path, **options: object) -> Volume:
    return read_volume(write_nifti(path, **options))


@pytest.mark.parametrize("name", ["x-seg.nii", "x-seg.nii.gz"])
def test_a_label_map_is_written_in_its_convention(tmp_path: Path, name: str) -> None:
    ref = reference(tmp_path / "t1c.nii.gz", affine=affine_of("RAS", (1, 2, 3)))
    path = save_label_map(tmp_path / name, labels(), ref, BRATS2021)
    image = nib.load(path)
    assert path == tmp_path / name
    assert image.get_data_dtype() == np.uint8
    assert [int(image.dataobj[i]) for i in ((0, 1, 2), (1, 2, 3), (3, 4, 5))] == [1, 2, 4]
    assert int(np.asanyarray(image.dataobj).sum()) == 7
    assert (raw_header(path)["scl_slope"], raw_header(path)["scl_inter"]) == (1, 0)


@pytest.mark.parametrize(("sform", "qform"), [(1, 1), (2, 1), (1, 0), (0, 2), (4, 3), (0, 0)])
def test_geometry_fields_are_the_references_bit_for_bit(
    tmp_path: Path, sform: int, qform: int
) -> None:
    source = write_nifti(
        tmp_path / "t1c.nii",
        affine=affine_of("PIR", (1, 1, 2.5), 11),
        sform_code=sform,
        qform_code=qform,
        units="mm" if sform != 4 else "unknown",
    )
    path = save_label_map(tmp_path / "x-seg.nii.gz", labels(), read_volume(source), BRATS2021)
    before, after = raw_header(source), raw_header(path)
    for field in GEOMETRY_FIELDS:
        assert before[field].tobytes() == after[field].tobytes(), field


def test_minus_zero_stays_minus_zero(tmp_path: Path) -> None:
    affine = affine_of()
    affine[:3, 3] = (-0.0, 239.0, 0.0)
    source = write_nifti(tmp_path / "t1c.nii", affine=affine)
    path = save_label_map(tmp_path / "x-seg.nii", labels(), read_volume(source), BRATS2021)
    assert np.signbit(raw_header(path)["srow_x"][3])
    assert read_volume(path).grid.is_same(read_volume(source).grid)


def test_one_channel_of_a_4d_image_gives_a_3d_label_map(tmp_path: Path) -> None:
    source = write_nifti(tmp_path / "a.nii", np.zeros((*SHAPE, 4), np.int16))
    path = save_label_map(tmp_path / "s.nii.gz", labels(), read_volume(source, 2), BRATS2021)
    assert nib.load(path).shape == SHAPE
    assert np.array_equal(nib.load(path).affine, nib.load(source).affine)


def test_a_trailing_axis_of_one_stays(tmp_path: Path) -> None:
    source = write_nifti(tmp_path / "a.nii", np.zeros((*SHAPE, 1), np.int16))
    path = save_label_map(tmp_path / "s.nii.gz", labels(), read_volume(source), BRATS2021)
    assert nib.load(path).shape == (*SHAPE, 1)


def test_a_statistics_intent_does_not_go_on_to_a_label_map(tmp_path: Path) -> None:
    ref = reference(tmp_path / "a.nii")
    ref.header["intent_code"] = 5  # z score
    path = save_label_map(tmp_path / "s.nii", labels(), ref, BRATS2021)
    assert raw_header(path)["intent_code"] == 1002  # NIFTI_INTENT_LABEL
    assert ref.header["intent_code"] == 5


def test_a_scaled_big_endian_reference_gives_a_plain_label_map(tmp_path: Path) -> None:
    header = nib.Nifti1Header(endianness=">")
    header.set_data_dtype(">i2")
    header.set_data_shape(SHAPE)
    header.set_sform(affine_of("RAS"), 2)
    header["vox_offset"], header["magic"] = 352, b"n+1"
    header["scl_slope"], header["scl_inter"] = 0.5, 3
    source = tmp_path / "a.nii"
    source.write_bytes(header.binaryblock + bytes(4 + 2 * 120))
    path = save_label_map(tmp_path / "s.nii", labels(), read_volume(source), BRATS2021)
    image = nib.load(path)
    assert image.header.endianness == "<"
    assert image.get_fdata().sum() == 7
    assert np.array_equal(image.affine, affine_of("RAS"))


def test_a_nifti2_reference_gives_nifti2(tmp_path: Path) -> None:
    nib.save(nib.Nifti2Image(np.zeros(SHAPE, np.int16), affine_of("LAS")), tmp_path / "a.nii")
    ref = read_volume(tmp_path / "a.nii")
    image = nib.load(save_label_map(tmp_path / "s.nii.gz", labels(), ref, BRATS2021))
    assert isinstance(image, nib.Nifti2Image)
    assert np.array_equal(image.affine, affine_of("LAS"))
    assert image.get_fdata().sum() == 7


def test_the_same_label_map_gives_the_same_bytes(tmp_path: Path) -> None:
    ref = reference(tmp_path / "a.nii")
    first = save_label_map(tmp_path / "1.nii.gz", labels(), ref, BRATS2021).read_bytes()
    second = save_label_map(tmp_path / "2.nii.gz", np.asfortranarray(labels()), ref, BRATS2021)
    assert first == second.read_bytes()
    assert first[4:8] == bytes(4)  # no time stamp


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("TCGA-HT-8111_1998.03.30", "TCGA-HT-8111_1998.03.30.nii.gz"),
        ("TCGA-HT-8111_1998.03.30.nii", "TCGA-HT-8111_1998.03.30.nii"),
        ("a.nii.gz", "a.nii.gz"),
        ("A.NII.GZ", "A.NII.GZ"),
        ("VSD.Brain.XX.O.OT.54517.mha", "VSD.Brain.XX.O.OT.54517.nii.gz"),
        ("a", "a.nii.gz"),
        ("a.gz", "a.gz.nii.gz"),
    ],
)
def test_dots_belong_to_the_name(tmp_path: Path, given: str, written: str) -> None:
    assert image_path(tmp_path / given) == tmp_path / written
    path = save_label_map(tmp_path / given, labels(), reference(tmp_path / "r.nii"), BRATS2021)
    assert path.name == written
    assert read_volume(path).data.sum() == 7


def test_existing_label_maps_are_replaced_only_on_request(tmp_path: Path) -> None:
    ref = reference(tmp_path / "a.nii")
    path = save_label_map(tmp_path / "s.nii.gz", labels(), ref, BRATS2021)
    old = path.read_bytes()
    with pytest.raises(SaveError, match="exists already"):
        save_label_map(path, labels() * 0, ref, BRATS2021)
    assert path.read_bytes() == old
    save_label_map(path, labels() * 0, ref, BRATS2021, backup=True)
    assert (tmp_path / "s.nii.gz.bak").read_bytes() == old
    assert read_volume(path).data.sum() == 0


def test_what_cannot_be_written_is_refused_before_anything_is_touched(tmp_path: Path) -> None:
    ref = reference(tmp_path / "a.nii")
    cavity = labels()
    cavity[2, 2, 2] = Label.RC
    with pytest.raises(LabelError, match=r"RC resection cavity.*'brats2021'"):
        save_label_map(tmp_path / "s.nii", cavity, ref, BRATS2021)
    with pytest.raises(GeometryError, match=r"\(5, 4, 6\).*\(4, 5, 6\)"):
        save_label_map(tmp_path / "s.nii", labels().reshape(5, 4, 6), ref, BRATS2021)
    assert not (tmp_path / "s.nii").exists()


def test_region_masks_are_nested_and_binary(tmp_path: Path) -> None:
    paths = save_region_masks(tmp_path, "BraTS-1", labels(), reference(tmp_path / "a.nii"))
    assert [p.name for p in paths] == [f"BraTS-1-mask-{r}.nii.gz" for r in ("wt", "tc", "et")]
    assert [int(read_volume(p).data.sum()) for p in paths] == [3, 2, 1]


def test_probabilities_are_saved_as_float32(tmp_path: Path) -> None:
    probabilities = np.full((3, *SHAPE), 0.25, np.float16)
    paths = save_probabilities(tmp_path, "x", probabilities, reference(tmp_path / "a.nii"))
    assert [p.name for p in paths] == [f"x-probability-{r}.nii.gz" for r in ("wt", "tc", "et")]
    assert read_volume(paths[0]).data.dtype == np.float32
    assert read_volume(paths[2]).data[1, 1, 1] == 0.25


def test_an_image_keeps_type_and_scaling(tmp_path: Path) -> None:
    source = write_nifti(tmp_path / "a.nii")
    content = bytearray(source.read_bytes())
    header = nib.Nifti1Header(bytes(content[:348]), check=False)
    header["scl_slope"], header["scl_inter"] = 1.5e-5, 2
    source.write_bytes(header.binaryblock + content[348:])
    volume = read_volume(source)
    path = save_volume(tmp_path / "b.nii", volume.data, volume)
    assert path.read_bytes()[352:] == source.read_bytes()[352:]
    assert raw_header(path)["scl_slope"] == np.float32(1.5e-5)
    assert nib.load(path).get_data_dtype() == np.int16


def test_unscaled_images_come_out_byte_for_byte(tmp_path: Path) -> None:
    source = write_nifti(tmp_path / "a.nii", affine=affine_of("SRP", (1, 2, 3), 5), qform_code=2)
    volume = read_volume(source)
    assert save_volume(tmp_path / "b.nii", volume.data, volume).read_bytes() == source.read_bytes()


def test_values_an_integer_type_cannot_hold_are_stored_as_float(tmp_path: Path) -> None:
    volume = reference(tmp_path / "a.nii")
    halves = volume.data / 2
    path = save_volume(tmp_path / "b.nii", halves, volume)
    assert nib.load(path).get_data_dtype() == np.float32
    assert np.array_equal(read_volume(path).data, halves)
    assert volume.header.get_data_dtype() == np.int16


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int64, np.uint64])
def test_layers_of_any_integer_type_are_label_maps(dtype: type) -> None:
    out = as_label_map(labels().astype(dtype))
    assert out.dtype == np.uint8
    assert np.array_equal(out, labels())


def test_labels_out_of_range_are_named() -> None:
    with pytest.raises(LabelError, match="holds the values -1, 300;"):
        as_label_map(np.array([[[0, 300, -1, 3]]], np.int32))


def test_itksnap_label_description() -> None:
    text = itksnap_label_description(BRATS2021)
    rows = [line.split(maxsplit=7) for line in text.splitlines() if not line.startswith("#")]
    assert [(row[0], row[7]) for row in rows] == [
        ("0", '"Clear Label"'),
        ("1", '"NCR necrotic core"'),
        ("2", '"ED oedema"'),
        ("4", '"ET enhancing tumour"'),
    ]
    assert rows[3][1:4] == ["0", "114", "178"]
