"""Small made-up cases: a ball of white matter with a pool of fluid and a lesion in it."""

import numpy as np
import pytest

from napari_brats.training.tissue import map_case

SHAPE = (56, 60, 52)
WHITE, GREY = (1.0, 0.8, -0.8, -0.4), (0.2, 0.2, 0.0, 0.2)
FLUID, OEDEMA, ENHANCING = (-2.0, -1.5, 2.5, -1.8), (0.5, 0.5, 0.6, 2.2), (0.3, 2.5, 0.8, 2.5)


def _distance(centre):
    return np.linalg.norm(np.stack(np.indices(SHAPE)) - np.reshape(centre, (3, 1, 1, 1)), axis=0)


def _brain(seed=0, lesion_centre=(13, 30, 26), gain=1.0, shift=0.0):
    rng = np.random.default_rng(seed)
    middle = np.array(SHAPE) / 2
    image = np.zeros((4, *SHAPE), np.float32)
    labels = np.zeros(SHAPE, np.uint8)
    lesion = _distance(lesion_centre)
    for mask, look, label in (
        (_distance(middle) < 24, GREY, 0),
        (_distance(middle) < 20, WHITE, 0),
        (_distance(middle) < 12, FLUID, 0),
        ((lesion < 8) & (_distance(middle) < 24), OEDEMA, 2),
        (lesion < 4, ENHANCING, 3),
    ):
        image[:, mask] = np.array(look)[:, None] + rng.normal(0, 0.05, (4, int(mask.sum())))
        labels[mask] = label
    image[:, _distance(middle) < 24] *= gain
    image[:, _distance(middle) < 24] += shift
    stored = image.astype(np.float16)
    stored.flags.writeable = labels.flags.writeable = False  # as a memory-mapped case would be
    return map_case(stored, labels, 0, 2)


@pytest.fixture(scope="session")
def make_brain():
    """Makes a brain of radius 24 (fluid to 12, white matter to 20); lesion to 8, ET to 4."""
    return _brain
