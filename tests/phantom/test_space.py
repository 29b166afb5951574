import numpy as np
import pytest

from napari_brats.phantom.space import (
    Space,
    blend,
    ellipsoid,
    inside,
    resample,
    smooth_noise,
    tube,
    voxel_space,
)


def space(step: float, count: int) -> Space:
    axis = np.arange(count, dtype=np.float32) * step
    return Space(axis, axis, axis)


def point(*place: float) -> tuple[np.ndarray, ...]:
    return tuple(np.array([p], np.float32) for p in place)


def test_the_first_axis_runs_to_the_left_and_the_second_to_the_back() -> None:
    voxels, (x, y, z) = voxel_space((240, 240, 155))
    assert voxels.u[0] == 44 - 119.5
    assert voxels.steps_mm == (1.0, -1.0, 1.0)
    assert (x.start, y.start, z.start) == (44, 30, 0)


def test_fewer_voxels_are_larger_and_cover_the_same_field() -> None:
    voxels, _ = voxel_space((80, 80, 31))
    assert voxels.steps_mm == (3.0, -3.0, 5.0)


def test_distance_to_a_sphere() -> None:
    sphere = ((0.0, 0.0, 0.0), (5.0, 5.0, 5.0))
    assert ellipsoid(point(8, 0, 0), *sphere) == pytest.approx(3)
    assert ellipsoid(point(0, 3, 0), *sphere) == pytest.approx(-2)


def test_distance_to_a_tube_that_widens() -> None:
    ends, radii = [(0.0, 0.0, 0.0), (10.0, 0.0, 0.0)], [1.0, 3.0]
    assert tube(point(5, 4, 0), ends, radii) == pytest.approx(2)  # 4 away, 2 wide there
    assert tube(point(13, 4, 0), ends, radii) == pytest.approx(2)  # 5 from the end, 3 wide


def test_blending_fills_the_groove_and_leaves_the_rest() -> None:
    near, far = point(0.5), point(9)
    assert blend(*near, *near, 4) == pytest.approx(0.5 - 1)
    assert blend(*near, *far, 4) == pytest.approx(0.5)


def test_half_of_a_voxel_on_the_surface_is_inside() -> None:
    distances = np.array([-2, 0, 0.225, 2], np.float32)
    np.testing.assert_allclose(inside(distances), [1, 0.5, 0.25, 0])


def test_refining_keeps_straight_lines_straight() -> None:
    coarse, fine = space(3, 12), space(1, 30)
    u, v, w = coarse.mesh()
    refined = resample((2 * u - v + w).astype(np.float32), coarse, fine)
    u, v, w = fine.mesh()
    middle = (slice(9, 24),) * 3  # a mirrored edge bends the ends
    np.testing.assert_allclose(refined[middle], (2 * u - v + w)[middle], atol=0.05)


def test_noise_is_the_same_in_mm_on_every_grid() -> None:
    coarse = smooth_noise(space(4, 8), 20, np.random.default_rng(3))
    fine = smooth_noise(space(1, 29), 20, np.random.default_rng(3))
    np.testing.assert_allclose(fine[::4, ::4, ::4], coarse, atol=1e-5)


def test_noise_has_unit_variance_and_no_finer_waves_than_asked() -> None:
    noise = smooth_noise(space(1, 90), 12, np.random.default_rng(0))
    assert noise.std() == pytest.approx(1, abs=0.05)
    assert np.abs(np.diff(noise, axis=0)).mean() < 0.3
