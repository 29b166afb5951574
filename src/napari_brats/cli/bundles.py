"""``napari-brats bundles``: the networks at hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_brats import INTENDED_USE
from napari_brats.cli.console import note, say

if TYPE_CHECKING:
    from napari_brats.models.bundle import Bundle
    from napari_brats.models.card import Card

_TASKS = {
    "segment": "segments the tumour",
    "reconstruct": "reconstructs the image (anomaly map or denoising)",
}


def bundles(
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole cards as JSON.")] = False,
) -> None:
    """List the networks with what they need, how they score and under which licence.

    Those that ship come first, then your own, from the folder that 'napari-brats bundle' writes to.

    Research use only. Not a medical device.
    """
    from napari_brats.models.bundle import DEFAULT_BUNDLE, find_bundles, user_folder

    found = find_bundles(task=None)
    if as_json:
        listing = {
            "default": DEFAULT_BUNDLE,
            "user_folder": str(user_folder()),
            "bundles": [_facts(bundle) for bundle in found.bundles],
            "problems": found.problems,
        }
        say(json.dumps(listing, indent=2))
        return
    for bundle in found.bundles:
        _describe(bundle, is_default=bundle.card.name == DEFAULT_BUNDLE)
    for problem in found.problems:
        note(f"Left out: {problem}")
    say(f"Your own bundles: {user_folder()}")
    say(INTENDED_USE)


def _facts(bundle: Bundle) -> dict[str, Any]:
    """The card and where the bundle comes from."""
    origin = "user" if bundle.is_users else "built-in"
    return asdict(bundle.card) | {"origin": origin, "weights": str(bundle.weights)}


def _describe(bundle: Bundle, *, is_default: bool) -> None:
    card = bundle.card
    mark = " (default)" if is_default else " (yours)" if bundle.is_users else ""
    say(f"{card.name}{mark}: {card.title}")
    for title, text in (
        ("task", _TASKS.get(card.task, card.task)),
        ("modalities", ", ".join(card.modalities)),
        ("regions", ", ".join(card.regions) if card.task == "segment" else ""),
        ("spacing", " x ".join(f"{mm:g}" for mm in card.spacing_mm) + " mm"),
        ("tuned", _tuned(card)),
        ("data", card.data_licence),
        ("cite", card.attribution),
        ("use", card.intended_use),
        ("limits", card.limits),
        ("file", str(bundle.weights) if bundle.is_users else ""),
    ):
        if text:
            say(f"  {title:<10}  {text}")


def _tuned(card: Card) -> str:
    """The post-processing that results begin with, where it was tuned."""
    options = card.postprocess.get("options")
    if not isinstance(options, Mapping) or not options:
        return ""
    values = ", ".join(f"{name} {json.dumps(value)}" for name, value in options.items())
    return f"{values} (on {card.postprocess.get('n', 'some')} cases)"
