"""Every setting of a training run with its meaning, and the recipe file that holds them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import Field, asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args

from napari_brats.core.errors import BratsError
from napari_brats.core.modalities import MODALITIES, Modality
from napari_brats.training.augment_config import AugmentConfig

Optimiser = Literal["sgd", "adamw"]
NETWORK_NAMES = ("unet3d", "attention_unet3d", "autoencoder3d")
CARD_KEYS = {"title", "data_licence", "attribution", "limits"}


def _setting(default: Any, help_text: str) -> Any:
    """A field with the text that ``train --show-config`` prints."""
    return field(default=default, metadata={"help": help_text})


@dataclass(frozen=True)
class TrainConfig:
    """The recipe of a run (table ``[train]``); it is written whole into the bundle's card."""

    network: str = _setting("unet3d", f"One of {', '.join(NETWORK_NAMES)}.")
    widths: tuple[int, ...] = _setting((24, 48, 96, 192), "Channels of each level.")
    norm: str = _setting("batch", "Normalisation: layer (per voxel), batch or instance.")
    deep_supervision: bool = _setting(False, "Whether coarser levels are trained to predict too.")
    network_arguments: Mapping[str, Any] = field(
        default_factory=dict,
        metadata={"help": "Further arguments of the network (table [train.network_arguments])."},
    )
    start_from: str = _setting("", "A bundle whose weights the run starts from (fine-tuning).")
    modalities: tuple[Modality, ...] = _setting(MODALITIES, "Channels of the input, in order.")
    flatten: bool = _setting(
        True,
        "Whether smooth brightness is divided out of the images; networks that reconstruct "
        "images see them as they are.",
    )
    epochs: int = _setting(40, "Epochs in all; one has steps_per_epoch optimiser steps.")
    steps_per_epoch: int = _setting(50, "Optimiser steps per epoch.")
    batch_size: int = _setting(2, "Patches per step and process.")
    patch_size: tuple[int, int, int] = _setting(
        (96, 96, 96), "Voxels of a patch, multiples of what the network's levels need."
    )
    early_patch_edges: tuple[int, ...] = _setting(
        (),
        "Edges of smaller cubic patches to begin with (Fischer 2024, arXiv:2407.07853), in turn, "
        "each for as many steps as patch_size at the end; [64, 64, 96]: half the steps are small.",
    )
    tumour_share: float = _setting(
        0.6, "Share of patches about a tumour voxel (its label drawn first, so small ones count)."
    )
    optimiser: str = _setting("sgd", "sgd (with Nesterov momentum) or adamw.")
    learning_rate: float = _setting(0.03, "Peak rate: linear warm-up, then (1 - done) ** 0.9.")
    momentum: float = _setting(0.95, "Of SGD; of AdamW the first beta is 0.9.")
    weight_decay: float = _setting(3e-5, "Of the optimiser.")
    warmup_steps: int = _setting(50, "Steps until the learning rate is at its peak.")
    gradient_clip: float = _setting(5.0, "Largest norm of the gradient.")
    dice_weight: float = _setting(1.0, "Weight of the Dice loss.")
    cross_entropy_weight: float = _setting(1.0, "Weight of the binary cross-entropy.")
    frozen_from: float = _setting(
        1.0,
        "From this share of the run on batch norm keeps its statistics instead of taking those of "
        "each batch: the network is then trained as it will be used. 1: never; 0: those of "
        "start_from throughout.",
    )
    ema_decay: float = _setting(0.99, "Of the moving average of the weights, which is kept.")
    validate_every: int = _setting(10, "Epochs between validations on the left-out cases; 0: none.")
    checkpoint_every: int = _setting(50, "Steps between checkpoints.")
    seed: int = _setting(0, "Decides the first weights and every patch.")
    augment: AugmentConfig = field(
        default_factory=AugmentConfig, metadata={"help": "Table [train.augment]."}
    )

    @property
    def steps(self) -> int:
        """Optimiser steps of the whole run."""
        return self.epochs * self.steps_per_epoch

    @property
    def frozen_step(self) -> int:
        """The step from which on the statistics of batch norm stay as they are."""
        return round(self.steps * self.frozen_from)

    @property
    def patch_stages(self) -> tuple[tuple[tuple[int, int, int], int], ...]:
        """Patch size and step at which it ends, of each stage of the run in turn."""
        sizes = [(edge, edge, edge) for edge in self.early_patch_edges] + [self.patch_size]
        return tuple(
            (size, self.steps * number // len(sizes)) for number, size in enumerate(sizes, start=1)
        )


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
    try:
        _refuse_unknown("the top", table, {"hold_out", "train", "card"})
        _refuse_unknown("[card]", table.get("card", {}), CARD_KEYS)
        config = config_from_table(table.get("train", {}))
    except BratsError as error:
        raise BratsError(f"The recipe {path} cannot be used. {error}") from error
    return Recipe(config, tuple(table.get("hold_out", ())), table.get("card", {}))


def config_from_table(table: Mapping[str, Any]) -> TrainConfig:
    """A checked configuration of plain values, as TOML and JSON hold them; lists become tuples.

    BratsError names a setting that is not known or whose value makes no sense.
    """
    _refuse_unknown("[train]", table, {f.name for f in fields(TrainConfig)})
    _refuse_wrong_types("[train]", table, TrainConfig())
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in table.items()}
    if "modalities" in values:
        values["modalities"] = _modalities(values["modalities"])
    augment = values.pop("augment", {})
    _refuse_unknown("[train.augment]", augment, {f.name for f in fields(AugmentConfig)})
    _refuse_wrong_types("[train.augment]", augment, AugmentConfig())
    config = replace(TrainConfig(**values), augment=AugmentConfig(**augment))
    check(config)
    return config


def _modalities(names: tuple[str, ...]) -> tuple[Modality, ...]:
    if unknown := [name for name in names if name not in MODALITIES]:
        raise BratsError(
            f"Unknown modalities: {', '.join(unknown)}. Known: {', '.join(MODALITIES)}."
        )
    return tuple(Modality(name) for name in names)


def describe_settings() -> Iterator[tuple[str, str, str]]:
    """Name, default as TOML, and meaning of every setting, ``augment.`` before the nested ones."""
    yield from _describe("", fields(TrainConfig), TrainConfig())
    yield from _describe("augment.", fields(AugmentConfig), AugmentConfig())


def _describe(
    prefix: str, settings: tuple[Field[Any], ...], values: TrainConfig | AugmentConfig
) -> Iterator[tuple[str, str, str]]:
    for setting in settings:
        value = getattr(values, setting.name)
        if isinstance(value, (AugmentConfig, Mapping)):
            continue
        yield prefix + setting.name, _toml(value), setting.metadata["help"]


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(item) for item in value)}]"
    if isinstance(value, str):
        return f'"{value}"'
    return str(value).lower() if isinstance(value, bool) else str(value)


def check(config: TrainConfig) -> None:
    """Refuse what would fail, or silently do nothing, only once the run is under way."""
    choices = {
        "network": (config.network, NETWORK_NAMES),
        "norm": (config.norm, ("layer", "batch", "instance")),
        "optimiser": (config.optimiser, get_args(Optimiser)),
    }
    for name, (value, known) in choices.items():
        if value not in known:
            raise BratsError(f"{name} is '{value}'; expected one of {', '.join(known)}.")
    for name in ("epochs", "steps_per_epoch", "batch_size", "checkpoint_every"):
        if asdict(config)[name] < 1:
            raise BratsError(f"{name} is {asdict(config)[name]}; expected at least 1.")
    size = list(config.patch_size)
    if len(size) != 3 or min(size) < 1:
        raise BratsError(f"patch_size is {size}; expected three numbers of voxels.")
    if not 0 <= config.frozen_from <= 1:
        raise BratsError(f"frozen_from is {config.frozen_from}; expected a share, from 0 to 1.")
    if config.frozen_step == 0 and not config.start_from:
        raise BratsError(
            f"frozen_from is {config.frozen_from:g}, but there are no statistics to keep: name a "
            f"bundle in start_from, or let the run begin with those of each batch."
        )
    if config.learning_rate <= 0:
        raise BratsError(f"learning_rate is {config.learning_rate}; expected more than 0.")


def _refuse_wrong_types(
    where: str, table: Mapping[str, Any], defaults: TrainConfig | AugmentConfig
) -> None:
    """A value must be of the kind of its default; a whole number may stand for a real one."""
    for name, value in table.items():
        default = getattr(defaults, name)
        if isinstance(default, (Mapping, AugmentConfig)):
            fits = isinstance(value, Mapping)
        elif isinstance(default, tuple):
            fits = isinstance(value, (list, tuple)) and bool(value) >= bool(default)
            fits = fits and all(_is_kind_of(item, (default or (1,))[0]) for item in value)
        else:
            fits = _is_kind_of(value, default)
        if not fits:
            raise BratsError(
                f"{name} at {where} is {value!r}; expected something like "
                f"{'a table' if isinstance(default, (Mapping, AugmentConfig)) else _toml(default)}."
            )


def _is_kind_of(value: Any, default: Any) -> bool:
    if isinstance(value, bool) or isinstance(default, bool):
        return isinstance(value, bool) and isinstance(default, bool)
    if isinstance(default, str):
        return isinstance(value, str)
    return isinstance(value, (int, float) if isinstance(default, float) else int)


def _refuse_unknown(where: str, table: Mapping[str, Any], known: set[str]) -> None:
    if unknown := sorted(set(table) - known):
        raise BratsError(
            f"Unknown settings at {where}: {', '.join(unknown)}. "
            f"Known there: {', '.join(sorted(known))}."
        )
