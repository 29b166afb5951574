"""Outlines filled and slices copied, on literals and against a crude reference."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_brats.core.edits.slices import outline_filled, outline_to_mask, slice_copied


def drawn(points: npt.ArrayLike, shape: tuple[int, int]) -> list[str]:
    """The mask as rows of dots and crosses."""
    image = np.zeros(shape, bool)
    found = outline_to_mask(points, shape)
    if found is not None:
        box, mask = found
        image[box] = mask
    return ["".join("x" if value else "." for value in row) for row in image]


def test_an_outline_holds_the_pixels_whose_centres_it_goes_round() -> None:
    assert drawn([(0.5, 0.5), (0.5, 3.5), (2.5, 3.5), (2.5, 0.5)], (4, 5)) == [
        ".....",
        ".xxx.",
        ".xxx.",
        ".....",
    ]


def test_a_triangle_drawn_either_way_round_is_the_same() -> None:
    points = [(-0.5, -0.5), (-0.5, 3.5), (3.5, -0.5)]
    expected = ["xxx.", "xx..", "x...", "...."]
    assert drawn(points, (4, 4)) == expected
    assert drawn(points[::-1], (4, 4)) == expected


def test_where_the_outline_crosses_itself_all_it_goes_round_is_inside() -> None:
    square = [(-0.5, -0.5), (-0.5, 2.5), (2.5, 2.5), (2.5, -0.5)]
    assert drawn([*square, *square], (3, 3)) == ["xxx", "xxx", "xxx"]


def test_an_outline_may_reach_beyond_the_image() -> None:
    assert drawn([(-9, -9), (-9, 1.5), (9, 1.5), (9, -9)], (2, 4)) == ["xx..", "xx.."]


@pytest.mark.parametrize(
    "points",
    [
        [],
        [(0, 0), (3, 3)],  # a line
        [(1.1, 1.1), (1.1, 1.3), (1.3, 1.2)],  # between the centres
        [(-5, -5), (-5, -3), (-3, -4)],  # outside
        [(0, 0), (0, 5), (np.nan, 5)],
    ],
)
def test_an_outline_round_no_centre_holds_nothing(points: list[tuple[float, float]]) -> None:
    assert outline_to_mask(points, (4, 4)) is None


quarters = st.floats(-2, 8, width=16).map(lambda x: round(x * 4) / 4)
corner = st.tuples(quarters.map(lambda x: x + 0.1), quarters.map(lambda x: x + 0.037))
"""No line between two of these goes through the centre of a pixel, where either answer is right."""


@given(st.lists(corner, min_size=3, max_size=8))
@settings(max_examples=60, deadline=None)
def test_inside_is_where_the_angles_to_the_outline_sum_to_whole_turns(
    points: list[tuple[float, float]],
) -> None:
    corners = np.array(points)
    expected = []
    for row in range(6):
        for column in range(7):
            arms = (corners[:, 0] - row) + 1j * (corners[:, 1] - column)
            turns = np.angle(np.roll(arms, -1) / arms).sum() / (2 * np.pi)
            expected.append(abs(turns) > 0.5)
    rows = drawn(points, (6, 7))
    assert [c == "x" for c in "".join(rows)] == expected


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_an_outline_is_filled_on_its_slice_alone(axis: int) -> None:
    labels = np.zeros((3, 3, 3), np.uint8)
    edit = outline_filled(labels, axis, 1, [(0.5, -0.5), (0.5, 1.5), (1.5, 1.5), (1.5, -0.5)], 2)
    assert edit is not None
    labels[edit.box] = edit.labels
    assert labels.take(1, axis).tolist() == [[0, 0, 0], [2, 2, 0], [0, 0, 0]]
    assert np.count_nonzero(labels) == 2


def test_an_outline_leaves_what_is_beside_it() -> None:
    labels = np.ones((1, 3, 3), np.uint8)
    edit = outline_filled(labels, 0, 0, [(-0.5, -0.5), (-0.5, 2.5), (2.5, -0.5)], 0)
    assert edit is not None
    labels[edit.box] = edit.labels
    assert labels[0].tolist() == [[0, 0, 1], [0, 1, 1], [1, 1, 1]]


SOURCE, TARGET = [[1, 2, 0], [0, 2, 0]], [[0, 3, 3], [0, 0, 3]]


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize(
    ("label", "expected"),
    [(None, [[1, 2, 3], [0, 2, 3]]), (1, [[1, 3, 3], [0, 0, 3]]), (2, [[0, 2, 3], [0, 2, 3]])],
)
def test_a_slice_is_copied_over_the_other_but_its_background_is_not(
    axis: int, label: int | None, expected: list[list[int]]
) -> None:
    labels = np.stack([np.array(SOURCE, np.uint8), np.array(TARGET, np.uint8)], axis)
    edit = slice_copied(labels, axis, 0, 1, label)
    assert edit is not None
    labels[edit.box] = edit.labels
    assert labels.take(1, axis).tolist() == expected
    assert labels.take(0, axis).tolist() == SOURCE


@pytest.mark.parametrize(("source", "target", "label"), [(0, 1, 3), (0, 2, None), (1, -1, None)])
def test_nothing_is_copied_from_what_is_not_there(source: int, target: int, label: int) -> None:
    labels = np.stack([np.array(SOURCE, np.uint8), np.array(TARGET, np.uint8)])
    assert slice_copied(labels, 0, source, target, label) is None


def test_a_slice_that_has_it_all_is_left_alone() -> None:
    labels = np.stack([np.array(SOURCE, np.uint8)] * 2)
    assert slice_copied(labels, 0, 0, 1) is None
