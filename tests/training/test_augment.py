"""Augmentation keeps image and masks together and the outside of the brain at 0."""

import numpy as np
import torch

from napari_brats.training.augment import augment, drop_modalities, rotate_and_scale


def _patch():
    image = torch.zeros(4, 24, 24, 24)
    image[:, 4:20, 4:20, 4:20] = torch.rand(4, 16, 16, 16) + 0.5
    regions = torch.zeros(3, 24, 24, 24)
    regions[:, 6:14, 8:16, 8:16] = 1
    image[:, 6:14, 8:16, 8:16] += 10
    return image, regions


def test_image_and_masks_move_together():
    image, regions = _patch()
    for seed in range(10):
        moved, masks = rotate_and_scale(image, regions, np.random.default_rng(seed))
        bright = moved[0] > 5.5
        overlap = 2 * (bright & (masks[0] > 0)).sum() / (bright.sum() + masks[0].sum())
        assert overlap > 0.9
        assert set(masks.unique().tolist()) <= {0.0, 1.0}


def test_shapes_stay_and_the_outside_stays_zero():
    image, regions = _patch()
    for seed in range(10):
        changed, masks = augment(image.clone(), regions, np.random.default_rng(seed), 0.0)
        assert changed.shape == image.shape
        assert masks.shape == regions.shape
        assert torch.isfinite(changed).all()
        assert (changed[:, :1, :1, :1] == 0).all()


def test_the_same_seed_gives_the_same_patch():
    image, regions = _patch()
    one, other = (augment(image.clone(), regions, np.random.default_rng(3), 0.5) for _ in range(2))
    assert torch.equal(one[0], other[0])
    assert torch.equal(one[1], other[1])


def test_never_all_modalities_are_dropped():
    for seed in range(50):
        image = drop_modalities(torch.ones(4, 2, 2, 2), np.random.default_rng(seed), 1.0)
        assert 2 <= int(image.any(dim=(1, 2, 3)).sum()) <= 3
    alone = drop_modalities(torch.ones(1, 2, 2, 2), np.random.default_rng(0), 1.0)
    assert (alone == 1).all()
