"""``napari-brats bundles``: the networks at hand."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from napari_brats import INTENDED_USE
from napari_brats.cli.console import say


def bundles(
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole cards as JSON.")] = False,
) -> None:
    """List the bundled networks with what they need, how they score and under which licence.

    Research use only. Not a medical device.
    """
    from napari_brats.models.bundle import DEFAULT_BUNDLE, list_bundles

    cards = list_bundles()
    if as_json:
        say(
            json.dumps({"default": DEFAULT_BUNDLE, "bundles": [asdict(c) for c in cards]}, indent=2)
        )
        return
    for card in cards:
        default = " (default)" if card.name == DEFAULT_BUNDLE else ""
        say(f"{card.name}{default}: {card.title}")
        say(f"  modalities  {', '.join(card.modalities)}")
        say(f"  regions     {', '.join(card.regions)}")
        say(f"  spacing     {' x '.join(f'{s:g}' for s in card.spacing_mm)} mm")
        for title, text in (
            ("data", card.data_licence),
            ("cite", card.attribution),
            ("use", card.intended_use),
            ("limits", card.limits),
        ):
            if text:
                say(f"  {title:<10}  {text}")
    say(INTENDED_USE)
