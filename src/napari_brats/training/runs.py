"""A run as a folder: which cases it trains on, which it leaves out, and the bundle it ends in.

``run.json`` holds the recipe and the split, ``last.pt`` the checkpoint, ``history.csv`` the losses.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_brats.core.errors import BratsError, CaseError
from napari_brats.core.labels import Label
from napari_brats.core.progress import Job, Progress
from napari_brats.core.user_folders import cache_folder
from napari_brats.io.atomic import write_atomically
from napari_brats.io.case_files import CaseFiles
from napari_brats.io.discover import discover
from napari_brats.models.bundle import load_bundle
from napari_brats.training.config import Recipe, TrainConfig, config_from_table
from napari_brats.training.crossval import Fold, fold_cases, patient_of
from napari_brats.training.curves import HISTORY

if TYPE_CHECKING:
    from napari_brats.models.network import Network
    from napari_brats.training.dataset import TrainingCase
    from napari_brats.training.loop import Hardware

RUN = "run.json"
SPACING_MM = (1.0, 1.0, 1.0)
"""At which networks are trained; every release of BraTS has it."""


@dataclass(frozen=True)
class Split:
    """Where the cases are, the ids of those that train, and of those that are left out.

    Other time points of a patient who is left out are in neither.
    """

    data: str
    train: tuple[str, ...]
    hold_out: tuple[str, ...]


def train_run(
    data: Path,
    run: Path,
    recipe: Recipe,
    fold: Fold | None = None,
    hardware: Hardware | None = None,
) -> Job[Network]:
    """Train on the labelled cases in ``data``, from the last checkpoint where there is one.

    Cases that cannot be used (no label map, labels that are not known, damaged files) are passed
    over: progress messages and ``run.json`` name them with the reason. A fold leaves out its cases
    instead of ``recipe.hold_out``.

    Raises
    ------
    CaseError
        If a case to leave out is not there or cannot be used, or none is left to train on.
    BratsError
        If ``run`` holds another recipe's run (nothing is touched then), or a checkpoint cannot
        be written.
    """
    from napari_brats.training.loop import Hardware, train
    from napari_brats.training.validate import validator

    hardware = hardware or Hardware()
    cases, passed_over = yield from _prepared(data, recipe, hardware)
    split = _split(data, cases, passed_over, recipe, fold)
    if hardware.processes.first:
        _start(run, recipe, split, passed_over)
    held_out = [case for case in cases if case.case_id in split.hold_out]
    start = load_bundle(recipe.config.start_from) if recipe.config.start_from else None
    validate = None
    if held_out and objective_is_segmentation(recipe.config):
        validate = validator(held_out, hardware.device)
    return (
        yield from train(
            [case for case in cases if case.case_id in split.train],
            run,
            recipe.config,
            hardware,
            validate,
            start.load_network() if start else None,
        )
    )


def objective_is_segmentation(config: TrainConfig) -> bool:
    """Whether the network gives regions rather than images."""
    return config.network != "autoencoder3d"


def flattens(config: TrainConfig) -> bool:
    """Whether the images of the run are flattened: reconstructions must be of the real ones."""
    return config.flatten and objective_is_segmentation(config)


def _prepared(
    data: Path, recipe: Recipe, hardware: Hardware
) -> Job[tuple[list[TrainingCase], dict[str, str]]]:
    """The cases as the network sees them, sorted, and by id why others cannot be trained on.

    Several processes begin with different cases, and find those of the others in the cache.
    """
    from napari_brats.training.cache import cached_case

    files = discover(data, strict=False)
    _require_distinct_ids(files)
    cases: list[TrainingCase] = []
    passed_over: dict[str, str] = {}
    for done, case_files in enumerate(hardware.processes.own_first(files)):
        case_id = case_files.case_id
        yield Progress(done, len(files), f"Preparing case {case_id}")
        try:
            cases.append(
                cached_case(
                    case_files,
                    recipe.config.modalities,
                    SPACING_MM,
                    cache_folder(),
                    flatten=flattens(recipe.config),
                )
            )
        except BratsError as error:
            passed_over[case_id] = str(error)
            yield Progress(0, len(files), f"Passing over {case_id}: {error}")
    if not cases:
        reasons = "\n".join(f"  {case_id}: {why}" for case_id, why in passed_over.items())
        raise CaseError(f"None of the {len(files)} cases in {data} can be trained on:\n{reasons}")
    return sorted(cases, key=lambda case: case.case_id), passed_over


def _require_distinct_ids(files: Sequence[CaseFiles]) -> None:
    """Two cases of one name could be on both sides of a split without anyone noticing."""
    homes: dict[str, list[Path]] = {}
    for case_files in files:
        choices = (*case_files.modalities.values(), *case_files.unassigned)
        homes.setdefault(case_files.case_id, []).extend(c.path.parent for c in choices[:1])
    for case_id, folders in homes.items():
        if len(folders) > 1:
            listing = "\n".join(f"  {folder}" for folder in folders)
            raise CaseError(
                f"{len(folders)} cases are called {case_id}:\n{listing}\nExpected one of each "
                f"name, so that it is clear what is trained on and what is left out. Rename them."
            )


def _split(
    data: Path,
    cases: Sequence[TrainingCase],
    passed_over: Mapping[str, str],
    recipe: Recipe,
    fold: Fold | None,
) -> Split:
    ids = [case.case_id for case in cases]
    hold_out = recipe.hold_out
    if fold is not None:
        enhancing = {c.case_id: int((c.labels == Label.ET).sum()) for c in cases}
        hold_out = fold_cases(enhancing, fold)
    if missing := [case_id for case_id in hold_out if case_id not in ids]:
        reasons = "".join(f"\n  {i}: {passed_over[i]}" for i in missing if i in passed_over)
        raise CaseError(
            f"Cases to leave out are not among the {len(ids)} usable cases found: "
            f"{', '.join(missing)}.{reasons}"
        )
    patients = {patient_of(case_id) for case_id in hold_out}
    train = tuple(sorted(case_id for case_id in ids if patient_of(case_id) not in patients))
    if not train:
        raise CaseError(f"No case is left to train on: {len(ids)} found, all of them left out.")
    return Split(str(data.resolve()), train, tuple(hold_out))


def _start(run: Path, recipe: Recipe, split: Split, passed_over: Mapping[str, str]) -> None:
    """Write ``run.json``, or check that the one that is there is the same run.

    One that was refused before its first step does not count: the recipe is being put right.
    """
    facts = json.loads(json.dumps({"recipe": asdict(recipe), "split": asdict(split)}))
    path = run / RUN
    if path.exists() and (run / HISTORY).exists():
        former = _facts_of(run)
        if any(former.get(key) != value for key, value in facts.items()):
            raise BratsError(
                f"The folder {run} holds a run with another recipe or other cases. "
                f"Choose a new folder, or the recipe it was started with."
            )
        return
    try:
        run.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BratsError(
            f"The folder {run} cannot be made ({error.strerror}). Choose another one for the run."
        ) from error
    text = json.dumps(facts | {"passed_over": passed_over}, indent=2) + "\n"
    write_atomically(path, text.encode(), overwrite=True)


def read_run(run: Path) -> tuple[Recipe, Split]:
    """The recipe and split of a run's folder; BratsError if it is not one."""
    facts = _facts_of(run)
    try:
        recipe, split = facts["recipe"], facts["split"]
        config: TrainConfig = config_from_table(recipe["config"])
        return (
            Recipe(config, tuple(recipe["hold_out"]), recipe["card"]),
            Split(split["data"], tuple(split["train"]), tuple(split["hold_out"])),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise BratsError(f"{run / RUN} is not that of a run of this version ({error}).") from error


def _facts_of(run: Path) -> dict[str, Any]:
    try:
        facts = json.loads((run / RUN).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BratsError(
            f"{run} is not the folder of a run: {RUN} cannot be read ({error})."
        ) from error
    if not isinstance(facts, dict):
        raise BratsError(f"{run} is not the folder of a run: {RUN} holds no table.")
    return facts
