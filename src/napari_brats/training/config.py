"""Every setting of a training run, and the recipe file that holds them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from napari_brats.core.errors import BratsError
from napari_brats.core.modalities import MODALITIES, Modality


@dataclass(frozen=True)
class TrainConfig:
    """The recipe of a run; it is written whole into the bundle's card.

    Attributes
    ----------
    steps
        Optimiser steps in all.
    batch_size
        Patches per step.
    patch_size
        Edge lengths of a training patch in voxels, multiples of the network's ``multiple``.
    learning_rate, momentum, weight_decay
        Of SGD with Nesterov momentum; the rate rises linearly over ``warmup_steps`` and then falls
        as (1 - step / steps) ** 0.9.
    frozen_norm_share
        The last share of the steps runs with frozen batch-norm statistics, so that training and
        inference see the same network.
    ema_decay
        Of the exponential moving average of the weights, which is what is kept.
    tumour_share
        Share of patches centred on a tumour voxel (label drawn first, so that small ones count).
    modality_dropout
        Probability that a patch loses one modality (and, at a quarter of it, two).
    seed
        Decides the weights at the start and every patch.
    """

    steps: int = 2000
    batch_size: int = 2
    patch_size: tuple[int, int, int] = (96, 96, 96)
    learning_rate: float = 0.03
    momentum: float = 0.95
    weight_decay: float = 3e-5
    warmup_steps: int = 100
    gradient_clip: float = 5.0
    frozen_norm_share: float = 0.3
    ema_decay: float = 0.995
    tumour_share: float = 0.6
    modality_dropout: float = 0.2
    widths: tuple[int, ...] = (24, 48, 96, 192)
    modalities: tuple[Modality, ...] = MODALITIES
    checkpoint_every: int = 50
    seed: int = 0


@dataclass(frozen=True)
class Recipe:
    """What a recipe file says: how to train, whom to leave out, and what the card tells.

    Attributes
    ----------
    config
        The table ``[train]``.
    hold_out
        Ids of the cases that are kept out of training and scored, ``hold_out`` at the top.
    card
        The table ``[card]``: title, data_licence, attribution, limits.
    """

    config: TrainConfig = TrainConfig()
    hold_out: tuple[str, ...] = ()
    card: Mapping[str, str] = field(default_factory=dict)


def read_recipe(path: Path) -> Recipe:
    """The recipe in a TOML file; BratsError naming what it holds that is not known."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BratsError(f"The recipe {path} cannot be read: {error}. Expected TOML.") from error
    _refuse_unknown(path, "the top", table, {"hold_out", "train", "card"})
    train, card = table.get("train", {}), table.get("card", {})
    _refuse_unknown(path, "[train]", train, {f.name for f in fields(TrainConfig)})
    _refuse_unknown(path, "[card]", card, {"title", "data_licence", "attribution", "limits"})
    return Recipe(config_from_table(train), tuple(table.get("hold_out", ())), card)


def config_from_table(table: Mapping[str, Any]) -> TrainConfig:
    """A configuration of plain values, as TOML and JSON hold them; lists become tuples."""
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in table.items()}
    if "modalities" in values:
        values["modalities"] = tuple(Modality(m) for m in values["modalities"])
    return TrainConfig(**values)


def _refuse_unknown(path: Path, where: str, table: Mapping[str, Any], known: set[str]) -> None:
    if unknown := sorted(set(table) - known):
        raise BratsError(
            f"The recipe {path} holds unknown settings at {where}: {', '.join(unknown)}. "
            f"Known there: {', '.join(sorted(known))}."
        )
