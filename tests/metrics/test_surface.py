"""Surface distances: by hand, by brute force, and against the surface-distance package."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from napari_brats.metrics.empty import EmptyPolicy
from napari_brats.metrics.surface import (
    hausdorff_mm,
    mean_distance_mm,
    neighbour_areas_mm2,
    surface_dice,
    surface_distances,
    voxel_border_hd95_mm,
)

official = pytest.importorskip("surface_distance")
lookup = pytest.importorskip("surface_distance.lookup_tables")
pytestmark = pytest.mark.filterwarnings("ignore:.*namespace is deprecated:DeprecationWarning")

MM = (1.0, 1.0, 1.0)
SPACINGS = [MM, (0.5, 0.5, 0.5), (1.0, 1.0, 5.0), (0.8984, 0.8984, 3.3), (2.0, 0.7, 1.3)]


def mask_of(shape, *voxels):
    mask = np.zeros(shape, bool)
    for voxel in voxels:
        mask[voxel] = True
    return mask


def ball(shape, centre, radius):
    return sum((g - c) ** 2 for g, c in zip(np.indices(shape), centre, strict=True)) <= radius**2


def assert_equals_official(reference, prediction, spacing):
    ours = surface_distances(reference, prediction, spacing)
    theirs = official.compute_surface_distances(reference, prediction, spacing)
    assert np.allclose(ours.reference_mm, theirs["distances_gt_to_pred"], rtol=0, atol=1e-9)
    assert np.allclose(ours.prediction_mm, theirs["distances_pred_to_gt"], rtol=0, atol=1e-9)
    assert np.isclose(ours.reference_mm2.sum(), theirs["surfel_areas_gt"].sum())
    for percent in (50, 95, 100):
        assert hausdorff_mm(ours, percent) == pytest.approx(
            official.compute_robust_hausdorff(theirs, percent), abs=1e-6
        )
    for tolerance in (0.5, 1.0, 3.0):
        assert surface_dice(ours, tolerance) == pytest.approx(
            official.compute_surface_dice_at_tolerance(theirs, tolerance), abs=1e-6
        )
    mean = mean_distance_mm(ours)
    there, back = official.compute_average_surface_distance(theirs)
    assert min(there, back) - 1e-9 <= mean <= max(there, back) + 1e-9


# --- by hand ------------------------------------------------------------------------------------


def test_two_voxels_three_apart():
    """Every corner of one voxel lies 3 mm (near side 3, far side 3) from the other voxel's."""
    a, b = mask_of((6, 3, 3), (1, 1, 1)), mask_of((6, 3, 3), (4, 1, 1))
    found = surface_distances(a, b, MM)
    assert found.reference_mm.tolist() == [2.0] * 4 + [3.0] * 4
    assert found.reference_mm2 == pytest.approx([math.sqrt(3) / 8] * 8)
    assert hausdorff_mm(found) == hausdorff_mm(found, 100) == 3.0
    assert hausdorff_mm(found, 50) == 2.0
    assert mean_distance_mm(found) == pytest.approx(2.5)
    assert surface_dice(found, 2.0) == pytest.approx(0.5)
    assert surface_dice(found, 1.9) == 0.0


def test_spacing_scales_distance_and_area():
    a, b = mask_of((6, 3, 3), (1, 1, 1)), mask_of((6, 3, 3), (4, 1, 1))
    found = surface_distances(a, b, (2.0, 2.0, 2.0))
    assert hausdorff_mm(found) == 6.0
    assert found.prediction_mm2.sum() == pytest.approx(4 * math.sqrt(3))


def test_identical_masks_are_at_zero():
    a = ball((12, 12, 12), (6, 5, 6), 4)
    found = surface_distances(a, a.copy(), (1.0, 2.0, 3.0))
    assert hausdorff_mm(found, 100) == mean_distance_mm(found) == 0.0
    assert surface_dice(found, 0.0) == 1.0
    assert voxel_border_hd95_mm(a, a, MM) == 0.0


def test_the_area_of_a_flat_element_is_a_voxel_face():
    areas = neighbour_areas_mm2((2.0, 3.0, 5.0))
    assert areas[0b11110000] == pytest.approx(15.0)  # normal along the first axis
    assert areas[0b10101010] == pytest.approx(6.0)  # along the last
    assert areas[0] == areas[255] == 0.0


def test_voxel_border_hd95_of_two_slabs():
    """Slabs two voxels apart: every border voxel of each lies 3 or 4 voxels away, by its side."""
    a, b = np.zeros((8, 20, 20), bool), np.zeros((8, 20, 20), bool)
    a[0:2] = True
    b[3:5] = True
    assert voxel_border_hd95_mm(a, b, (2.0, 1.0, 1.0)) == 6.0


def test_a_solid_block_has_only_its_shell_as_border():
    block, centre = np.ones((5, 5, 5), bool), mask_of((5, 5, 5), (2, 2, 2))
    distances = [math.dist(v, (2, 2, 2)) for v in np.ndindex(5, 5, 5) if {0, 4} & set(v)]
    assert voxel_border_hd95_mm(block, centre, MM) == pytest.approx(np.percentile(distances, 95))


# --- empty sides --------------------------------------------------------------------------------

NOTHING, VOXEL = mask_of((4, 4, 4)), mask_of((4, 4, 4), (1, 2, 1))


@pytest.mark.parametrize(
    ("reference", "prediction", "distance", "overlap"),
    [(NOTHING, NOTHING, 0.0, 1.0), (VOXEL, NOTHING, 374.0, 0.0), (NOTHING, VOXEL, 374.0, 0.0)],
)
def test_empty_sides_score_as_the_challenge_or_nothing(reference, prediction, distance, overlap):
    found = surface_distances(reference, prediction, MM)
    for percent in (95, 100):
        assert hausdorff_mm(found, percent) == distance
        assert math.isnan(hausdorff_mm(found, percent, EmptyPolicy.NAN))
    assert mean_distance_mm(found) == distance
    assert surface_dice(found, 1.0) == overlap
    assert voxel_border_hd95_mm(reference, prediction, MM) == distance
    assert math.isnan(mean_distance_mm(found, EmptyPolicy.NAN))
    assert math.isnan(surface_dice(found, 1.0, EmptyPolicy.NAN))
    assert math.isnan(voxel_border_hd95_mm(reference, prediction, MM, EmptyPolicy.NAN))


# --- against references -------------------------------------------------------------------------


@pytest.mark.parametrize("spacing", SPACINGS)
def test_areas_equal_the_official_table(spacing):
    expected = lookup.create_table_neighbour_code_to_surface_area(spacing)
    assert np.allclose(neighbour_areas_mm2(spacing), expected, rtol=1e-12)


@pytest.mark.parametrize("spacing", SPACINGS)
def test_balls_equal_official(spacing):
    shape = (40, 36, 30)
    reference = ball(shape, (18, 17, 14), 9)
    assert_equals_official(reference, ball(shape, (20, 18, 15), 8), spacing)
    assert_equals_official(reference, ball(shape, (34, 30, 25), 4), spacing)
    assert_equals_official(reference, reference | ball(shape, (36, 4, 3), 2), spacing)


@given(arrays(np.bool_, (5, 4, 6)), arrays(np.bool_, (5, 4, 6)), st.sampled_from(SPACINGS))
@example(np.ones((5, 4, 6), bool), mask_of((5, 4, 6), (0, 0, 0)), MM)
@settings(max_examples=60, deadline=None)
def test_any_two_masks_equal_official(reference, prediction, spacing):
    if reference.any() and prediction.any():
        assert_equals_official(reference, prediction, spacing)


def brute_force_hd95(reference, prediction, spacing):
    borders = [
        np.argwhere(m & ~ndimage.binary_erosion(m)) * spacing for m in (reference, prediction)
    ]
    gaps = np.linalg.norm(borders[0][:, None] - borders[1][None], axis=-1)
    return max(np.percentile(gaps.min(axis=1), 95), np.percentile(gaps.min(axis=0), 95))


@given(arrays(np.bool_, (5, 4, 6)), arrays(np.bool_, (5, 4, 6)), st.sampled_from(SPACINGS))
@settings(max_examples=60, deadline=None)
def test_voxel_border_hd95_equals_brute_force(reference, prediction, spacing):
    if reference.any() and prediction.any():
        expected = brute_force_hd95(reference, prediction, spacing)
        assert voxel_border_hd95_mm(reference, prediction, spacing) == pytest.approx(expected)


def test_distances_do_not_depend_on_orientation_or_place():
    reference, prediction = ball((20, 18, 16), (8, 8, 8), 5), ball((20, 18, 16), (10, 9, 7), 4)
    spacing = (1.0, 2.0, 0.8)
    expected = hausdorff_mm(surface_distances(reference, prediction, spacing))
    for axes in itertools.permutations(range(3)):
        a, b = (
            np.pad(m.transpose(axes)[::-1], ((3, 0), (0, 1), (2, 2)))
            for m in (reference, prediction)
        )
        turned = surface_distances(a, b, tuple(spacing[axis] for axis in axes))
        assert hausdorff_mm(turned) == pytest.approx(expected)


def test_sides_swap():
    reference, prediction = ball((20, 18, 16), (8, 8, 8), 5), ball((20, 18, 16), (10, 9, 7), 4)
    one, other = (
        surface_distances(reference, prediction, MM),
        surface_distances(prediction, reference, MM),
    )
    assert np.array_equal(one.reference_mm, other.prediction_mm)
    assert hausdorff_mm(one) == hausdorff_mm(other)
