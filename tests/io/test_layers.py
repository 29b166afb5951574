"""Layers: views on the (I, P, L) grid, their tags, and the way back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.io.volumes import ORIENTATIONS, SHAPE, affine_of

from napari_brats.core.case import Case, LabelVolume, Volume
from napari_brats.core.errors import GeometryError
from napari_brats.core.geometry import Grid
from napari_brats.core.labels import CONVENTIONS, Label
from napari_brats.core.modalities import Modality
from napari_brats.io.header import new_header
from napari_brats.io.layers import (
    LABEL_COLORS,
    TAG,
    case_to_layers,
    contrast_limits,
    label_colormap,
    label_map_to_layer,
    layer_data_to_disk,
    probabilities_to_layers,
    volume_to_layer,
)

BRATS2021 = CONVENTIONS["brats2021"]


def volume(codes: str = "LPS", spacing: tuple[float, float, float] = (1, 2, 3)) -> Volume:
    data = np.arange(120, dtype=np.int16).reshape(SHAPE)
    grid = Grid(SHAPE, affine_of(codes, spacing))
    return Volume(data, grid, new_header(grid), Path("folder") / f"{codes}.nii.gz")


def case(**others: Volume) -> Case:
    volumes = {m: others.get(m.value, volume()) for m in Modality}
    return Case("BraTS-1", volumes, None, BRATS2021)


@pytest.mark.parametrize("codes", ORIENTATIONS)
def test_layers_are_views_whose_axes_run_down_back_and_to_the_left(codes: str) -> None:
    source = volume(codes)
    data, attributes, kind = volume_to_layer(source, "x", "x", Modality.T1C)
    assert kind == "image"
    assert np.shares_memory(data, source.data)
    position = scanner_position(source, int(data[0, 0, 0]))
    for axis, step in enumerate(((0, 0, -3), (0, -2, 0), (-1, 0, 0))):
        along = [0, 0, 0]
        along[axis] = 1
        moved = scanner_position(source, int(data[tuple(along)])) - position
        scale = dict(zip("IPL", attributes["scale"], strict=True))["IPL"[axis]]
        assert np.allclose(moved, np.sign(step) * scale), (axis, moved)


def scanner_position(source: Volume, value: int) -> np.ndarray:
    index = np.argwhere(source.data == value)[0]
    return (source.grid.affine @ [*index, 1])[:3]


def test_scale_follows_the_display_axes() -> None:
    assert volume_to_layer(volume("LPS", (1, 2, 3)), "x", "x")[1]["scale"] == (3, 2, 1)
    assert volume_to_layer(volume("SRA", (1, 2, 3)), "x", "x")[1]["scale"] == (1, 3, 2)


def test_an_image_layer_is_ready_to_read() -> None:
    attributes = volume_to_layer(volume(), "BraTS-1", "key", Modality.T2F, reason="its name")[1]
    assert attributes["name"] == "T2F"
    assert attributes["colormap"] == "gray"
    assert attributes["units"] == ("mm", "mm", "mm")
    assert attributes["axis_labels"] == ("I", "P", "L")
    tag = attributes["metadata"][TAG]
    assert (tag.case_id, tag.case_key, tag.role, tag.modality, tag.convention, tag.reason) == (
        "BraTS-1",
        "key",
        "image",
        Modality.T2F,
        None,
        "its name",
    )
    assert tag.reference.data.strides == (0, 0, 0)  # tags keep no second volume alive


@pytest.mark.parametrize("codes", ORIENTATIONS)
def test_the_way_back_gives_the_files_order(codes: str) -> None:
    source = volume(codes)
    data, attributes, _ = volume_to_layer(source, "x", "x")
    back = layer_data_to_disk(data, attributes["metadata"][TAG])
    assert np.array_equal(back, source.data)
    assert np.shares_memory(back, source.data)


def test_a_layer_that_was_cropped_is_refused() -> None:
    data, attributes, _ = volume_to_layer(volume(), "x", "x")
    with pytest.raises(GeometryError, match=r"shape \(5, 5, 4\).*LPS.nii.gz.*is \(6, 5, 4\)"):
        layer_data_to_disk(data[1:], attributes["metadata"][TAG])


def test_t1c_is_on_top_and_alone_visible() -> None:
    layers = case_to_layers(case())
    assert [(a["name"], a["visible"]) for _, a, _ in layers] == [
        ("T1N", False),
        ("T2W", False),
        ("T2F", False),
        ("T1C", True),
    ]
    assert {a["translate"] for _, a, _ in layers} == {(0.0, 0.0, 0.0)}


def test_without_t1c_the_first_modality_is_on_top() -> None:
    only = Case("x", {Modality.T2F: volume(), Modality.T2W: volume()}, None, BRATS2021)
    assert [(a["name"], a["visible"]) for _, a, _ in case_to_layers(only)] == [
        ("T2F", False),
        ("T2W", True),
    ]


def test_a_label_map_lies_over_the_images_and_is_painted_in_place() -> None:
    labels = np.zeros(SHAPE, np.uint8)
    own = LabelVolume(replace(volume(), data=labels), BRATS2021, "named as BraTS 2021")
    data, attributes, kind = case_to_layers(replace(case(), label_map=own))[-1]
    assert (kind, attributes["name"], attributes["opacity"]) == ("labels", "label map", 0.5)
    tag = attributes["metadata"][TAG]
    assert (tag.role, tag.convention, tag.reason) == (
        "label_map",
        "brats2021",
        "named as BraTS 2021",
    )
    data[0, 0, 0] = Label.ET
    assert labels[0, 0, 5] == Label.ET  # the most superior, anterior, right voxel of LPS
    assert np.shares_memory(data, labels)


def test_labels_have_fixed_colours_and_names() -> None:
    colors = label_colormap()
    assert colors[None] == colors[0] == (0, 0, 0, 0)
    assert {colors[int(label)] for label in LABEL_COLORS} == set(LABEL_COLORS.values())
    assert set(LABEL_COLORS) == set(Label) - {Label.BACKGROUND}
    labels = np.zeros(SHAPE, np.uint8)
    features = label_map_to_layer(labels, volume(), BRATS2021, "x", "x")[1]["features"]
    assert features["label"][features["index"].index(3)] == "ET enhancing tumour"


def test_probabilities_are_three_hidden_layers() -> None:
    probabilities = np.zeros((3, *SHAPE), np.float16)
    layers = probabilities_to_layers(probabilities, volume("RAS"), "x", "x")
    assert [a["name"] for _, a, _ in layers] == [f"{r} probability" for r in ("WT", "TC", "ET")]
    for data, attributes, kind in layers:
        assert kind == "image"
        assert np.shares_memory(data, probabilities)
        assert not attributes["visible"]
        assert attributes["contrast_limits"] == (0.0, 1.0)


def test_a_wrong_shape_is_refused() -> None:
    with pytest.raises(GeometryError, match=r"\(5, 5, 5\)"):
        label_map_to_layer(np.zeros((5, 5, 5), np.uint8), volume(), BRATS2021, "x", "x")


def test_modalities_on_other_grids_lie_where_they_are_in_the_scanner() -> None:
    affine = affine_of("LPS", (1, 2, 3))
    affine[:3, 3] += (-10, 20, 30)  # 10 mm to the right of the patient, ahead, above
    grid = Grid(SHAPE, affine)
    moved = Volume(volume().data, grid, new_header(grid))
    layers = case_to_layers(case(T2F=moved))
    offset = {a["name"]: a["translate"] for _, a, _ in layers}
    assert offset["T1C"] == (0, 0, 0)
    assert np.allclose(offset["T2F"], (-30, -20, 10))  # up, ahead; -10 in RAS+ is to the left


def test_contrast_limits_are_percentiles_inside_the_brain() -> None:
    data = np.zeros((40, 40, 40), np.float32)
    data[10:30, 10:30, 10:30] = np.linspace(100, 1100, 8000).reshape(20, 20, 20)
    assert contrast_limits(data) == pytest.approx((105, 1095), abs=1)


def test_contrast_limits_know_a_background_that_is_not_zero() -> None:
    data = np.full((40, 40, 40), -3.0, np.float32)
    data[10:30, 10:30, 10:30] = np.linspace(-1, 1, 8000).reshape(20, 20, 20)
    assert contrast_limits(data) == pytest.approx((-0.99, 0.99), abs=0.01)


def test_contrast_limits_with_a_noisy_background_come_from_the_middle() -> None:
    data = np.random.default_rng(0).normal(0, 1, (40, 40, 40)).astype(np.float32)
    data[10:30, 10:30, 10:30] += 500
    low, high = contrast_limits(data)
    assert 490 < low < 500 < high < 510


def test_contrast_limits_of_a_constant_image_are_a_range() -> None:
    assert contrast_limits(np.full((5, 5, 5), 7, np.int16)) == (7.0, 8.0)
