"""Post-processing: each step by hand or against a crude reference, then the whole."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from napari_brats.core.errors import BratsError, GeometryError
from napari_brats.core.labels import Region, region_mask
from napari_brats.inference.postprocess import (
    PostprocessOptions,
    above,
    close_gaps,
    drop_small_components,
    fill_holes,
    nest,
    open_mask,
    postprocess,
)

MM = (1.0, 1.0, 1.0)
masks = arrays(np.bool_, st.tuples(*[st.integers(1, 7)] * 3))
spacings = st.tuples(*[st.sampled_from([0.7, 1.0, 2.5])] * 3)


def row(*values: float) -> np.ndarray:
    return np.array(values).reshape(-1, 1, 1)


def probabilities(wt, tc, et, dtype=np.float16) -> np.ndarray:
    return np.stack([row(*wt), row(*tc), row(*et)]).astype(dtype)


def crude_dilation(mask, radius_mm, spacing_mm):
    """Every voxel of the array within the radius of a True one, pair by pair."""
    ends = np.argwhere(mask) * spacing_mm
    out = np.zeros_like(mask)
    for index in np.ndindex(mask.shape):
        gaps = ((ends - np.multiply(index, spacing_mm)) ** 2).sum(axis=1)
        out[index] = bool(len(ends)) and gaps.min() <= (radius_mm + 1e-6) ** 2
    return out


def crude_closing(mask, radius_mm, spacing_mm):
    pads = [int(radius_mm / s) + 2 for s in spacing_mm]
    grown = crude_dilation(np.pad(mask, [(p, p) for p in pads]), radius_mm, spacing_mm)
    closed = ~crude_dilation(~grown, radius_mm, spacing_mm)
    return closed[tuple(slice(p, p + n) for p, n in zip(pads, mask.shape, strict=True))]


def crude_opening(mask, radius_mm, spacing_mm):
    pads = [int(radius_mm / s) + 2 for s in spacing_mm]
    padded = np.pad(mask, [(p, p) for p in pads])
    core = ~crude_dilation(~padded, radius_mm, spacing_mm)
    opened = crude_dilation(core, radius_mm, spacing_mm)
    return opened[tuple(slice(p, p + n) for p, n in zip(pads, mask.shape, strict=True))]


# --- thresholds and nesting ---------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_above_is_strict_and_takes_nan_for_background(dtype):
    values = np.array([0.0, 0.25, 0.5, 0.75, 1.0, np.nan], dtype)
    assert above(values, 0.5).tolist() == [False, False, False, True, True, False]
    assert above(values, 0.0).tolist() == [False, True, True, True, True, False]
    assert not above(values, 1.0).any()


def test_above_in_float16_agrees_with_exact_comparison_for_every_value():
    every = np.arange(0x3C01, dtype=np.uint16).view(np.float16)  # 0 to 1
    for threshold in (0.0, 0.1, 1 / 3, 0.5, 0.7001, 0.9999, 1.0):
        assert np.array_equal(above(every, threshold), every.astype(np.float64) > threshold)
    assert not above(np.array([-0.0], np.float16), 0.0).any()


def test_inner_masks_join_the_outer_ones():
    wt, tc, et = nest(row(1, 0, 0, 0) > 0, row(0, 1, 0, 0) > 0, row(0, 0, 1, 0) > 0)
    assert wt.ravel().tolist() == [True, True, True, False]
    assert tc.ravel().tolist() == [False, True, True, False]
    assert et.ravel().tolist() == [False, False, True, False]


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_defaults_paint_ed_ncr_et(dtype):
    found = postprocess(
        probabilities(
            (0.9, 0.9, 0.9, 0.1, 0.2), (0.1, 0.8, 0.9, 0.1, 0), (0, 0, 0.6, 0.1, 0.7), dtype
        ),
        MM,
        PostprocessOptions(),
    )
    assert found.dtype == np.uint8
    assert found.ravel().tolist() == [2, 1, 3, 0, 3]


def test_each_region_has_its_own_threshold():
    options = PostprocessOptions(threshold_wt=0.3, threshold_tc=0.6, threshold_et=0.8)
    found = postprocess(
        probabilities((0.4, 0.4, 0.4, 0.2), (0.5, 0.7, 0.9, 0), (0, 0.7, 0.9, 0)), MM, options
    )
    assert found.ravel().tolist() == [2, 1, 3, 0]


def test_no_probability_gives_an_empty_label_map():
    found = postprocess(np.zeros((3, 4, 5, 6), np.float16), MM, PostprocessOptions(closing_mm=2))
    assert found.shape == (4, 5, 6)
    assert not found.any()


def test_the_argument_is_left_alone():
    given_probabilities = probabilities((0.9, 0.9), (0.9, 0.2), (0.1, 0.9))
    before = given_probabilities.copy()
    postprocess(given_probabilities, MM, PostprocessOptions(0.3, 0.3, 0.3, 5.0, True, 2.0, 1.0))
    assert np.array_equal(given_probabilities, before)


# --- components and holes -----------------------------------------------------------------------


def test_small_components_go_by_cubic_millimetres():
    mask = row(1, 0, 1, 1, 0, 1, 1, 1) > 0
    spacing = (2.0, 1.0, 0.5)  # 1 mm^3 per voxel
    assert drop_small_components(mask, 2.0, spacing).ravel().tolist() == (
        [False, False, True, True, False, True, True, True]
    )
    assert drop_small_components(mask, 2.001, spacing).sum() == 3
    assert not drop_small_components(mask, 3.5, spacing).any()


def test_voxels_that_share_a_corner_are_one_component():
    mask = np.zeros((2, 2, 2), bool)
    mask[0, 0, 0] = mask[1, 1, 1] = True
    assert drop_small_components(mask, 2.0, MM).sum() == 2


def test_a_small_enhancing_speck_becomes_core_again():
    wt = tc = (0.9, 0.9, 0.9, 0.9)
    found = postprocess(
        probabilities(wt, tc, (0.9, 0, 0, 0)), MM, PostprocessOptions(min_component_mm3=2)
    )
    assert found.ravel().tolist() == [1, 1, 1, 1]


def shell() -> np.ndarray:
    mask = np.ones((3, 3, 3), bool)
    mask[1, 1, 1] = False
    return mask


def test_a_hole_is_filled_and_a_cavity_that_is_open_is_not():
    assert fill_holes(shell()).all()
    open_shell = shell()
    open_shell[1, 1, 2] = False
    assert np.array_equal(fill_holes(open_shell), open_shell)


@given(masks)
@settings(max_examples=60, deadline=None)
def test_fill_holes_agrees_with_scipy(mask):
    assert np.array_equal(fill_holes(mask), ndimage.binary_fill_holes(mask))


def test_necrosis_inside_an_enhancing_rim_survives_fill_holes():
    everything, rim = np.ones((3, 3, 3)), shell().astype(float)
    found = postprocess(
        np.stack([everything, everything, rim]), MM, PostprocessOptions(fill_holes=True)
    )
    assert found[1, 1, 1] == 1
    assert (found == 3).sum() == 26


def test_a_hole_of_the_core_is_filled_with_ncr():
    everything, rim = np.ones((3, 3, 3)), shell().astype(float)
    found = postprocess(
        np.stack([everything, rim, 0 * rim]), MM, PostprocessOptions(fill_holes=True)
    )
    assert (found == 1).all()


# --- closing and opening ------------------------------------------------------------------------


def test_closing_respects_the_spacing():
    plates = np.zeros((4, 5, 5), bool)
    plates[[0, 3]] = True
    bridge = np.zeros_like(plates)
    bridge[1:3, 1:4, 1:4] = True  # at the rim the ball reaches past both plates
    assert np.array_equal(close_gaps(plates, 1.0, MM), plates | bridge)
    assert np.array_equal(close_gaps(plates, 1.0, (3.0, 1.0, 1.0)), plates)


def test_closing_at_the_border_of_the_array_adds_nothing_there():
    corner = np.zeros((4, 4, 4), bool)
    corner[0, 0, 0] = True
    assert np.array_equal(close_gaps(corner, 2.0, MM), corner)


def test_opening_drops_a_spur_and_keeps_the_ball():
    ball = ((np.indices((9, 9, 9)) - 4) ** 2).sum(axis=0) <= 9
    spur = ball.copy()
    spur[4, 4, 8] = True
    opened = open_mask(spur, 1.0, MM)
    assert not opened[4, 4, 8]
    assert opened[4, 4, 4]
    assert not open_mask(row(1, 1, 1) > 0, 1.0, MM).any()


@given(masks, spacings, st.sampled_from([1.0, 1.5, 2.6]))
@settings(max_examples=25, deadline=None)
def test_closing_and_opening_agree_with_the_crude_ones(mask, spacing, radius):
    assert np.array_equal(close_gaps(mask, radius, spacing), crude_closing(mask, radius, spacing))
    assert np.array_equal(open_mask(mask, radius, spacing), crude_opening(mask, radius, spacing))


@given(st.integers(0, 2**32 - 1), st.booleans(), st.sampled_from([0.0, 1.0, 2.0]))
@settings(max_examples=25, deadline=None)
def test_regions_are_nested_whatever_the_options(seed, fill, radius):
    random = np.random.default_rng(seed).random((3, 8, 7, 6)).astype(np.float16)
    options = PostprocessOptions(0.5, 0.7, 0.8, 4.0, fill, radius, 1.0)
    labels = postprocess(random, (1.0, 1.0, 1.5), options)
    wt, tc, et = (region_mask(labels, region) for region in Region)
    assert not (et & ~tc).any()
    assert not (tc & ~wt).any()
    for mask in (wt, tc, et):  # nothing smaller than the limit is left
        parts, count = ndimage.label(mask, np.ones((3, 3, 3)))
        assert all((parts == k).sum() * 1.5 >= 4.0 for k in range(1, count + 1))


@given(masks)
@settings(max_examples=30, deadline=None)
def test_small_components_agree_with_scipy(mask):
    parts, count = ndimage.label(mask, np.ones((3, 3, 3)))
    kept = np.isin(parts, [k for k in range(1, count + 1) if (parts == k).sum() >= 3])
    assert np.array_equal(drop_small_components(mask, 3.0, MM), kept)


def test_the_order_of_axes_does_not_matter():
    random = np.random.default_rng(3).random((3, 9, 8, 7)).astype(np.float32)
    smooth = np.stack([ndimage.gaussian_filter(part, 1) for part in random])
    options = PostprocessOptions(0.5, 0.52, 0.55, 3.0, True, 1.5, 1.0)
    spacing = (1.0, 2.0, 0.8)
    expected = postprocess(smooth, spacing, options)
    assert expected.any()
    for axes in itertools.permutations(range(3)):
        turned = postprocess(
            smooth.transpose(0, *(a + 1 for a in axes)), tuple(spacing[a] for a in axes), options
        )
        assert np.array_equal(turned, expected.transpose(axes))


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("threshold_wt", 1.5, "0 to 1"),
        ("threshold_et", -0.1, "0 to 1"),
        ("threshold_tc", float("nan"), "0 to 1"),
        ("min_component_mm3", -1.0, "0 or more"),
        ("closing_mm", float("inf"), "0 or more"),
    ],
)
def test_options_out_of_range_are_refused_by_name(name, value, expected):
    with pytest.raises(BratsError, match=f"{name} is .*expected {expected}"):
        PostprocessOptions(**{name: value})


def test_an_array_that_is_not_three_regions_is_refused():
    with pytest.raises(GeometryError, match=r"\(2, 4, 4, 4\).*\(3, X, Y, Z\)"):
        postprocess(np.zeros((2, 4, 4, 4), np.float16), MM, PostprocessOptions())
