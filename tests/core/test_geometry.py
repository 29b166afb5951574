"""Grids and the display order, by affines small enough to follow by hand."""

import itertools

import numpy as np
import pytest

from napari_brats.core.errors import GeometryError
from napari_brats.core.geometry import Grid, display_order


def _affine(permutation, signs, spacing=(1.0, 1.0, 1.0)):
    affine = np.eye(4)
    affine[:3, :3] = 0
    for axis, (world, sign) in enumerate(zip(permutation, signs, strict=True)):
        affine[world, axis] = sign * spacing[axis]
    return affine


def test_spacing_volume_and_codes():
    grid = Grid((4, 5, 6), np.diag([-1.0, -2.0, 3.0, 1.0]))
    assert grid.spacing_mm == (1.0, 2.0, 3.0)
    assert grid.voxel_mm3 == pytest.approx(6.0)
    assert grid.axis_codes == "LPS"
    assert not grid.is_oblique


def test_a_tilted_grid_is_oblique():
    angle = np.radians(5)
    affine = np.eye(4)
    affine[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    assert Grid((4, 4, 4), affine).is_oblique


@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf])
def test_a_singular_affine_is_refused(bad):
    with pytest.raises(GeometryError, match="singular or not finite"):
        Grid((4, 4, 4), np.diag([1.0, bad, 1.0, 1.0]))


def test_float_noise_is_no_difference_but_a_millimetre_is():
    one = Grid((240, 240, 155), np.diag([-1.0, -1, 1, 1]))
    noisy = Grid(one.shape, one.affine + 1e-6)
    moved = one.affine.copy()
    moved[0, 3] += 1
    assert one.is_same(noisy)
    assert "up to 1 mm" in one.difference(Grid(one.shape, moved))
    assert "shapes" in one.difference(Grid((240, 240, 154), one.affine))


@pytest.mark.parametrize("permutation", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("signs", list(itertools.product((1, -1), repeat=3)))
def test_display_axes_run_to_inferior_posterior_left_and_back(permutation, signs):
    shape = (2, 3, 4)
    affine = _affine(permutation, signs)
    order = display_order(affine)
    array = np.arange(24).reshape(shape)
    view = order.from_disk(array)
    assert np.shares_memory(view, array)
    assert np.array_equal(order.to_disk(view), array)
    for axis, (world, direction) in enumerate([(2, -1), (1, -1), (0, -1)]):
        here, there = [0, 0, 0], [0, 0, 0]
        there[axis] = 1
        move = [(affine @ [*order.index_to_disk(tuple(i), shape), 1])[:3] for i in (here, there)]
        step = np.sign(move[1] - move[0])
        assert step[world] == direction
        assert np.count_nonzero(step) == 1
    for index in np.ndindex(*view.shape):
        assert array[order.index_to_disk(index, shape)] == view[index]
