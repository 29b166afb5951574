"""Patches: which case, where, and that they depend on seed and index alone."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from napari_brats.core.modalities import MODALITIES
from napari_brats.training.augment_config import AugmentConfig
from napari_brats.training.config import TrainConfig
from napari_brats.training.crop import crop, patch_start
from napari_brats.training.dataset import PatchDataset, TrainingCase

OFF = AugmentConfig(**{setting.name: 0 for setting in fields(AugmentConfig)})
ALL = AugmentConfig(
    affine=1, elastic=1, low_resolution=1, scheme_mixing=1, transplant=0.5, growth=0.5
)
CONFIG = TrainConfig(patch_size=(24, 24, 24), augment=OFF)
LESION = (slice(10, 22), slice(12, 24), slice(14, 24))


def _case(seed, with_lesion=True):
    """A cube of brain in noise about 0.5, with a bright lesion of ED around TC around ET."""
    rng = np.random.default_rng(seed)
    image = np.zeros((4, 40, 44, 36), np.float16)
    image[:, 4:36, 4:40, 4:32] = rng.normal(0.5, 0.3, (4, 32, 36, 28))
    labels = np.zeros(image.shape[1:], np.uint8)
    if with_lesion:
        labels[LESION] = 2
        labels[13:19, 15:21, 17:21] = 1
        labels[15:17, 17:19, 18:20] = 3
        image[:, labels > 0] += 3
    image.flags.writeable = False  # as a memory-mapped case would be
    labels.flags.writeable = False
    centres = tuple(np.argwhere(labels == label) for label in np.unique(labels[labels > 0]))
    return TrainingCase(f"C{seed}", image, labels, centres)


@pytest.fixture(scope="module")
def cases():
    return [_case(0), _case(1, with_lesion=False), _case(2)]


def test_without_augmentation_a_patch_is_a_piece_of_the_case(cases):
    config = replace(CONFIG, patch_size=(40, 44, 36))
    for index in range(3):
        image, regions = PatchDataset(cases[:1], config)[index]
        assert np.array_equal(image.numpy(), cases[0].image.astype(np.float32))
        assert np.array_equal(regions[0].numpy(), cases[0].labels > 0)
        assert np.array_equal(regions[1].numpy(), np.isin(cases[0].labels, (1, 3)))
        assert np.array_equal(regions[2].numpy(), cases[0].labels == 3)


def test_patches_depend_on_seed_and_index_alone(cases):
    config = replace(CONFIG, augment=ALL)
    one, other = PatchDataset(cases, config), PatchDataset(cases, config)
    late = [other[index] for index in (7, 4, 1)][::-1]
    for index, patch in zip((1, 4, 7), late, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one[index], patch, strict=True))
    assert not torch.equal(one[1][0], one[4][0])
    assert not torch.equal(one[1][0], PatchDataset(cases, replace(config, seed=5))[1][0])


def test_every_case_comes_once_before_any_comes_twice(cases):
    config = replace(CONFIG, patch_size=(40, 44, 36))
    dataset = PatchDataset(cases, config)
    sums = {float(case.image.astype(np.float32).sum()): case.case_id for case in cases}
    seen = [sums[float(dataset[index][0].numpy().sum())] for index in range(9)]
    assert [sorted(seen[i : i + 3]) for i in (0, 3, 6)] == [["C0", "C1", "C2"]] * 3


def test_switching_one_family_changes_nothing_else(cases):
    """Dropout zeroes channels of the very patch that comes without it."""
    whole = PatchDataset(cases, replace(CONFIG, augment=replace(ALL, modality_dropout=0)))
    less = PatchDataset(cases, replace(CONFIG, augment=replace(ALL, modality_dropout=1)))
    for index in range(3):
        image, regions = less[index]
        kept = image.flatten(1).any(dim=1)
        assert 1 <= int(kept.sum()) <= 3
        assert torch.equal(image[kept], whole[index][0][kept])
        assert torch.equal(regions, whole[index][1])


def test_all_families_together_keep_regions_nested_and_the_outside_zero(cases):
    dataset = PatchDataset(cases, replace(CONFIG, augment=ALL))
    for index in range(9):
        image, regions = dataset[index]
        assert image.shape == (4, 24, 24, 24)
        assert image.dtype == regions.dtype == torch.float32
        assert torch.isfinite(image).all()
        assert set(regions.unique().tolist()) <= {0.0, 1.0}
        assert (regions[0] >= regions[1]).all()
        assert (regions[1] >= regions[2]).all()


def test_one_case_alone_and_a_case_without_tumour_can_be_trained_on(cases):
    config = replace(CONFIG, augment=replace(ALL, transplant=1, growth=0), tumour_share=1)
    for alone in (cases[:1], cases[1:2]):
        image, _ = PatchDataset(alone, config)[0]
        assert torch.isfinite(image).all()


def test_patches_are_centred_on_the_tumour_as_often_as_asked():
    """One voxel in a corner: a patch of 40 centred within 16 of it holds it, few others do."""
    labels = np.zeros((64, 64, 64), np.uint8)
    labels[5, 5, 5] = 2
    corner = TrainingCase("C", labels[None].astype(np.float16), labels, (np.argwhere(labels),))
    config = replace(CONFIG, patch_size=(40, 40, 40), modalities=MODALITIES[:1])
    shares = []
    for share in (0.0, 1.0):
        dataset = PatchDataset([corner], replace(config, tumour_share=share))
        shares.append(np.mean([bool(dataset[i][1].any()) for i in range(20)]))
    assert shares[0] < 0.5
    assert shares[1] == 1


def test_a_patch_is_moved_inside_and_padded_where_the_case_is_smaller():
    line = np.arange(1, 6).reshape(1, 5, 1, 1)

    def cut(centre, size):
        start = patch_start((5, 1, 1), np.array([centre, 0, 0]), (size, 1, 1))
        return crop(line, start, start + np.array([size, 1, 1]))[0, :, 0, 0].tolist()

    assert [cut(c, 3) for c in (0, 2, 4)] == [[1, 2, 3], [2, 3, 4], [3, 4, 5]]
    assert cut(0, 8) == [0, 0, 1, 2, 3, 4, 5, 0]
