"""Bundles: a network's weights (safetensors) and its card (JSON), side by side in ``weights/``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_brats.core.errors import BundleError
from napari_brats.core.labels import REGIONS, Region
from napari_brats.core.modalities import MODALITIES, Modality

if TYPE_CHECKING:
    from torch import nn

    from napari_brats.models.network import Network

BUILT_IN = Path(__file__).parent / "weights"
DEFAULT_BUNDLE = "glioma-unet3d"


@dataclass(frozen=True)
class Card:
    """What a bundle says of itself.

    Attributes
    ----------
    name, title
        The word on the command line, and the name for people.
    network, arguments
        Architecture and its configuration's arguments.
    task
        ``segment`` (logits of regions) or ``reconstruct`` (the image again).
    modalities, regions
        Channels in and out, in order.
    spacing_mm
        At which the network works; other images are resampled to it and the result back.
    sha256
        Of the weights file.
    training, scores
        How it was trained and what it reached on cases left out, as JSON.
    data_licence, attribution, intended_use, limits
        Terms of the training data, whom to cite, and what the network is not for.
    """

    name: str
    title: str
    network: str
    arguments: Mapping[str, Any]
    sha256: str
    task: str = "segment"
    modalities: tuple[Modality, ...] = MODALITIES
    regions: tuple[Region, ...] = REGIONS
    spacing_mm: tuple[float, float, float] = (1.0, 1.0, 1.0)
    normalisation: str = ""
    training: Mapping[str, Any] = field(default_factory=dict)
    scores: Mapping[str, Any] = field(default_factory=dict)
    data_licence: str = ""
    attribution: str = ""
    intended_use: str = ""
    limits: str = ""


@dataclass(frozen=True, eq=False)
class Bundle:
    """A card and where its weights lie; the weights are read by `load_network`."""

    card: Card
    weights: Path

    def load_network(self) -> Network:
        """The network with its weights, float32, in evaluation mode, on the CPU.

        BundleError if the file does not match the card's sha256 or architecture.
        """
        import safetensors.torch
        import torch

        from napari_brats.models.networks import build_network

        payload = _read(self.weights, "the weights")
        found = hashlib.sha256(payload).hexdigest()
        if found != self.card.sha256:
            raise BundleError(
                f"The weights of bundle '{self.card.name}' are not the ones its card describes: "
                f"{self.weights} has sha256 {found[:16]}..., expected "
                f"{self.card.sha256[:16]}.... Nothing was run. Reinstall the package or bundle."
            )
        with torch.device("meta"):  # no time is lost on random weights
            network = build_network(self.card.network, self.card.arguments)
        stored = safetensors.torch.load(payload)
        state = {k: v.float() if v.is_floating_point() else v for k, v in stored.items()}
        try:
            network.load_state_dict(state, assign=True)
        except RuntimeError as error:
            raise BundleError(
                f"The weights {self.weights} do not fit the network its card describes: {error}"
            ) from error
        return network.eval()


def list_bundles(task: str = "segment") -> tuple[Card, ...]:
    """The cards of all bundles for a task, the default one first."""
    cards = [_read_card(path) for path in sorted(BUILT_IN.glob("*.json"))]
    cards = [card for card in cards if card.task == task]
    return tuple(sorted(cards, key=lambda card: card.name != DEFAULT_BUNDLE))


def load_bundle(name: str = DEFAULT_BUNDLE) -> Bundle:
    """The bundle called ``name``; BundleError listing the known ones if there is none."""
    path = BUILT_IN / f"{name}.json"
    if not name or Path(name).name != name or not path.is_file():
        known = ", ".join(card.name for card in list_bundles()) or "none"
        raise BundleError(f"There is no bundle '{name}'. Known: {known}.")
    return Bundle(_read_card(path), path.with_suffix(".safetensors"))


def save_bundle(network: nn.Module, card: Card, directory: Path = BUILT_IN) -> Bundle:
    """Write fp16 weights and the card (its sha256 filled in) into ``directory``."""
    import safetensors.torch
    import torch

    tensors = {
        key: (value.half() if value.is_floating_point() else value).contiguous(
            memory_format=torch.contiguous_format
        )
        for key, value in network.state_dict().items()
    }
    payload = safetensors.torch.save(tensors)
    facts = asdict(card) | {"sha256": hashlib.sha256(payload).hexdigest()}
    directory.mkdir(parents=True, exist_ok=True)
    weights = directory / f"{card.name}.safetensors"
    weights.write_bytes(payload)
    weights.with_suffix(".json").write_text(json.dumps(facts, indent=2) + "\n")
    return Bundle(_read_card(weights.with_suffix(".json")), weights)


def _read(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BundleError(
            f"{what.capitalize()} cannot be read: {path} ({error.strerror}). "
            f"Reinstall the package or bundle."
        ) from error


def _read_card(path: Path) -> Card:
    try:
        facts = json.loads(_read(path, "the card"))
        facts["modalities"] = tuple(Modality(m) for m in facts["modalities"])
        facts["regions"] = tuple(Region(r) for r in facts["regions"])
        facts["spacing_mm"] = tuple(facts["spacing_mm"])
        return Card(**facts)
    except (ValueError, KeyError, TypeError) as error:
        raise BundleError(
            f"The card {path} is not one this version can read ({error}). "
            f"Reinstall the package or bundle."
        ) from error
