"""From runs to a bundle: their network, its scores on the cases left out, and the card."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from napari_brats import INTENDED_USE
from napari_brats.core.errors import BratsError
from napari_brats.core.progress import Job
from napari_brats.io.discover import discover
from napari_brats.models.bundle import Bundle, save_bundle
from napari_brats.models.card import Card
from napari_brats.training.config import Recipe
from napari_brats.training.runs import Split, flattens, objective_is_segmentation, read_run
from napari_brats.training.scoring import card_scores, score_held_out

if TYPE_CHECKING:
    from napari_brats.models.network import Network

NORMALISATION = (
    "per modality: clipped to the 0.5 and 99.5 percentile inside the brain, then zero mean and "
    "unit variance inside it, 0 outside"
)
FLATTENING = "smooth brightness divided out (robust polynomial of degree 2); "


def bundle_run(
    runs: Sequence[Path],
    name: str,
    directory: Path,
    data: Path | None = None,
    scores_from: Sequence[Card] = (),
) -> Job[Bundle]:
    """Score the network of a run on the cases it left out, and write it as a bundle.

    Several runs on the same cases make one network: the mean of theirs (`UNetEnsemble`). The card
    gets the scores of each case and region with all modalities, and Dice with every subset of them.
    ``data`` says where the cases are now, if they were moved. ``scores_from`` are the cards of the
    folds of a cross-validation with the same recipe: their rows join the card, which is how a
    network that was trained on all cases gets honest scores.

    Raises
    ------
    BratsError
        If a run cannot be read, has no checkpoint yet, or was trained on other cases or with
        another network than the first.
    """
    network, card, split = _unscored(runs, name)
    if card.task != "segment":
        return save_bundle(network, card, directory)
    held_out = [f for f in discover(data or Path(split.data)) if f.case_id in split.hold_out]
    with tempfile.TemporaryDirectory() as elsewhere:  # a bundle without scores is never listed
        unscored = save_bundle(network, card, Path(elsewhere))
        rows = yield from score_held_out(unscored, held_out)
    rows += [row for fold_card in scores_from for row in fold_card.scores["cases"]]
    scores = card_scores(rows)
    if scores_from:
        steps = ", ".join(_steps(fold_card) for fold_card in scores_from)
        scores["note"] += (
            f" These are the networks of a cross-validation's folds ({steps} steps), not the one "
            f"in this bundle ({_steps(card)} steps)."
        )
    return save_bundle(network, replace(card, scores=scores), directory)


def _unscored(runs: Sequence[Path], name: str) -> tuple[Network, Card, Split]:
    from napari_brats.models.ensemble import UNetEnsemble
    from napari_brats.training.loop import averaged_network

    recipe, split = read_run(runs[0])
    networks, trainings = [], []
    for run in runs:
        its_recipe, its_split = read_run(run)
        if _basis(its_recipe, its_split) != _basis(recipe, split):
            raise BratsError(
                f"The runs {runs[0]} and {run} cannot make one bundle: expected the same cases, "
                f"modalities and normalisation in both. They train on {len(split.train)} and "
                f"{len(its_split.train)} cases, leave out {len(split.hold_out)} and "
                f"{len(its_split.hold_out)}. Train both with the same folds and recipe."
            )
        network, step = averaged_network(run, its_recipe.config)
        networks.append(network)
        trainings.append({"recipe": asdict(its_recipe.config), "steps_done": step})
    network = networks[0] if len(networks) == 1 else UNetEnsemble.of(networks)
    others = {"members": trainings} if len(networks) > 1 else {}
    config = recipe.config
    card = Card(
        name=name,
        title=recipe.card.get("title", name),
        network=config.network,
        arguments=asdict(network.config),
        sha256="",
        task="segment" if objective_is_segmentation(config) else "reconstruct",
        modalities=config.modalities,
        normalisation=(FLATTENING if flattens(config) else "") + NORMALISATION,
        flatten=flattens(config),
        training=trainings[0] | {"cases": split.train} | others,
        data_licence=recipe.card.get("data_licence", ""),
        attribution=recipe.card.get("attribution", ""),
        limits=recipe.card.get("limits", ""),
        intended_use=INTENDED_USE,
    )
    return network, card, split


def _basis(recipe: Recipe, split: Split) -> tuple[object, ...]:
    """What runs must share whose networks answer together."""
    config = recipe.config
    return set(split.train), set(split.hold_out), config.modalities, flattens(config)


def _steps(card: Card) -> str:
    """How many steps the network was trained for, and from which bundle on; per member."""
    told = []
    for training in card.training.get("members", [card.training]):
        start = training.get("recipe", {}).get("start_from")
        told.append(f"{training['steps_done']}{f' from {start!r}' if start else ''}")
    return " and ".join(told)
