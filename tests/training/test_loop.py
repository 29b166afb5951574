"""The loop learns, resumes where a kill left it, and never loses a checkpoint."""

import copy
from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from nibabel import Nifti1Header

from napari_brats.core.case import Case, LabelVolume, Volume
from napari_brats.core.errors import BratsError
from napari_brats.core.geometry import Grid
from napari_brats.core.labels import CONVENTIONS
from napari_brats.core.modalities import MODALITIES
from napari_brats.core.progress import drain
from napari_brats.training import loop
from napari_brats.training.augment_config import AugmentConfig
from napari_brats.training.config import TrainConfig
from napari_brats.training.logs import HISTORY
from napari_brats.training.prepare import prepare_case

CONFIG = TrainConfig(
    epochs=3,
    steps_per_epoch=2,
    patch_size=(16, 16, 16),
    widths=(4, 8),
    checkpoint_every=2,
    warmup_steps=1,
)

NO_AUGMENTATION = AugmentConfig(**{setting.name: 0 for setting in fields(AugmentConfig)})


def _case(seed):
    rng = np.random.default_rng(seed)
    grid = Grid((24, 24, 24), np.diag([-1.0, -1, 1, 1]))
    labels = np.zeros(grid.shape, np.uint8)
    labels[8:14, 8:14, 8:14] = 2
    labels[10:12, 10:12, 10:12] = 3
    volumes = {}
    for modality in MODALITIES:
        data = np.zeros(grid.shape, np.float32)
        data[3:21, 3:21, 3:21] = rng.normal(100, 5, (18, 18, 18))
        data[labels > 0] += 60
        volumes[modality] = Volume(data, grid, Nifti1Header())
    convention = CONVENTIONS["brats2023"]
    label_map = LabelVolume(Volume(labels, grid, Nifti1Header()), convention)
    return Case(f"C{seed}", volumes, label_map, convention)


@pytest.fixture(scope="module")
def cases():
    return [prepare_case(_case(seed), MODALITIES, (1.0, 1.0, 1.0)) for seed in range(2)]


def test_resuming_gives_what_an_uninterrupted_run_gives(cases, tmp_path):
    whole = drain(loop.train(cases, tmp_path / "whole", CONFIG))
    job = loop.train(cases, tmp_path / "killed", CONFIG)
    for _ in range(5):  # the last checkpoint is that of step 4; step 5 is lost
        next(job)
    job.close()
    resumed = drain(loop.train(cases, tmp_path / "killed", CONFIG))
    for name, value in whole.state_dict().items():
        assert torch.allclose(value.float(), resumed.state_dict()[name].float(), atol=1e-6), name
    rows = (tmp_path / "killed" / HISTORY).read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["step", "1", "2", "3", "4", "5", "6"]


def test_patches_grow_over_the_run_and_resuming_goes_on_where_they_were(
    cases, tmp_path, monkeypatch
):
    config = replace(CONFIG, epochs=4, early_patch_edges=(8, 8, 12))
    seen = []
    step = loop._step
    monkeypatch.setattr(
        loop,
        "_step",
        lambda state, m, batch, *rest: (seen.append(batch[0]), step(state, m, batch, *rest))[1],
    )
    job = loop.train(cases, tmp_path, config)
    for _ in range(5):  # the last checkpoint is that of step 4
        next(job)
    job.close()
    drain(loop.train(cases, tmp_path, config))
    edges = [tuple(image.shape[2:]) for image in seen]
    assert edges == [(8, 8, 8)] * 4 + [(12, 12, 12)] * 3 + [(16, 16, 16)] * 2
    assert torch.equal(seen[4], seen[5])  # step 5, before the kill and after


def test_the_loss_falls(cases, tmp_path):
    config = replace(CONFIG, epochs=20, learning_rate=0.3, augment=NO_AUGMENTATION)
    losses = [float(p.message.split()[1].rstrip(",")) for p in loop.train(cases, tmp_path, config)]
    assert np.mean(losses[-5:]) < 0.8 * np.mean(losses[:5])


def test_a_failed_write_leaves_the_former_checkpoint(cases, tmp_path, monkeypatch):
    job = loop.train(cases, tmp_path, CONFIG)
    next(job), next(job)
    before = (tmp_path / loop.LAST).read_bytes()

    def full_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("napari_brats.training.checkpoints.os.fsync", full_disk)
    with pytest.raises(BratsError, match=r"could not be written.*No space left"):
        drain(job)
    assert (tmp_path / loop.LAST).read_bytes() == before


def test_the_rate_rises_and_falls():
    config = TrainConfig(epochs=10, steps_per_epoch=10, warmup_steps=10, learning_rate=1.0)
    rates = [loop.learning_rate(step, config) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[50] == pytest.approx(0.5**0.9)
    assert rates[99] < 0.02


def test_frozen_statistics_stay_while_the_weights_move(cases, tmp_path):
    start = drain(loop.train(cases, tmp_path / "start", CONFIG))
    frozen = replace(CONFIG, start_from="start", frozen_from=0.0)
    end = drain(loop.train(cases, tmp_path / "on", frozen, start=start))
    before, after = start.state_dict(), end.state_dict()
    statistics = [name for name in before if "running_" in name]
    assert statistics
    assert all(torch.equal(before[name], after[name]) for name in statistics)
    assert any(not torch.equal(before[name], after[name]) for name, _ in end.named_parameters())


def test_statistics_frozen_in_mid_run_are_those_of_the_averaged_weights(cases, tmp_path):
    """From random weights: half with the statistics of each batch, half with fixed ones."""
    half = replace(CONFIG, frozen_from=0.5)
    states = {}

    def keep(network, step, _log):
        states[step] = copy.deepcopy(network.state_dict())
        return 0.0

    drain(loop.train(cases, tmp_path / "run", replace(half, validate_every=1), validate=keep))
    assert (half.frozen_step, sorted(states)) == (3, [2, 4, 6])
    statistics = [name for name in states[2] if "running_" in name]
    assert any(not torch.equal(states[2][name], states[4][name]) for name in statistics)
    assert all(torch.equal(states[4][name], states[6][name]) for name in statistics)


def test_a_run_killed_about_the_freezing_goes_on_as_if_nothing_had_happened(cases, tmp_path):
    half = replace(CONFIG, frozen_from=0.5, checkpoint_every=1)
    whole = drain(loop.train(cases, tmp_path / "whole", half)).state_dict()
    for last in (half.frozen_step - 1, half.frozen_step, half.frozen_step + 1):
        run = tmp_path / str(last)
        job = loop.train(cases, run, half)
        for progress in job:
            if progress.done == last:
                break
        job.close()
        resumed = drain(loop.train(cases, run, half)).state_dict()
        assert all(torch.equal(whole[name], resumed[name]) for name in whole), last
