"""What the autoencoder is shown: never tumour; holes, missing modalities, noise."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_brats.training.config import TrainConfig
from napari_brats.training.dataset import TrainingCase
from napari_brats.training.reconstruction import (
    HealthyPatches,
    ReconstructionObjective,
    hidden_example,
    noisy_example,
)

TUMOUR = 50.0
HIDING = TrainConfig(
    network="autoencoder3d", widths=(4, 4), patch_size=(16, 16, 16), epochs=1, steps_per_epoch=8
)
DENOISING = replace(HIDING, network_arguments={"residual": True, "stem_stride": 1})


@pytest.fixture(scope="module")
def cases():
    rng = np.random.default_rng(0)
    image = np.zeros((4, 20, 18, 12), np.float16)
    image[:, 2:18, 2:16, 1:11] = rng.uniform(-1, 1, (4, 16, 14, 10))
    labels = np.zeros(image.shape[1:], np.uint8)
    labels[6:12, 6:10, 3:8] = 2
    image[:, labels > 0] = TUMOUR  # so bright that any voxel of it would be seen
    image.flags.writeable = False  # as a memory-mapped case would be
    return [TrainingCase("C1", image, labels, ())]


@pytest.mark.parametrize("config", [HIDING, DENOISING])
def test_no_tumour_is_seen_asked_for_or_counted(cases, config):
    patches = HealthyPatches(cases, config)
    for seen, target, weight in (patches[i] for i in range(8)):
        assert seen.abs().max() < TUMOUR / 5
        assert target.abs().max() < TUMOUR / 5
        assert weight.sum() > 0
        assert bool((weight[:, (target == 0).all(dim=0)] == 0).all())


def test_pooling_counts_a_coarse_voxel_with_some_tumour_as_tumour(cases):
    config = replace(HIDING, patch_size=(12, 8, 8), network_arguments={"pooling": 2})
    patches = HealthyPatches(cases, config)
    for seen, target, _ in (patches[i] for i in range(8)):
        assert seen.shape == (5, 12, 8, 8)
        assert target.abs().max() < TUMOUR / 5


@pytest.mark.parametrize("config", [HIDING, DENOISING])
def test_a_patch_depends_on_seed_and_index_alone(cases, config):
    one, other = HealthyPatches(cases, config), HealthyPatches(cases, config)
    other[0]
    assert all(torch.equal(a, b) for a, b in zip(one[3], other[3], strict=True))
    assert not torch.equal(one[3][1], one[4][1])


def test_what_is_hidden_is_0_and_counts_most():
    image = torch.full((4, 12, 12, 12), 2.0)
    image[3] = 0  # a modality the case lacks
    healthy = torch.ones(12, 12, 12, dtype=torch.bool)
    shares = []
    for seed in range(8):
        seen, target, weight = hidden_example(image, healthy, np.random.default_rng(seed))
        hidden = (seen[:4] == 0) & (target != 0)
        shares.append(float(hidden[:3].float().mean()))
        assert set(weight[hidden].tolist()) <= {3.0}
        assert set(weight[seen[:4] != 0].tolist()) <= {1.0}
        assert weight[3].sum() == 0
        assert bool((seen[:4, seen[4] == 0] == 0).all())
    assert 0.2 < np.mean(shares) < 0.9


def test_noise_is_rician_and_both_sides_are_normalised_alike():
    rng = np.random.default_rng(0)
    image = torch.from_numpy(rng.normal(size=(4, 24, 24, 24)).astype(np.float32))
    healthy = torch.ones(24, 24, 24, dtype=torch.bool)
    seen, target, weight = noisy_example(image, healthy, np.random.default_rng(1))
    assert bool((weight == 1).all())
    difference = (seen - target).flatten(1)
    assert bool((difference.std(1) > 0.02).all())
    assert bool((difference.mean(1) > 0).all())  # noise brightens a magnitude image ...
    assert torch.allclose(seen.flatten(1).mean(1), torch.zeros(4), atol=0.03)  # ... its mean is 0
    slopes = target.flatten(1).std(1) / image.flatten(1).std(1)
    noise = difference.std(1) / slopes
    assert torch.allclose(slopes, 1 / (1 + noise**2).sqrt(), rtol=0.02)


def test_loss_and_merit_of_a_perfect_and_of_a_blind_network(cases):
    objective = ReconstructionObjective()
    seen, target, weight = (t[None] for t in HealthyPatches(cases, DENOISING)[0])
    network = objective.network(DENOISING).eval()  # gives back what it sees
    with torch.no_grad():
        loss, merit = objective.loss(network, (target, target, weight), DENOISING)
        assert (float(loss), float(merit)) == (0.0, 1.0)
        loss, merit = objective.loss(network, (torch.zeros_like(seen), target, weight), DENOISING)
    assert float(merit) == 0.0
    assert float(loss) == pytest.approx(float((target.abs() * weight).sum() / weight.sum()))
