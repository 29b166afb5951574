"""Post-processing: each step by hand or against a crude reference, then the whole."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from napari_brats.core.errors import GeometryError
from napari_brats.core.labels import Region, region_mask
from napari_brats.inference.postprocess import (
    above,
    drop_if_small,
    nest,
    postprocess,
    smooth_above,
)
from napari_brats.inference.postprocess_options import PostprocessOptions

MM = (1.0, 1.0, 1.0)
EVERYTHING = PostprocessOptions(
    *(0.5, 0.5, 0.5),
    *(3.0, 3.0, 3.0),
    *(4, 3, 3),
    et_to_ncr_mm3=2.0,
    tc_reach_mm=3.0,
    fill_holes=True,
    closing_mm=1.5,
    opening_mm=1.0,
    smooth_mm=0.7,
)


def row(*values: float) -> np.ndarray:
    return np.array(values).reshape(-1, 1, 1)


def probabilities(wt, tc, et, dtype=np.float16) -> np.ndarray:
    return np.stack([row(*wt), row(*tc), row(*et)]).astype(dtype)


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
    postprocess(given_probabilities, MM, EVERYTHING)
    assert np.array_equal(given_probabilities, before)


# --- components and holes -----------------------------------------------------------------------


def test_a_small_enhancing_speck_becomes_core_again():
    wt = tc = (0.9, 0.9, 0.9, 0.9)
    found = postprocess(
        probabilities(wt, tc, (0.9, 0, 0, 0)), MM, PostprocessOptions(min_component_et_mm3=2)
    )
    assert found.ravel().tolist() == [1, 1, 1, 1]


def shell() -> np.ndarray:
    mask = np.ones((3, 3, 3), bool)
    mask[1, 1, 1] = False
    return mask


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


@given(
    st.integers(0, 2**32 - 1),
    st.booleans(),
    st.sampled_from([0.0, 1.0, 2.0]),
    st.integers(0, 2),
    st.sampled_from([0.0, 0.8]),
)
@settings(max_examples=25, deadline=None)
def test_regions_are_nested_whatever_the_options(seed, fill, radius, keep, smooth):
    random = np.random.default_rng(seed).random((3, 8, 7, 6)).astype(np.float16)
    options = PostprocessOptions(
        *(0.5, 0.7, 0.8),
        *(4.0, 3.0, 6.0),
        largest_wt=keep,
        fill_holes=fill,
        closing_mm=radius,
        opening_mm=1.0,
        smooth_mm=smooth,
    )
    labels = postprocess(random, (1.0, 1.0, 1.5), options)
    wt, tc, et = (region_mask(labels, region) for region in Region)
    assert not (et & ~tc).any()
    assert not (tc & ~wt).any()
    for mask, limit in ((wt, 4.0), (tc, 3.0), (et, 6.0)):  # nothing smaller is left
        parts, count = ndimage.label(mask, np.ones((3, 3, 3)))
        assert all((parts == k).sum() * 1.5 >= limit for k in range(1, count + 1))


def test_the_order_of_axes_does_not_matter():
    random = np.random.default_rng(3).random((3, 9, 8, 7)).astype(np.float32)
    smooth = np.stack([ndimage.gaussian_filter(part, 1) for part in random])
    options = replace(EVERYTHING, threshold_tc=0.52, threshold_et=0.55)
    spacing = (1.0, 2.0, 0.8)
    expected = postprocess(smooth, spacing, options)
    assert expected.any()
    for axes in itertools.permutations(range(3)):
        turned = postprocess(
            smooth.transpose(0, *(a + 1 for a in axes)), tuple(spacing[a] for a in axes), options
        )
        assert np.array_equal(turned, expected.transpose(axes))


# --- one region after the other -------------------------------------------------------------------


def test_what_is_dropped_from_an_outer_region_takes_its_inside_along():
    found = postprocess(
        probabilities((0.9, 0, 0.9, 0.9, 0.9), (0.9, 0, 0, 0, 0.9), (0.9, 0, 0, 0, 0)),
        MM,
        PostprocessOptions(min_component_wt_mm3=2),
    )
    assert found.ravel().tolist() == [0, 0, 2, 2, 1]


def test_what_is_dropped_from_an_inner_region_becomes_the_next_outer_label():
    everywhere = (0.9,) * 6
    core, enhancing = (0.9, 0, 0.9, 0.9, 0.9, 0.9), (0.9, 0, 0.9, 0, 0, 0)
    given_probabilities = probabilities(everywhere, core, enhancing)

    def labels(**options):
        return postprocess(given_probabilities, MM, PostprocessOptions(**options)).ravel().tolist()

    assert labels() == [3, 2, 3, 1, 1, 1]
    assert labels(min_component_et_mm3=2) == [1, 2, 1, 1, 1, 1]
    assert labels(min_component_tc_mm3=2) == [2, 2, 3, 1, 1, 1]  # its ET is ED, too
    assert labels(largest_tc=1) == [2, 2, 3, 1, 1, 1]
    assert labels(largest_et=1) == [3, 2, 1, 1, 1, 1]


def test_components_are_measured_after_the_outer_region_lost_some():
    wt, et = (0.9, 0, 0.9, 0.9, 0.9), (0.9, 0, 0.9, 0, 0)
    found = postprocess(
        probabilities(wt, wt, et), MM, PostprocessOptions(largest_tc=1, et_to_ncr_mm3=2)
    )
    assert found.ravel().tolist() == [2, 0, 1, 1, 1]  # of two voxels of ET one went with its TC


def test_little_enhancing_tumour_in_all_becomes_ncr():
    mask = row(1, 0, 1) > 0
    assert np.array_equal(drop_if_small(mask, 4.0, (2.0, 1.0, 1.0)), mask)
    assert not drop_if_small(mask, 4.1, (2.0, 1.0, 1.0)).any()
    wt = tc = (0.9, 0.9, 0.9, 0.9)
    given_probabilities = probabilities(wt, tc, (0.9, 0, 0.9, 0))
    for limit, expected in ((2, [3, 1, 3, 1]), (2.5, [1, 1, 1, 1])):
        found = postprocess(given_probabilities, MM, PostprocessOptions(et_to_ncr_mm3=limit))
        assert found.ravel().tolist() == expected


def test_core_far_from_enhancing_tumour_becomes_oedema():
    """Voxels of 1000 mm^3, 10 mm apart along the row: one of ET makes a tumour that enhances."""
    wt = tc = (0.9, 0.9, 0.9, 0.9)
    spacing = (10.0, 10.0, 10.0)
    for et, reach, expected in (
        ((0.9, 0, 0, 0), 20.0, [3, 1, 1, 2]),
        ((0.9, 0, 0, 0), 9.0, [3, 2, 2, 2]),
        ((0.9, 0, 0, 0), 0.0, [3, 1, 1, 1]),
        ((0, 0, 0, 0), 9.0, [1, 1, 1, 1]),
    ):
        options = PostprocessOptions(tc_reach_mm=reach)
        found = postprocess(probabilities(wt, tc, et), spacing, options)
        assert found.ravel().tolist() == expected
    little = postprocess(
        probabilities(wt, tc, (0.9, 0, 0, 0)), (9.9, 10, 10), PostprocessOptions(tc_reach_mm=9)
    )
    assert little.ravel().tolist() == [3, 1, 1, 1]  # 990 mm^3: it does not enhance


# --- smoothing ----------------------------------------------------------------------------------


def test_smoothing_drops_a_speck_and_leaves_a_flat_border():
    half = np.zeros((12, 9, 9), np.float16)
    half[6:] = 1
    speck = half.copy()
    speck[2, 4, 4] = 1
    assert np.array_equal(smooth_above(speck, 0.5, 1.0, MM), half > 0.5)
    assert np.array_equal(smooth_above(speck, 0.5, 0.0, MM), speck > 0.5)


def test_smoothing_is_as_wide_in_millimetres_along_every_axis():
    points = np.zeros((15, 15, 15), np.float32)
    points[7, 7, 7] = 1
    found = smooth_above(points, 0.001, 2.0, (1.0, 2.0, 4.0))
    extent = [int(found.any(axis=axes).sum()) for axes in ((1, 2), (0, 2), (0, 1))]
    assert extent == [11, 5, 3]  # 5 mm to either side: 5, 2 and 1 voxels


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.7, 1.5]), st.sampled_from([0.3, 0.6]))
@settings(max_examples=15, deadline=None)
def test_smoothing_near_what_is_there_is_smoothing_everything(seed, sigma, threshold):
    random = np.random.default_rng(seed).random((9, 12, 8)).astype(np.float32) ** 8
    random[0, 0, 0] = np.nan
    spacing = (1.0, 0.7, 2.0)
    clean, sigmas = np.nan_to_num(random), [sigma / mm for mm in spacing]
    whole = ndimage.gaussian_filter(clean, sigmas, mode="nearest", truncate=3.0)
    assert np.array_equal(smooth_above(random, threshold, sigma, spacing), whole > threshold)


# --- what is refused ----------------------------------------------------------------------------


def test_an_array_that_is_not_three_regions_is_refused():
    with pytest.raises(GeometryError, match=r"\(2, 4, 4, 4\).*\(3, X, Y, Z\)"):
        postprocess(np.zeros((2, 4, 4, 4), np.float16), MM, PostprocessOptions())
