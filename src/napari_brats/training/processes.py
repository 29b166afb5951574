"""The processes that train one network together: those that ``torchrun`` started, or this one."""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn


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
        """Join the others, where there are any: NCCL between GPUs, gloo otherwise."""
        if self.count > 1 and not distributed.is_initialized():
            distributed.init_process_group("nccl" if device.startswith("cuda") else "gloo")

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
