"""The training loop: a moving average of the weights, checkpoints that survive a kill."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Subset

from napari_brats.core.errors import BratsError
from napari_brats.core.progress import Job, Progress
from napari_brats.models.network import Network
from napari_brats.training.augment_config import NO_AUGMENTATION
from napari_brats.training.checkpoints import TrainState, load_checkpoint, save_checkpoint
from napari_brats.training.config import TrainConfig
from napari_brats.training.dataset import TrainingCase
from napari_brats.training.logs import RunLog
from napari_brats.training.norm_statistics import set_training, settle_statistics
from napari_brats.training.objectives import Objective, Trained, objective_for
from napari_brats.training.processes import Processes

LAST = "last.pt"
BEST = "best.pt"
Validate = Callable[[Network, int, RunLog], float]


@dataclass(frozen=True)
class Hardware:
    """Where a run computes; no part of the recipe.

    Attributes
    ----------
    device
        As torch names it.
    amp
        Mixed precision: bfloat16, or float16 with loss scaling on a GPU without it.
    workers
        Processes that make patches; 0 makes them in this one.
    processes
        Which of how many training processes this is.
    """

    device: str = "cpu"
    amp: bool = False
    workers: int = 1
    processes: Processes = field(default_factory=Processes)


def train(
    cases: Sequence[TrainingCase],
    run: Path,
    config: TrainConfig,
    hardware: Hardware = Hardware(),
    validate: Validate | None = None,
    start: Network | None = None,
) -> Job[Network]:
    """Train a network on ``cases`` and return the moving average of its weights.

    Goes on from ``run/last.pt`` where there is one: with the same configuration the schedule and
    the patches go on as if nothing had happened. ``validate`` gets the averaged network, the
    step and the log every ``validate_every`` epochs and at the end, logs what it finds, and returns
    the figure by which ``best.pt`` is kept. ``start`` gives the first weights, random without it.

    Raises
    ------
    BratsError
        If a checkpoint cannot be written; the former one is untouched.
    """
    run.mkdir(parents=True, exist_ok=True)
    objective = objective_for(config.network)
    processes = hardware.processes
    state = _initial_state(config, objective, hardware, start)
    _require_fitting_patches(state.network, config)
    log = RunLog(run)
    if (run / LAST).exists():
        load_checkpoint(state, run / LAST)
    if processes.first:
        log.forget_after(state.step)  # also those of a run that was ended before its checkpoint
    module = Trained(state.network, objective, config)
    wrapped = processes.wrap(module, hardware.device)
    last_saved = state.step
    try:
        for batch in _batches(objective, cases, config, hardware, state.step):
            started = time.perf_counter()
            rate = learning_rate(state.step, config)
            if 0 < state.step == config.frozen_step:
                _freeze(state, objective, cases, config)
            loss, merit = _step(state, wrapped, batch, rate, config, hardware)
            state.step += 1
            seconds = time.perf_counter() - started
            if processes.first:
                log.step(state.step, loss, merit, rate, seconds)
                if validate and _is_due(state.step, config):
                    yield Progress(state.step, config.steps, "Validating")
                    _settle(state, objective, cases, config)
                    _keep_best(state, validate(state.average, state.step, log), run)
                if state.step - last_saved >= config.checkpoint_every or state.step == config.steps:
                    if state.step == config.steps:
                        _settle(state, objective, cases, config)
                    save_checkpoint(state, run / LAST)
                    last_saved = state.step
            yield Progress(state.step, config.steps, f"loss {loss:.3f}, soft Dice {merit:.3f}")
    finally:
        if processes.first:
            log.close()
    return state.average.eval()


def _require_fitting_patches(network: Network, config: TrainConfig) -> None:
    multiple = network.config.multiple
    for size, _ in config.patch_stages:
        if any(n % multiple for n in size):
            raise BratsError(
                f"patch_size is {list(size)}, but the levels of this network need multiples of "
                f"{multiple}. Change patch_size, early_patch_edges or widths in the recipe."
            )


def averaged_network(run: Path, config: TrainConfig, name: str = LAST) -> tuple[Network, int]:
    """The moving average of the weights in a run's checkpoint, on the CPU, and its step.

    BratsError if the run has no such checkpoint yet.
    """
    path = run / name
    if not path.is_file():
        raise BratsError(
            f"The run {run} has no checkpoint ({name}) yet. Train first, at least "
            f"{config.checkpoint_every} steps."
        )
    state = _initial_state(config, objective_for(config.network), Hardware(), None)
    load_checkpoint(state, path)
    return state.average.eval(), state.step


def learning_rate(step: int, config: TrainConfig) -> float:
    """Linear warm-up, then polynomial decay of power 0.9 (Isensee 2021, nnU-Net)."""
    warmup = min(1.0, (step + 1) / max(1, config.warmup_steps))
    return float(config.learning_rate * warmup * (1 - step / config.steps) ** 0.9)


def _initial_state(
    config: TrainConfig, objective: Objective, hardware: Hardware, start: Network | None
) -> TrainState:
    torch.manual_seed(config.seed)
    network = objective.network(config)
    if start is not None:
        try:
            network.load_state_dict(start.state_dict())
        except RuntimeError as error:
            raise BratsError(
                f"The weights of bundle '{config.start_from}' do not fit the network of the "
                f"recipe, {network.config}. Expected {start.config}: name its widths and what else "
                f"differs in the recipe ([train.network_arguments])."
            ) from error
    network.to(device=hardware.device, memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
    scaler = torch.amp.GradScaler(
        "cuda", enabled=hardware.amp and _amp_type(hardware.device) is torch.float16
    )
    return TrainState(network, copy.deepcopy(network), _optimiser(network, config), scaler)


def _optimiser(network: nn.Module, config: TrainConfig) -> torch.optim.Optimizer:
    if config.optimiser == "adamw":
        return torch.optim.AdamW(
            network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
    return torch.optim.SGD(
        network.parameters(),
        lr=config.learning_rate,
        momentum=config.momentum,
        weight_decay=config.weight_decay,
        nesterov=True,
    )


def _amp_type(device: str) -> torch.dtype:
    if device.startswith("cuda") and not torch.cuda.is_bf16_supported():
        return torch.float16
    return torch.bfloat16


def _step(
    state: TrainState,
    module: nn.Module,
    batch: Sequence[Tensor],
    rate: float,
    config: TrainConfig,
    hardware: Hardware,
) -> tuple[float, float]:
    """One optimiser step; loss and figure of merit, means over all processes."""
    for group in state.optimiser.param_groups:
        group["lr"] = rate
    set_training(module, frozen_statistics=state.step >= config.frozen_step)
    on_device = [tensor.to(hardware.device, non_blocking=True) for tensor in batch]
    kind = hardware.device.split(":", 1)[0]
    with torch.autocast(kind, _amp_type(hardware.device), enabled=hardware.amp):
        loss, merit = module(*on_device)
    state.optimiser.zero_grad(set_to_none=True)
    state.scaler.scale(loss).backward()
    state.scaler.unscale_(state.optimiser)
    nn.utils.clip_grad_norm_(state.network.parameters(), config.gradient_clip)
    state.scaler.step(state.optimiser)
    state.scaler.update()
    _update_average(state, min(config.ema_decay, (1 + state.step) / (10 + state.step)))
    mean_loss, mean_merit = hardware.processes.mean(loss, merit)
    return mean_loss, mean_merit


def _update_average(state: TrainState, decay: float) -> None:
    with torch.no_grad():
        for mean, now in zip(state.average.parameters(), state.network.parameters(), strict=True):
            mean.lerp_(now, 1 - decay)
        for kept, buffer in zip(state.average.buffers(), state.network.buffers(), strict=True):
            kept.copy_(buffer)


def _settle(
    state: TrainState, objective: Objective, cases: Sequence[TrainingCase], config: TrainConfig
) -> None:
    """Give the averaged weights statistics of their own, from patches as inference sees them."""
    if state.step <= config.frozen_step:
        plain = replace(config, augment=NO_AUGMENTATION)
        settle_statistics(state.average, objective.dataset(cases, plain))


def _freeze(
    state: TrainState, objective: Objective, cases: Sequence[TrainingCase], config: TrainConfig
) -> None:
    """Go on from the averaged weights, with the statistics that fit them.

    Every process does this by itself, and comes to the same.
    """
    _settle(state, objective, cases, config)
    state.network.load_state_dict(state.average.state_dict())


def _is_due(step: int, config: TrainConfig) -> bool:
    if config.validate_every == 0:
        return False
    return step == config.steps or step % (config.validate_every * config.steps_per_epoch) == 0


def _keep_best(state: TrainState, figure: float, run: Path) -> None:
    if figure > state.best:
        state.best = figure
        save_checkpoint(state, run / BEST)


def _batches(
    objective: Objective,
    cases: Sequence[TrainingCase],
    config: TrainConfig,
    hardware: Hardware,
    done: int,
) -> Iterator[Sequence[Tensor]]:
    """Batches of this process from step ``done`` on: all processes together take items in order."""
    rank, count = hardware.processes.rank, hardware.processes.count
    size = config.batch_size
    for patch_size, end in config.patch_stages:
        mine = [(step * count + rank) * size + k for step in range(done, end) for k in range(size)]
        patches = objective.dataset(cases, replace(config, patch_size=patch_size))
        yield from DataLoader(
            Subset(patches, mine),
            batch_size=size,
            num_workers=hardware.workers,
            prefetch_factor=2 if hardware.workers else None,
            pin_memory=hardware.device.startswith("cuda"),
        )
        done = max(done, end)
