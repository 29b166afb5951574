"""Measures of digital bodies whose size is known, on grids of several spacings and orientations."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from napari_brats.core.labels import Label, Region
from napari_brats.metrics.measures import measure_tumour
from napari_brats.metrics.measures_side import Side, mid_sagittal_plane

GRIDS = {
    "LPS 1 mm": np.diag([-1.0, -1.0, 1.0, 1.0]),
    "RAS 1 x 1 x 3 mm": np.diag([1.0, 1.0, 3.0, 1.0]),
    "RAS 0.5 x 0.9 x 2 mm": np.diag([0.5, 0.9, 2.0, 1.0]),
    "sagittal slices of 2 mm": np.array(
        [[0, 0, 2.0, 5], [1, 0, 0, 6], [0, -1, 0, 7], [0, 0, 0, 1]]
    ),
}


def oblique(affine: np.ndarray, degrees: float) -> np.ndarray:
    """The same grid, the head turned about the left-right axis."""
    angle = math.radians(degrees)
    turn = np.eye(4)
    turn[1:3, 1:3] = [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
    return turn @ affine


def ellipsoid(affine: np.ndarray, radii_mm: tuple[float, float, float]) -> np.ndarray:
    """A label map of ET; the radii along the scanner's right, anterior and superior."""
    edges = affine[:3, :3]
    half = np.ceil(np.abs(np.linalg.inv(edges)) @ radii_mm).astype(int) + 2
    centre = half + 0.2
    voxels = np.stack(np.meshgrid(*(np.arange(2 * n + 1) for n in half), indexing="ij"), axis=-1)
    points = (voxels - centre) @ edges.T / radii_mm
    return np.where((points**2).sum(axis=-1) <= 1, Label.ET, 0).astype(np.uint8)


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("tilt", [0.0, 20.0])
def test_a_sphere_has_the_known_size(name: str, tilt: float) -> None:
    radius = 12.0
    affine = oblique(GRIDS[name], tilt)
    labels = ellipsoid(affine, (radius,) * 3)
    (lesion,) = measure_tumour(labels, affine).lesions[Region.ET]
    voxel_mm = np.linalg.norm(affine[:3, :3], axis=0).max()
    assert lesion.volume_ml == pytest.approx(4 / 3 * math.pi * radius**3 / 1000, rel=0.01)
    assert lesion.surface_mm2 == pytest.approx(4 * math.pi * radius**2, rel=0.02)
    assert 0.98 <= lesion.sphericity <= 1
    assert -0.1 <= lesion.diameter_3d_mm - 2 * radius <= voxel_mm
    assert -0.2 <= lesion.diameters.longest_mm - 2 * radius <= voxel_mm
    assert -0.5 <= lesion.diameters.perpendicular_mm - 2 * radius <= voxel_mm


@pytest.mark.parametrize("name", GRIDS)
def test_an_ellipsoid_is_measured_along_its_axes(name: str) -> None:
    affine = GRIDS[name]
    labels = ellipsoid(affine, (9.0, 15.0, 21.0))  # the longest axis runs from head to feet
    measures = measure_tumour(labels, affine)
    (lesion,) = measures.lesions[Region.WT]
    edges = np.linalg.norm(affine[:3, :3], axis=0)
    assert lesion.diameters.longest_mm == pytest.approx(30, abs=edges.max())
    assert lesion.diameters.perpendicular_mm == pytest.approx(18, abs=edges.max())
    assert lesion.diameter_3d_mm == pytest.approx(42, abs=edges.max())
    assert measures.volumes_ml[Region.WT] == pytest.approx(4 / 3 * math.pi * 2.835, rel=0.01)


def test_a_box_by_hand() -> None:
    labels = np.zeros((20, 20, 20), np.uint8)
    labels[3:13, 4:12, 5:11] = Label.NCR  # 10 x 8 x 6
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = 100.0
    measures = measure_tumour(labels, affine)
    (lesion,) = measures.lesions[Region.TC]
    # From the face of one corner voxel to that of the opposite one: 10 steps by 7, and 5 more.
    assert lesion.diameters.longest_mm == pytest.approx(2 * math.hypot(10, 7))
    assert lesion.diameter_3d_mm == pytest.approx(2 * math.sqrt(10**2 + 7**2 + 5**2))
    assert lesion.volume_ml == pytest.approx(480 * 8 / 1000)
    assert lesion.centre_mm == pytest.approx((100 + 2 * 7.5, 100 + 2 * 7.5, 100 + 2 * 7.5))
    assert lesion.surface_mm2 == pytest.approx(376 * 4, rel=0.15)
    assert measures.lesions[Region.ET] == ()
    assert measures.volumes_ml[Region.ET] == 0.0


def test_a_single_voxel_is_as_long_as_it_is_wide() -> None:
    labels = np.zeros((5, 5, 5), np.uint8)
    labels[2, 3, 1] = Label.ET
    measures = measure_tumour(labels, np.diag([1.0, 1.5, 4.0, 1.0]))
    (lesion,) = measures.lesions[Region.ET]
    assert (lesion.diameters.longest_mm, lesion.diameters.perpendicular_mm) == (1.5, 1.0)
    assert (lesion.diameters.longest.start, lesion.diameters.longest.end) == (
        (2, 2.5, 1),
        (2, 3.5, 1),
    )
    assert lesion.diameter_3d_mm == 4.0
    assert not lesion.is_measurable
    assert measures.foci[Region.ET] == 0


def test_two_voxels_at_a_corner_still_have_a_line_across() -> None:
    labels = np.zeros((5, 5, 5), np.uint8)
    labels[1, 1, 2] = labels[2, 2, 2] = Label.ET
    (lesion,) = measure_tumour(labels, np.eye(4)).lesions[Region.ET]
    assert lesion.diameters.longest_mm == pytest.approx(math.hypot(2, 1))
    assert lesion.diameters.perpendicular_mm > 0


def test_an_empty_label_map_has_no_lesions() -> None:
    measures = measure_tumour(np.zeros((4, 4, 4), np.uint8), np.eye(4))
    assert measures.lesions == dict.fromkeys(Region, ())
    assert measures.volumes_ml == dict.fromkeys(Region, 0.0)
    assert (measures.centre_mm, measures.side, measures.centre_distance_mm) == (None, None, None)


def test_the_lines_are_the_longest_of_all_that_run_inside() -> None:
    """Against a search over all corners with finely sampled lines, on ragged shapes."""
    generator = np.random.default_rng(0)
    for _ in range(4):
        labels = np.zeros((10, 10, 3), np.uint8)
        for _ in range(4):
            x, y = generator.integers(1, 6, 2)
            a, b = generator.integers(1, 4, 2)
            labels[x : x + a, y : y + b, 1] = Label.ET
        for lesion in measure_tumour(labels, np.diag([1, 1.3, 2, 1.0])).lesions[Region.ET]:
            assert lesion.diameters.longest_mm == pytest.approx(_longest(labels, lesion.centre_mm))


def _longest(labels: np.ndarray, centre_mm: tuple[float, ...]) -> float:
    """The longest line between outline points of the component whose centre that is."""
    from scipy.ndimage import center_of_mass, label

    parts, count = label(labels[..., 1], np.ones((3, 3)))
    for number in range(1, count + 1):
        x, y = center_of_mass(parts == number)
        if (x, y * 1.3) == pytest.approx(centre_mm[:2]):
            mask = parts == number
    faces = [
        ((x + ox, y + oy), (x + 2 * ox, y + 2 * oy))
        for x, y in np.argwhere(mask)
        for ox, oy in ((0.5, 0), (-0.5, 0), (0, 0.5), (0, -0.5))
    ]
    corners = [corner for corner, (x, y) in faces if not mask[int(x), int(y)]]
    shares = np.linspace(0, 1, 60)[:, None]
    best = 0.0
    for start, end in itertools.combinations(corners, 2):
        length = math.hypot(end[0] - start[0], 1.3 * (end[1] - start[1]))
        if length > best and _inside(mask, start + shares * np.subtract(end, start)):
            best = length
    return best


def _inside(mask: np.ndarray, points: np.ndarray) -> bool:
    """Whether each point lies in the mask or within a quarter voxel of it on both axes."""
    padded = np.pad(mask, 1)
    near = [
        padded[tuple(np.rint(points + np.array([a, b])).astype(int).T + 1)]
        for a in (-0.251, 0.251)
        for b in (-0.251, 0.251)
    ]
    return bool(np.any(near, axis=0).all())


def test_a_line_runs_inside_a_bent_lesion() -> None:
    labels = np.zeros((12, 12, 1), np.uint8)
    labels[1:11, 1:3] = labels[1:3, 1:11] = Label.ED  # an L with arms of 10 x 2
    (lesion,) = measure_tumour(labels, np.eye(4)).lesions[Region.WT]
    assert lesion.diameters.longest_mm == pytest.approx(math.hypot(10, 1), abs=1.0)


def test_many_corners_are_looked_at_in_parts() -> None:
    labels = np.zeros((3, 310, 260), np.uint8)
    labels[1, 5:305, 5:255] = Label.ET
    affine = np.array([[0, 1.0, 0, 0], [0, 0, 1.0, 0], [1.0, 0, 0, 0], [0, 0, 0, 1]])  # axis 0 up
    (lesion,) = measure_tumour(labels, affine).lesions[Region.ET]
    assert lesion.diameters.longest_mm == pytest.approx(math.hypot(300, 249))


def test_a_rim_is_measured_across_its_necrosis_but_not_across_a_cavity() -> None:
    labels = np.zeros((24, 24, 3), np.uint8)
    labels[2:22, 2:22] = Label.ET
    labels[4:20, 4:20] = Label.NCR
    measures = measure_tumour(labels, np.eye(4))
    assert measures.lesions[Region.ET][0].diameters.longest_mm == pytest.approx(math.hypot(20, 19))
    labels[labels == Label.NCR] = Label.RC
    cavity = measure_tumour(labels, np.eye(4))
    assert cavity.lesions[Region.ET][0].diameters.longest_mm < 23


def test_lesions_come_by_size_and_specks_are_no_foci() -> None:
    labels = np.zeros((30, 30, 10), np.uint8)
    labels[1:5, 1:5, 1:5] = Label.ET  # 64 mm^3
    labels[10:20, 10:20, 2:6] = Label.ET  # 400
    labels[25, 25, 5] = Label.ET  # 1
    measures = measure_tumour(labels, np.eye(4))
    assert [lesion.volume_ml for lesion in measures.lesions[Region.ET]] == [0.4, 0.064]
    assert measures.foci == dict.fromkeys(Region, 2)
    everything = measure_tumour(labels, np.eye(4), min_focus_mm3=0)
    assert everything.foci[Region.ET] == 3


@pytest.mark.parametrize(("yaw", "roll"), [(0, 0), (3, -2), (12, 0), (0, -10), (-8, 9)])
def test_the_mid_plane_of_a_turned_brain(yaw: float, roll: float) -> None:
    normal = _normal(yaw, roll)
    affine = np.diag([-2.0, -2.0, 2.0, 1.0])
    affine[:3, 3] = (80, 100, -70)
    plane = mid_sagittal_plane(_brain(affine, normal, (4.0, -3.0, 2.0)), affine)
    assert plane is not None
    assert math.degrees(math.acos(min(1.0, float(np.dot(plane.normal, normal))))) < 1.0
    assert abs(plane.right_of_mm(np.array([[4.0, -3.0, 2.0]]))[0]) < 1.0


def _normal(yaw: float, roll: float) -> np.ndarray:
    yaw, roll = math.radians(yaw), math.radians(roll)
    normal = np.array([math.cos(yaw) * math.cos(roll), math.sin(yaw), math.sin(roll)])
    return normal / np.linalg.norm(normal)


def _brain(affine: np.ndarray, normal: np.ndarray, centre_mm: tuple[float, ...]) -> np.ndarray:
    """Wider at the back and flat below, as brains are, and symmetric about the plane."""
    across = normal
    front = np.cross([0, 0, 1.0], across)
    front /= np.linalg.norm(front)
    up = np.cross(across, front)
    voxels = np.stack(np.meshgrid(*(np.arange(n) for n in (80, 100, 75)), indexing="ij"), axis=-1)
    points = voxels @ affine[:3, :3].T + affine[:3, 3] - centre_mm
    x, y, z = points @ across, points @ front, points @ up
    width = 65 - 0.1 * y
    return (x / width) ** 2 + (y / 80) ** 2 + (z / np.where(z > 0, 60, 50)) ** 2 <= 1


def test_sides_are_the_patients() -> None:
    affine = np.diag([-2.0, -2.0, 2.0, 1.0])  # x runs to the left
    affine[:3, 3] = (80, 100, -70)
    brain = _brain(affine, _normal(0, 0), (0.0, 0.0, 0.0))
    labels = np.zeros(brain.shape, np.uint8)
    labels[50:60, 45:55, 30:40] = Label.ED  # scanner x from -20 to -38 mm: left
    measures = measure_tumour(labels, affine, brain)
    assert (measures.side, measures.left_share) == (Side.LEFT, 1.0)
    assert measures.lesions[Region.WT][0].side is Side.LEFT
    assert measures.centre_distance_mm == pytest.approx(
        math.dist(measures.centre_mm or (), measures.brain_centre_mm or ())
    )
    labels[:] = 0
    labels[30:51, 45:55, 30:40] = Label.ED  # both sides of x = 40
    assert measure_tumour(labels, affine, brain).side is Side.BOTH
    labels[:50] = 0
    labels[10:20, 45:55, 30:40] = Label.ED
    assert measure_tumour(labels, affine, brain).side is Side.RIGHT
