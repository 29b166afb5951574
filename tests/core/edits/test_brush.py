"""The brush against every voxel's distance to a finely sampled way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_brats.core.edits.brush import brush_stroke

SHAPE = (7, 15, 12)
SPACINGS = [(1.0, 1.0, 1.0), (5.0, 1.0, 1.0), (0.9, 1.2, 5.0)]
PLACES = st.tuples(*(st.floats(0.0, size - 1.0) for size in SHAPE))


def painted(start, end, radius_mm, spacing_mm, axes=(0, 1, 2)) -> np.ndarray:
    labels = np.zeros(SHAPE, bool)
    found = brush_stroke(start, end, radius_mm, spacing_mm, SHAPE, axes)
    if found is not None:
        box, mask = found
        labels[box] = mask
    return labels


def crude(start, end, radius_mm, spacing_mm, axes=(0, 1, 2)) -> np.ndarray:
    start, end = np.array(start, float), np.array(end, float)
    for axis in set(range(3)) - set(axes):
        start[axis] = end[axis] = np.round(end[axis])
    way = np.linspace(start, end, 200)
    voxels = np.stack(np.indices(SHAPE), axis=-1)[..., None, :]
    off = np.linalg.norm((voxels - way) * spacing_mm, axis=-1).min(axis=-1)
    covered = off <= radius_mm
    for axis in set(range(3)) - set(axes):
        covered &= voxels[..., 0, axis] == end[axis]
    for place in (start, end):
        covered[tuple(np.round(place).astype(int))] = True
    return covered


@pytest.mark.parametrize("spacing_mm", SPACINGS)
@pytest.mark.parametrize("axes", [(0, 1, 2), (1, 2), (0, 2), (0, 1)])
@settings(max_examples=15, deadline=None)
@given(start=PLACES, end=PLACES, radius_mm=st.floats(0.1, 9.0))
def test_a_stroke_covers_what_is_near_its_way(start, end, radius_mm, spacing_mm, axes) -> None:
    got = painted(start, end, radius_mm, spacing_mm, axes)
    finely = crude(start, end, radius_mm, spacing_mm, axes)
    assert not (finely & ~got).any()
    widely = crude(start, end, radius_mm + 0.1, spacing_mm, axes)  # the samples are not dense
    assert not (got & ~widely).any()


def test_a_disc_of_5_mm_on_slices_of_5_mm() -> None:
    axial = painted((3, 7, 6), (3, 7, 6), 2.5, (5.0, 1.0, 1.0), axes=(1, 2))
    assert axial.sum() == 21
    coronal = painted((3, 7, 6), (3, 7, 6), 2.5, (5.0, 1.0, 1.0), axes=(0, 2))
    assert np.argwhere(coronal).tolist() == [[3, 7, column] for column in range(4, 9)]
    between = painted((2.5, 7, 6), (2.5, 7, 6), 2.6, (5.0, 1.0, 1.0), axes=(0, 2))
    assert np.argwhere(between).tolist() == [[2, 7, 6], [3, 7, 6]]


def test_a_fast_move_over_thick_slices_leaves_no_gap() -> None:
    coronal = painted((0, 7, 2), (6, 7, 9), 1.0, (5.0, 1.0, 1.0), axes=(0, 2))
    assert coronal[:, 7].any(axis=1).all()


def test_beside_the_label_map_is_nothing() -> None:
    assert brush_stroke((20, 0, 0), (20, 0, 0), 1.0, (1, 1, 1), SHAPE) is None
    assert brush_stroke((0, -9, 0), (0, -5, 0), 2.0, (1, 1, 1), SHAPE, (1, 2)) is None
