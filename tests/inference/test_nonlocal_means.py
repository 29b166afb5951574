"""Non-local means against a loop over voxels; the level of noise."""

import itertools
import math

import numpy as np
import pytest

from napari_brats.inference.nonlocal_means import noise_sd, nonlocal_means


def result_of(steps):
    shares = []
    while True:
        try:
            shares.append(next(steps))
        except StopIteration as end:
            return end.value, shares


def crude(image, brain, sd, strength, reach):
    """Every voxel, every other one near it, the 27 voxels about both (the rim repeated)."""
    padded = np.pad(image, 1, mode="edge")
    out = image.copy()
    for here in np.argwhere(brain):
        total, weights = 0.0, 0.0
        for step in itertools.product(range(-reach, reach + 1), repeat=3):
            there = here + step
            if (there < 0).any() or (there >= image.shape).any() or not brain[tuple(there)]:
                continue
            a, b = (padded[tuple(slice(v, v + 3) for v in p)] for p in (here, there))
            d2 = float(((a - b) ** 2).mean()) / sd**2
            weight = math.exp(-max(d2 - 2, 0) / strength**2)
            total += weight * image[tuple(there)]
            weights += weight
        out[tuple(here)] = total / weights
    return out


def test_it_does_what_a_loop_over_voxels_does():
    rng = np.random.default_rng(0)
    image = rng.normal(100, 10, (9, 9, 9)).astype(np.float32)
    image[:5] += 40
    brain = np.ones(image.shape, bool)
    brain[0, 0] = False
    found, shares = result_of(nonlocal_means(image, brain, 10.0, strength=0.7, search_voxels=1))
    expected = crude(image, brain, 10.0, 0.7, 1)
    core = (slice(2, -2),) * 3  # at the rim pairs of patches are cut differently
    assert np.allclose(found[core], expected[core], rtol=1e-4)
    assert np.array_equal(found[~brain], image[~brain])
    assert shares[-1] == 1.0
    assert len(shares) == 13  # half of the 26 neighbours


def test_without_noise_nothing_changes():
    image = np.zeros((4, 4, 4), np.float32)
    found, _ = result_of(nonlocal_means(image, np.ones((4, 4, 4), bool), 0.0))
    assert found is image


@pytest.mark.parametrize("sd", [2.0, 9.0])
def test_the_level_of_noise_is_found_in_spite_of_edges(sd):
    rng = np.random.default_rng(1)
    image = np.full((30, 30, 30), 100, np.float32)
    image[15:] = 300
    image += rng.normal(0, sd, image.shape).astype(np.float32)
    assert noise_sd(image, np.ones(image.shape, bool)) == pytest.approx(sd, rel=0.1)
    assert noise_sd(image, np.zeros(image.shape, bool)) == 0
