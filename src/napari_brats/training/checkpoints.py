"""What a run can go on from after a kill."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError  # noqa: TID251  # what torch.load may raise
from typing import Any

import torch

from napari_brats.core.errors import BratsError
from napari_brats.models.network import Network


@dataclass
class TrainState:
    """Everything a checkpoint holds."""

    network: Network
    average: Network
    optimiser: torch.optim.Optimizer
    scaler: torch.amp.GradScaler
    step: int = 0
    best: float = -1.0


def load_checkpoint(state: TrainState, path: Path) -> None:
    """Fill ``state`` from a checkpoint; BratsError if it is damaged or of another network."""
    try:
        stored = torch.load(path, weights_only=True, map_location="cpu")  # noqa: TID251  # our own
        state.network.load_state_dict(stored["network"])
        state.average.load_state_dict(stored["average"])
        state.optimiser.load_state_dict(stored["optimiser"])
        state.scaler.load_state_dict(stored["scaler"])
        state.step, state.best = stored["step"], stored["best"]
    except (OSError, RuntimeError, KeyError, ValueError, EOFError, UnpicklingError) as error:
        raise BratsError(
            f"The checkpoint {path} cannot be read ({error}). Start the run anew in another "
            f"folder, or delete that file to begin again in this one."
        ) from error


def save_checkpoint(state: TrainState, path: Path) -> None:
    """Write beside the old one first, then in its place: a kill leaves one of the two whole.

    BratsError if it cannot be written; the old one is untouched.
    """
    stored: dict[str, Any] = {
        "network": state.network.state_dict(),
        "average": state.average.state_dict(),
        "optimiser": state.optimiser.state_dict(),
        "scaler": state.scaler.state_dict(),
        "step": state.step,
        "best": state.best,
    }
    temporary = path.with_suffix(".tmp")
    try:
        with temporary.open("wb") as file:
            torch.save(stored, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except (OSError, RuntimeError) as error:  # torch says RuntimeError where the disk is full
        temporary.unlink(missing_ok=True)
        raise BratsError(
            f"The checkpoint {path} could not be written ({error}). The former one is untouched. "
            f"Make room on the disk, then go on with --resume."
        ) from error
