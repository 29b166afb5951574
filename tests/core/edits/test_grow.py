"""Region growing on rows and cubes of a few voxels, and against a crude flood."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_brats.core.edits.grow import Growth, grown, start_growth
from napari_brats.core.edits.similar import Appearance
from napari_brats.core.labels import Mask


def appearance(image: np.ndarray) -> Appearance:
    x, y, z = (slice(0, n) for n in image.shape)
    return Appearance(image[np.newaxis].astype(np.float32), (x, y, z))


def test_a_region_grows_to_what_is_alike_and_connected() -> None:
    image = np.array([5, 5, 5, 5.5, 9, 5]).reshape(1, 1, 6)
    growth = start_growth(appearance(image), image.shape, (0, 0, 1), (1, 1, 1))
    assert growth is not None
    assert growth.region(0.1).ravel().tolist() == [True, True, True, False, False, False]
    assert growth.region(0.6).ravel().tolist() == [True, True, True, True, False, False]
    assert growth.region(4.0).all()


def test_a_region_reaches_no_further_than_its_radius_in_mm() -> None:
    image = np.zeros((7, 7, 7))
    growth = start_growth(appearance(image), image.shape, (3, 3, 3), (1, 1, 2), reach_mm=2.0)
    assert growth is not None
    assert [s.stop - s.start for s in growth.box] == [5, 5, 3]
    region = growth.region(1.0)
    assert region[:, 2, 1].all()  # 2 mm along the first axis: 2 voxels
    assert region[2, 2].all()  # and 1 voxel along the third
    assert not region[0, 0].any()


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_region_stays_on_its_slice(axis: int) -> None:
    image = np.zeros((3, 4, 5))
    growth = start_growth(appearance(image), image.shape, (1, 1, 1), (1, 1, 1), axis=axis)
    assert growth is not None
    assert growth.box[axis] == slice(1, 2)
    assert growth.region(1.0).sum() == image.size // image.shape[axis]


def test_nothing_grows_outside_the_brain() -> None:
    image = np.zeros((3, 3, 3))
    image[0, 0, 0] = np.inf
    assert start_growth(appearance(image), image.shape, (0, 0, 0), (1, 1, 1)) is None
    growth = start_growth(appearance(image), image.shape, (1, 1, 1), (1, 1, 1))
    assert growth is not None
    assert growth.region(99.0).sum() == 26


def test_what_is_grown_is_written_in_the_label() -> None:
    image = np.array([0, 0, 9]).reshape(1, 1, 3)
    labels = np.array([1, 0, 3], np.uint8).reshape(1, 1, 3)
    growth = start_growth(appearance(image), image.shape, (0, 0, 0), (1, 1, 1))
    assert growth is not None
    assert grown(labels, growth, 1.0, 2).labels.ravel().tolist() == [2, 2, 3]
    assert labels.ravel().tolist() == [1, 0, 3]


def flood(unlikeness: np.ndarray, seed: tuple[int, int, int], limit: float) -> Mask:
    """Step by step to the six neighbours."""
    region = np.zeros(unlikeness.shape, bool)
    todo = [seed]
    while todo:
        voxel = todo.pop()
        inside = all(0 <= i < n for i, n in zip(voxel, region.shape, strict=True))
        if inside and not region[voxel] and (unlikeness[voxel] <= limit or voxel == seed):
            region[voxel] = True
            x, y, z = voxel
            todo += [(x - 1, y, z), (x + 1, y, z), (x, y - 1, z), (x, y + 1, z)]
            todo += [(x, y, z - 1), (x, y, z + 1)]
    return region


@given(hnp.arrays(np.float32, (3, 4, 2), elements=st.sampled_from([0.0, 1.0, 2.0])))
@settings(max_examples=40, deadline=None)
def test_any_growth_is_a_flood(unlikeness: np.ndarray) -> None:
    growth = Growth((slice(0, 3), slice(0, 4), slice(0, 2)), unlikeness, (1, 2, 0))
    for limit in (0.5, 1.5):
        expected = flood(unlikeness, growth.seed, limit)
        assert growth.region(limit).tolist() == expected.tolist()
