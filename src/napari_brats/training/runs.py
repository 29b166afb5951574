"""A run as a folder: which cases it trains on, which it leaves out, and the bundle it ends in.

``run.json`` holds the recipe and the split, ``last.pt`` the checkpoint, ``history.csv`` the losses.
"""

from __future__ import annotations

import itertools
import json
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_brats import INTENDED_USE
from napari_brats.core.case import Case
from napari_brats.core.errors import BratsError, CaseError
from napari_brats.core.labels import REGIONS, Region
from napari_brats.core.modalities import Modality
from napari_brats.core.progress import Job, Progress, drain
from napari_brats.inference.segment import SegmentOptions, segment
from napari_brats.io.case_files import CaseFiles
from napari_brats.io.discover import discover
from napari_brats.io.load import load_case
from napari_brats.metrics.score import score_regions
from napari_brats.models.bundle import Bundle, Card, save_bundle
from napari_brats.training.config import Recipe, TrainConfig, config_from_table

if TYPE_CHECKING:
    from napari_brats.models.unet import UNet3D

RUN = "run.json"
NORMALISATION = (
    "per modality: clipped to the 0.5 and 99.5 percentile inside the brain, then zero mean and "
    "unit variance inside it, 0 outside"
)


@dataclass(frozen=True)
class Split:
    """Where the cases are, the ids of those that train, and of those that are left out."""

    data: str
    train: tuple[str, ...]
    hold_out: tuple[str, ...]


def train_run(data: Path, run: Path, recipe: Recipe) -> Job[UNet3D]:
    """Train on the labelled cases in ``data``, from the last checkpoint where there is one.

    Raises
    ------
    CaseError
        If a case cannot be used, or one to leave out is not there.
    BratsError
        If ``run`` holds another recipe's run; nothing is touched then.
    """
    from napari_brats.training.dataset import prepare_case
    from napari_brats.training.loop import train

    files = discover(data)
    split = _split(data, files, recipe.hold_out)
    _start(run, recipe, split)
    chosen = [f for f in files if f.case_id in split.train]
    cases = []
    for done, case_files in enumerate(chosen):
        yield Progress(done, len(chosen), f"Preparing case {case_files.case_id}")
        cases.append(prepare_case(load_case(case_files), recipe.config))
    return (yield from train(cases, run, recipe.config))


def bundle_run(run: Path, name: str, directory: Path, data: Path | None = None) -> Job[Bundle]:
    """Score a run's network on the cases it left out, and write it as a bundle.

    The card gets Dice and HD95 of each case and region with all modalities, and the mean Dice
    with every subset of them. ``data`` says where the cases are now, if they were moved.
    """
    from napari_brats.training.loop import averaged_network

    recipe, split = _read_run(run)
    network, step = averaged_network(run, recipe.config)
    card = Card(
        name=name,
        title=recipe.card.get("title", name),
        network="unet3d",
        arguments=asdict(network.config),
        sha256="",
        modalities=recipe.config.modalities,
        normalisation=NORMALISATION,
        training={"recipe": asdict(recipe.config), "steps_done": step, "cases": split.train},
        data_licence=recipe.card.get("data_licence", ""),
        attribution=recipe.card.get("attribution", ""),
        limits=recipe.card.get("limits", ""),
        intended_use=INTENDED_USE,
    )
    held_out = [f for f in discover(data or Path(split.data)) if f.case_id in split.hold_out]
    with tempfile.TemporaryDirectory() as elsewhere:  # a bundle without scores is never listed
        unscored = save_bundle(network, card, Path(elsewhere))
        scores = yield from _scores(unscored, held_out)
    return save_bundle(network, replace(card, scores=scores), directory)


def _split(data: Path, files: Sequence[CaseFiles], hold_out: Sequence[str]) -> Split:
    ids = [f.case_id for f in files]
    if missing := [case_id for case_id in hold_out if case_id not in ids]:
        raise CaseError(
            f"Cases to leave out are not among the {len(ids)} cases found: {', '.join(missing)}."
        )
    train = tuple(sorted(case_id for case_id in ids if case_id not in hold_out))
    if not train:
        raise CaseError(f"No case is left to train on: {len(ids)} found, all of them left out.")
    return Split(str(data.resolve()), train, tuple(hold_out))


def _start(run: Path, recipe: Recipe, split: Split) -> None:
    """Write ``run.json``, or check that the one that is there is the same run."""
    facts = json.loads(json.dumps({"recipe": asdict(recipe), "split": asdict(split)}))
    path = run / RUN
    if path.exists():
        if json.loads(path.read_text()) != facts:
            raise BratsError(
                f"The folder {run} holds a run with another recipe or other cases. "
                f"Choose a new folder, or the recipe it was started with."
            )
        return
    run.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(facts, indent=2) + "\n")


def _read_run(run: Path) -> tuple[Recipe, Split]:
    try:
        facts = json.loads((run / RUN).read_text())
        recipe, split = facts["recipe"], facts["split"]
        config: TrainConfig = config_from_table(recipe["config"])
        return (
            Recipe(config, tuple(recipe["hold_out"]), recipe["card"]),
            Split(split["data"], tuple(split["train"]), tuple(split["hold_out"])),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BratsError(
            f"{run} is not the folder of a run: {RUN} cannot be read ({error})."
        ) from error


def _scores(bundle: Bundle, held_out: Sequence[CaseFiles]) -> Job[dict[str, Any]]:
    """Per case and region with all modalities; the mean Dice with each subset of them."""
    rows: list[dict[str, Any]] = []
    by_subset: dict[str, dict[Region, list[float]]] = {}
    subsets = _subsets(bundle.card.modalities)
    for done, files in enumerate(held_out):
        case = load_case(files)
        for number, subset in enumerate(subsets):
            yield Progress(
                done * len(subsets) + number,
                len(held_out) * len(subsets),
                f"Scoring case {files.case_id} with {'+'.join(subset)}",
            )
            score = _score(bundle, case, subset)
            dice = by_subset.setdefault("+".join(subset), {region: [] for region in REGIONS})
            for region in REGIONS:
                if score[region]["reference_ml"]:  # a Dice without a reference says nothing
                    dice[region].append(score[region]["dice"])
            if subset == bundle.card.modalities:
                rows.append({"case_id": files.case_id, "regions": score})
    return {
        "note": f"{len(held_out)} cases left out of training; whole-volume Dice and HD95 (mm)",
        "cases": rows,
        "mean_dice_by_modalities": {
            subset: {
                region: {"mean": round(statistics.fmean(values), 4), "n": len(values)}
                for region, values in dice.items()
                if values
            }
            for subset, dice in by_subset.items()
        },
    }


def _subsets(modalities: tuple[Modality, ...]) -> list[tuple[Modality, ...]]:
    """Every non-empty subset, the full one first."""
    return [
        subset
        for size in range(len(modalities), 0, -1)
        for subset in itertools.combinations(modalities, size)
    ]


def _score(
    bundle: Bundle, case: Case, subset: tuple[Modality, ...]
) -> dict[Region, dict[str, float]]:
    if case.label_map is None:
        raise CaseError(f"Case {case.case_id} was left out to be scored but has no label map.")
    partial = replace(case, volumes={m: case.volumes[m] for m in subset})
    prediction = drain(segment(partial, bundle, SegmentOptions())).labels
    spacing = case.reference.grid.spacing_mm
    scores = score_regions(case.label_map.volume.data, prediction, spacing)
    return {
        region: {
            "dice": round(score.dice, 4),
            "hd95_mm": round(score.hd95_mm, 2),
            "reference_ml": round(score.reference_ml, 2),
            "prediction_ml": round(score.prediction_ml, 2),
        }
        for region, score in scores.items()
    }
