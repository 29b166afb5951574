"""Steps on one mask, by hand or against a crude reference."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from napari_brats.inference.masks import (
    close_gaps,
    drop_small_components,
    fill_holes,
    keep_largest_components,
    open_mask,
)

MM = (1.0, 1.0, 1.0)
masks = arrays(np.bool_, st.tuples(*[st.integers(1, 7)] * 3))
spacings = st.tuples(*[st.sampled_from([0.7, 1.0, 2.5])] * 3)


def row(*values: float) -> np.ndarray:
    return np.array(values).reshape(-1, 1, 1)


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


def test_the_largest_components_stay_and_of_equals_the_first():
    mask = row(1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 1) > 0
    kept = [keep_largest_components(mask, count).ravel().astype(int) for count in (1, 2, 4, 9)]
    assert kept[0].tolist() == [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1]
    assert kept[1].tolist() == [0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 1]
    assert kept[2].tolist() == kept[3].tolist() == mask.ravel().astype(int).tolist()
    assert not keep_largest_components(np.zeros_like(mask), 1).any()


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


@given(masks)
@settings(max_examples=30, deadline=None)
def test_small_components_agree_with_scipy(mask):
    parts, count = ndimage.label(mask, np.ones((3, 3, 3)))
    kept = np.isin(parts, [k for k in range(1, count + 1) if (parts == k).sum() >= 3])
    assert np.array_equal(drop_small_components(mask, 3.0, MM), kept)


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
