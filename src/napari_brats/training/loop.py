"""The training loop: SGD, a moving average of the weights, checkpoints that survive a kill."""

from __future__ import annotations

import copy
import csv
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader, Subset

from napari_brats.core.errors import BratsError
from napari_brats.core.progress import Job, Progress
from napari_brats.models.unet import UNet3D, UNet3DConfig
from napari_brats.training.config import TrainConfig
from napari_brats.training.dataset import PatchDataset, TrainingCase
from napari_brats.training.losses import dice_cross_entropy_loss, dice_loss

CHECKPOINT = "last.pt"
HISTORY = "history.csv"


@dataclass
class TrainState:
    """Everything a checkpoint holds."""

    network: UNet3D
    average: UNet3D
    optimiser: torch.optim.SGD
    step: int = 0


def train(cases: Sequence[TrainingCase], run: Path, config: TrainConfig) -> Job[UNet3D]:
    """Train a network on ``cases`` and return the moving average of its weights.

    Starts from ``run/last.pt`` where there is one: with the same configuration the schedule and
    the patches go on as if nothing had happened. Writes that file every
    ``config.checkpoint_every`` steps and a line per step to ``run/history.csv``.
    """
    run.mkdir(parents=True, exist_ok=True)
    state = _initial_state(config)
    if (run / CHECKPOINT).exists():
        _load_checkpoint(state, run / CHECKPOINT)
        _forget_lost_steps(run, state.step)
    freeze_from = int(config.steps * (1 - config.frozen_norm_share))
    for image, regions in _loader(cases, config, state.step):
        started = time.perf_counter()
        _set_mode(state.network, frozen_norm=state.step >= freeze_from)
        loss, dice = _step(state, image, regions, config)
        state.step += 1
        _append_history(run, state.step, loss, dice, time.perf_counter() - started)
        if state.step % config.checkpoint_every == 0 or state.step == config.steps:
            _save_checkpoint(state, run / CHECKPOINT)
        yield Progress(state.step, config.steps, f"loss {loss:.3f}, soft Dice {dice:.3f}")
    state.average.eval()
    return state.average


def averaged_network(run: Path, config: TrainConfig) -> tuple[UNet3D, int]:
    """The moving average of the weights in a run's last checkpoint, and its step.

    BratsError if the run has no checkpoint yet.
    """
    path = run / CHECKPOINT
    if not path.is_file():
        raise BratsError(
            f"The run {run} has no checkpoint ({CHECKPOINT}) yet. Train first, at least "
            f"{config.checkpoint_every} steps."
        )
    state = _initial_state(config)
    _load_checkpoint(state, path)
    return state.average.eval(), state.step


def _initial_state(config: TrainConfig) -> TrainState:
    torch.manual_seed(config.seed)
    network = UNet3D(UNet3DConfig(in_channels=len(config.modalities), widths=config.widths))
    network.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
    nn.init.constant_(network.head.bias, -2.0)  # type: ignore[arg-type]  # tumour is rare
    optimiser = torch.optim.SGD(
        network.parameters(),
        lr=config.learning_rate,
        momentum=config.momentum,
        weight_decay=config.weight_decay,
        nesterov=True,
    )
    return TrainState(network, copy.deepcopy(network), optimiser)


def _step(
    state: TrainState, image: torch.Tensor, regions: torch.Tensor, config: TrainConfig
) -> tuple[float, float]:
    """One optimiser step; the loss and the batch's soft Dice."""
    for group in state.optimiser.param_groups:
        group["lr"] = learning_rate(state.step, config)
    logits = state.network(image.to(memory_format=torch.channels_last_3d))
    loss = dice_cross_entropy_loss(logits, regions)
    state.optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(state.network.parameters(), config.gradient_clip)
    state.optimiser.step()
    _update_average(state, min(config.ema_decay, (1 + state.step) / (10 + state.step)))
    return float(loss.detach()), 1 - float(dice_loss(logits.detach(), regions))


def learning_rate(step: int, config: TrainConfig) -> float:
    """Linear warm-up, then polynomial decay of power 0.9 (Isensee 2021, nnU-Net)."""
    warmup = min(1.0, (step + 1) / max(1, config.warmup_steps))
    return float(config.learning_rate * warmup * (1 - step / config.steps) ** 0.9)


def _update_average(state: TrainState, decay: float) -> None:
    with torch.no_grad():
        for mean, now in zip(state.average.parameters(), state.network.parameters(), strict=True):
            mean.lerp_(now, 1 - decay)
        for kept, buffer in zip(state.average.buffers(), state.network.buffers(), strict=True):
            kept.copy_(buffer)


def _set_mode(network: nn.Module, frozen_norm: bool) -> None:
    network.train()
    if frozen_norm:
        for module in network.modules():
            if isinstance(module, nn.BatchNorm3d):
                module.eval()


def _loader(
    cases: Sequence[TrainingCase], config: TrainConfig, done: int
) -> DataLoader[tuple[torch.Tensor, torch.Tensor]]:
    dataset = PatchDataset(cases, config)
    rest = Subset(dataset, range(done * config.batch_size, len(dataset)))
    return DataLoader(
        rest, batch_size=config.batch_size, num_workers=1, prefetch_factor=2, shuffle=False
    )


def _load_checkpoint(state: TrainState, path: Path) -> None:
    stored = torch.load(path, weights_only=True)  # noqa: TID251  # our own, and no pickled code
    state.network.load_state_dict(stored["network"])
    state.average.load_state_dict(stored["average"])
    state.optimiser.load_state_dict(stored["optimiser"])
    state.step = stored["step"]


def _save_checkpoint(state: TrainState, path: Path) -> None:
    """Beside the old one first, then in its place: a kill leaves one of the two whole."""
    stored: dict[str, Any] = {
        "network": state.network.state_dict(),
        "average": state.average.state_dict(),
        "optimiser": state.optimiser.state_dict(),
        "step": state.step,
    }
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        torch.save(stored, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _forget_lost_steps(run: Path, done: int) -> None:
    """Drop the rows of steps that came after the checkpoint: they are done again."""
    path = run / HISTORY
    lines = path.read_text().splitlines(keepends=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text("".join(lines[: done + 1]))
    temporary.replace(path)


def _append_history(run: Path, step: int, loss: float, dice: float, seconds: float) -> None:
    path = run / HISTORY
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.writer(file)
        if new:
            writer.writerow(["step", "loss", "soft_dice", "seconds"])
        writer.writerow([step, f"{loss:.5f}", f"{dice:.5f}", f"{seconds:.3f}"])
