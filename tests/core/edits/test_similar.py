"""What looks like a place: on images of a few voxels whose differences are counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from napari_brats.core.edits.similar import (
    Appearance,
    appearance_of,
    similar_part,
    strictness_to_limit,
)
from napari_brats.core.progress import drain

BOX = (slice(2, 3), slice(0, 1), slice(1, 6))


def two_modalities(*values: tuple[float, float]) -> Appearance:
    return Appearance(np.array(values, np.float32).T.reshape(2, 1, 1, -1), BOX)


INF = np.inf
ROW = two_modalities((1, 5), (1, 5), (1, 5), (4, 9), (INF, INF))


def test_a_place_looks_as_the_median_around_it() -> None:
    look = ROW.look_at((2, 0, 4))  # of (1, 5), (4, 9) and what is outside: between the two
    assert look is not None
    assert look.tolist() == [2.5, 7.0]


@pytest.mark.parametrize("voxel", [(2, 0, 5), (2, 0, 6), (1, 0, 2), (2, 0, 0)])
def test_a_place_outside_the_brain_looks_like_nothing(voxel: tuple[int, int, int]) -> None:
    assert ROW.look_at(voxel) is None


def test_unlikeness_is_the_root_mean_square_over_the_modalities() -> None:
    look = np.array([1, 5], np.float32)
    row = ROW.unlikeness(look, (slice(2, 3), slice(0, 1), slice(0, 7)))
    # At the fourth voxel they differ by 3 and 4, and weigh 1.6 and 5.6 of 7.2.
    fourth = np.sqrt((1.6 * 9 + 5.6 * 16) / 7.2)
    np.testing.assert_allclose(row.ravel(), [INF, 0, 0, 0, fourth, INF, INF], rtol=1e-6)


def test_what_is_darker_than_the_brain_counts_no_less_than_what_is_like_it() -> None:
    row = two_modalities((-1, 0), (1, 0), (-1, 2), (0, 0), (0, 0))
    box = (slice(2, 3), slice(0, 1), slice(1, 4))
    values = row.unlikeness(np.array([-1, 0], np.float32), box).ravel()
    np.testing.assert_allclose(values, [0, np.sqrt(2), np.sqrt(2)], rtol=1e-6)


def test_a_box_beside_the_brain_is_unlike_everything() -> None:
    far = ROW.unlikeness(np.zeros(2, np.float32), (slice(0, 2), slice(0, 1), slice(0, 2)))
    assert far.shape == (2, 1, 2)
    assert np.isinf(far).all()


def test_images_are_compared_in_spreads_of_their_own_brain() -> None:
    image = np.zeros((9, 9, 9), np.int16)
    image[2:7, 2:7, 2:7] = 100
    image[2:7, 2:7, 4:7] = 300
    mask = image > 0
    appearance = drain(appearance_of([image, image * 7], [mask, mask]))
    assert appearance is not None
    assert appearance.box == (slice(2, 7),) * 3
    assert appearance.images.shape == (2, 5, 5, 5)
    np.testing.assert_allclose(appearance.images[0], appearance.images[1], atol=1e-5)
    # 2/5 of the brain are 100, 3/5 are 300: mean 220, spread 98. Two voxels from any border.
    np.testing.assert_allclose(appearance.images[0, 2, 2, 4], 80 / np.sqrt(9600), atol=1e-4)


def test_what_is_not_finite_is_background_and_spoils_nothing() -> None:
    image = np.arange(125, dtype=np.float32).reshape(5, 5, 5)
    image[0, 0, 0], image[4, 4, 4] = np.nan, np.inf
    appearance = drain(appearance_of([image], [np.ones(image.shape, bool)]))
    assert appearance is not None
    assert np.isinf(appearance.images[0, [0, 4], [0, 4], [0, 4]]).all()
    assert np.isfinite(appearance.images).sum() == 123


def test_a_constant_image_tells_nothing_apart() -> None:
    image = np.full((3, 3, 3), 7.0)
    appearance = drain(appearance_of([image], [np.ones(image.shape, bool)]))
    assert appearance is not None
    assert not appearance.images.any()


def test_no_images_and_empty_images_have_no_appearance() -> None:
    image = np.zeros((3, 3, 3))
    assert drain(appearance_of([], [])) is None
    assert drain(appearance_of([image], [image > 0])) is None


def test_stricter_means_less_passes() -> None:
    limits = [strictness_to_limit(value) for value in (-5, 0, 50, 100, 120)]
    assert limits[0] == limits[1]
    assert limits[1] > limits[2] > limits[3]
    assert limits[3] == limits[4]


@pytest.mark.parametrize(
    ("unlikeness", "path", "expected"),
    [
        ([0, 0, 0, 0, 0], [2], "xxxxx"),
        ([0, 9, 0, 0, 9], [2], "..xx."),  # alike, but not connected with the cursor
        ([0, 9, 0, 9, 0], [0, 1, 2], "x.x.."),  # with any place that it passed
        ([0, 9, 9, 0, 0], [2], "...xx"),  # an odd voxel under the cursor: its neighbour will do
        ([0, 9, 9, 9, 0], [2], "....."),
        ([0, 0, 0, 0, 0], [-1], "....."),  # the cursor is beside the image
        ([9, 0, 0, 0, 9], [7, 3], ".xxx."),  # it came back into it
    ],
)
def test_the_brush_paints_what_is_alike_and_connected(
    unlikeness: list[float], path: list[int], expected: str
) -> None:
    values = np.array(unlikeness, np.float32).reshape(1, 1, -1)
    places = np.array([(0, 0, at) for at in path])
    part = similar_part(values, np.ones(values.shape, bool), places, 1.0)
    assert "".join("x" if value else "." for value in part[0, 0]) == expected


def test_the_brush_stays_inside_itself() -> None:
    brush = np.array([[[False, True, True, False]]])
    values = np.array([[[0, 0, 9, 0]]], np.float32)
    part = similar_part(values, brush, np.array([(0, 0, 1)]), 1.0)
    assert part.tolist() == [[[False, True, False, False]]]
