"""The card of a bundle: what a network is, how it was made and scored; JSON beside its weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from napari_brats.core.errors import BundleError
from napari_brats.core.labels import REGIONS, Region
from napari_brats.core.modalities import MODALITIES, Modality


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
    flatten
        Whether smooth brightness is divided out of each modality before normalisation.
    sha256
        Of the weights file.
    training, scores
        How it was trained and what it reached on cases left out, as JSON.
    postprocess
        The post-processing its probabilities start with where it was tuned, with what that
        reached; empty: cut at one half. `inference.postprocess_options` reads it.
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
    flatten: bool = False
    training: Mapping[str, Any] = field(default_factory=dict)
    scores: Mapping[str, Any] = field(default_factory=dict)
    postprocess: Mapping[str, Any] = field(default_factory=dict)
    data_licence: str = ""
    attribution: str = ""
    intended_use: str = ""
    limits: str = ""


def read_card(path: Path) -> Card:
    """The card at ``path``; the file's name is the bundle's, whatever it was when it was made."""
    payload = read_part(path, "the card")
    try:
        facts = json.loads(payload)
        facts["modalities"] = tuple(Modality(m) for m in facts["modalities"])
        facts["regions"] = tuple(Region(r) for r in facts["regions"])
        facts["spacing_mm"] = tuple(float(mm) for mm in facts["spacing_mm"])
        card = Card(**facts)
        _require_types(card)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BundleError(
            f"The card {path} is not one this version can read ({error}). "
            f"Reinstall the package or bundle."
        ) from error
    return replace(card, name=path.stem)


def card_to_json(card: Card) -> bytes:
    """The file that `read_card` reads."""
    return (json.dumps(asdict(card), indent=2) + "\n").encode()


def read_part(path: Path, what: str) -> bytes:
    """The bytes of a bundle's file; BundleError naming it if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise BundleError(
            f"{what.capitalize()} cannot be read: {path} ({error.strerror}). "
            f"Reinstall the package or bundle."
        ) from error


def _require_types(card: Card) -> None:
    """TypeError naming the first value that is not of its kind."""
    for item in fields(card):
        value = getattr(card, item.name)
        if item.type == "str" and not isinstance(value, str):
            raise TypeError(f"'{item.name}' is {value!r}, expected a text")
        if item.type == "bool" and not isinstance(value, bool):
            raise TypeError(f"'{item.name}' is {value!r}, expected true or false")
        if "Mapping" in str(item.type) and not isinstance(value, dict):
            raise TypeError(f"'{item.name}' is {value!r}, expected an object")
    spacing_mm: tuple[float, ...] = card.spacing_mm
    if not card.modalities or len(spacing_mm) != 3 or min(spacing_mm) <= 0:
        raise TypeError("expected at least one modality and three spacings above 0")
