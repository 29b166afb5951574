"""The processes that train one network together: those that ``torchrun`` started, or this one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import torch
from torch import Tensor, distributed, nn

from napari_brats.core.progress import T

LONGEST_WAIT = timedelta(hours=6)
"""The others wait while the first one validates, or while one prepares more cases than they."""


@dataclass(frozen=True)
class Processes:
    """Which of how many processes this is."""

    rank: int = 0
    count: int = 1
    local_rank: int = 0

    @property
    def first(self) -> bool:
        """Whether this is the one that writes files and reports."""
        return self.rank == 0

    def start(self, device: str) -> None:
        """Join the others, where there are any: NCCL between GPUs, gloo otherwise.

        Returns once all have come, so that what each has seen of the files before was true for all.
        """
        if self.count == 1 or distributed.is_initialized():
            return
        on_gpu = device.startswith("cuda")
        if on_gpu:
            torch.cuda.set_device(device)
        distributed.init_process_group("nccl" if on_gpu else "gloo", timeout=LONGEST_WAIT)
        distributed.barrier()

    def own_first(self, items: Sequence[T]) -> list[T]:
        """All items, this process's share of them at the front."""
        start = len(items) * self.rank // self.count
        return [*items[start:], *items[:start]]

    def end(self) -> None:
        """Leave the others."""
        if distributed.is_initialized():
            distributed.destroy_process_group()

    def wrap(self, module: nn.Module, device: str) -> nn.Module:
        """The module, its gradients averaged over the processes."""
        if self.count == 1:
            return module
        devices = [torch.device(device)] if device.startswith("cuda") else None
        return nn.parallel.DistributedDataParallel(module, device_ids=devices)

    def mean(self, *values: Tensor) -> list[float]:
        """The mean of scalars over the processes."""
        stacked = torch.stack([value.detach().float() for value in values])
        if self.count > 1:
            distributed.all_reduce(stacked)
            stacked /= self.count
        return [float(value) for value in stacked]


def processes_of_environment() -> Processes:
    """What ``torchrun`` says through the environment; one process without it."""
    return Processes(
        int(os.environ.get("RANK", "0")),
        int(os.environ.get("WORLD_SIZE", "1")),
        int(os.environ.get("LOCAL_RANK", "0")),
    )
