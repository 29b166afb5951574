"""Augmentation keeps image and labels together and the outside of the brain at 0."""

from collections import Counter
from dataclasses import fields

import numpy as np
import pytest
import torch

from napari_brats.core.errors import BratsError
from napari_brats.training.augment import (
    Warp,
    blur,
    degrade,
    draw_warp,
    drop_modalities,
    random_turn,
    warp_patch,
)
from napari_brats.training.augment_config import AugmentConfig

SIZE = (24, 24, 24)
CENTRE = np.array([11.5, 11.5, 11.5])


def _patch():
    image = torch.zeros(4, *SIZE)
    image[:, 4:20, 4:20, 4:20] = torch.rand(4, 16, 16, 16) + 0.5
    labels = torch.zeros(SIZE, dtype=torch.uint8)
    labels[6:14, 8:16, 8:16] = 2
    image[:, 6:14, 8:16, 8:16] += 10
    return image, labels


def test_a_warp_that_does_nothing_gives_the_patch_back():
    image, labels = _patch()
    moved, drawn = warp_patch(image, labels, Warp(np.eye(3)), CENTRE, SIZE)
    assert torch.allclose(moved, image, atol=1e-4)
    assert torch.equal(drawn, labels)


def test_a_warp_takes_the_voxels_about_the_centre_in_the_order_of_the_axes():
    image = torch.arange(7 * 6 * 5, dtype=torch.float32).reshape(1, 7, 6, 5)
    labels = torch.zeros(7, 6, 5, dtype=torch.uint8)
    moved, _ = warp_patch(image, labels, Warp(np.eye(3)), np.array([4.0, 3, 1]), (3, 1, 1))
    assert torch.allclose(moved[0, :, 0, 0], image[0, 3:6, 3, 1], atol=1e-3)
    swap = np.array([[0.0, 1, 0], [1, 0, 0], [0, 0, 1]])
    moved, _ = warp_patch(image, labels, Warp(swap), np.array([4.0, 3, 1]), (3, 1, 1))
    assert torch.allclose(moved[0, :, 0, 0], image[0, 4, 2:5, 1], atol=1e-3)


def test_a_bend_moves_by_voxels_along_its_own_axis():
    image = torch.arange(9.0).reshape(1, 9, 1, 1).expand(1, 9, 4, 4).contiguous()
    bend = torch.zeros(3, 2, 2, 2)
    bend[0] = 2.0
    labels = torch.zeros(9, 4, 4, dtype=torch.uint8)
    moved, _ = warp_patch(image, labels, Warp(np.eye(3), bend), np.array([3, 1.5, 1.5]), (3, 4, 4))
    assert torch.allclose(moved[0, :, 2, 2], torch.tensor([4.0, 5.0, 6.0]), atol=1e-4)


def test_image_and_labels_move_together():
    image, labels = _patch()
    settings = AugmentConfig(affine=1, elastic=1)
    for seed in range(10):
        warp = draw_warp(settings, np.random.default_rng(seed), np.random.default_rng(seed + 50))
        moved, drawn = warp_patch(image, labels, warp, CENTRE, SIZE)
        bright = moved[0] > 5.5
        overlap = 2 * (bright & (drawn > 0)).sum() / (bright.sum() + (drawn > 0).sum())
        assert overlap > 0.85
        assert set(drawn.unique().tolist()) <= {0, 2}


def test_a_warp_looks_no_farther_than_its_reach():
    turn = random_turn(np.random.default_rng(3), 20, (0.8, 1.25))
    corners = np.array(np.meshgrid(*[(-12, 12)] * 3)).reshape(3, -1)
    assert (np.abs(turn @ corners).max(axis=1) <= Warp(turn).reach(SIZE)).all()
    assert Warp(turn, torch.full((3, 2, 2, 2), -5.0)).reach(SIZE) == pytest.approx(
        Warp(turn).reach(SIZE) + 5
    )


def test_degrading_changes_the_brain_and_leaves_the_outside_zero():
    image, _ = _patch()
    settings = AugmentConfig(intensity=1, low_resolution=1)
    changed = [
        degrade(image, settings, np.random.default_rng(seed), np.random.default_rng(seed))
        for seed in range(8)
    ]
    for patch in changed:
        assert patch.shape == image.shape
        assert torch.isfinite(patch).all()
        assert (patch[image == 0] == 0).all()
    assert not any(torch.equal(patch, image) for patch in changed)


def test_what_is_switched_off_changes_nothing():
    image, _ = _patch()
    off = AugmentConfig(**{setting.name: 0 for setting in fields(AugmentConfig)})
    rng = np.random.default_rng(0)
    assert draw_warp(off, rng, rng) is None
    assert degrade(image, off, rng, rng) is image
    assert drop_modalities(image, rng, off.modality_dropout) is image


def test_blur_is_the_gaussian_of_a_point():
    point = torch.zeros(9, 9, 9)
    point[4, 4, 4] = 1
    blurred = blur(point, 1.0)
    assert float(blurred.sum()) == pytest.approx(1, abs=1e-4)
    assert float(blurred[4, 4, 5] / blurred[4, 4, 4]) == pytest.approx(np.exp(-0.5), abs=1e-4)
    assert float(blurred[5, 4, 5] / blurred[4, 4, 4]) == pytest.approx(np.exp(-1), abs=1e-4)
    edge = torch.zeros(2, 3, 9)
    edge[0, 0, 0] = 1  # smaller than the kernel
    assert torch.isfinite(blur(edge, 2.0)).all()


def test_all_subsets_of_modalities_are_trained_and_none_is_empty():
    full = torch.ones(4, 2, 2, 2)
    rng = np.random.default_rng(0)
    draws = Counter(
        tuple(drop_modalities(full, rng, 0.5).flatten(1).any(dim=1).tolist()) for _ in range(3000)
    )
    assert len(draws) == 15
    assert (False,) * 4 not in draws
    assert draws.pop((True,) * 4) == pytest.approx(1500, abs=150)
    assert all(60 < count < 160 for count in draws.values())  # 1500 / 14 = 107 each
    assert (full == 1).all()


def test_a_single_modality_is_never_dropped():
    alone = drop_modalities(torch.ones(1, 2, 2, 2), np.random.default_rng(0), 1.0)
    assert (alone == 1).all()


def test_shares_that_make_no_sense_are_named():
    with pytest.raises(BratsError, match=r"affine is 1\.5"):
        AugmentConfig(affine=1.5)
    with pytest.raises(BratsError, match=r"transplant \(0.7\) and growth \(0.5\)"):
        AugmentConfig(transplant=0.7, growth=0.5)
