"""``napari-brats tune``: the post-processing that serves a network best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_brats import INTENDED_USE, __version__
from napari_brats.cli.console import (
    ALL_DONE,
    INTERRUPTED,
    SOME_FAILED,
    ProgressReport,
    note,
    require_convention,
    say,
    usage_error,
)
from napari_brats.core.errors import BundleError, CaseError
from napari_brats.core.progress import Job, Progress

if TYPE_CHECKING:
    from napari_brats.cli.pairs import LabelMapFile
    from napari_brats.core.labels import Region
    from napari_brats.metrics.lesionwise import Challenge
    from napari_brats.models.bundle import Bundle
    from napari_brats.tuning.cases import TuningCase
    from napari_brats.tuning.crossval import Tuning
    from napari_brats.tuning.search import Objective

Files = dict[str, tuple["Mapping[Region, Path]", "LabelMapFile"]]

_Predictions = Annotated[
    Path,
    typer.Argument(
        metavar="PREDICTIONS",
        help="Folder of probabilities, as 'segment --probabilities' writes them.",
    ),
]
_References = Annotated[
    Path,
    typer.Argument(
        metavar="REFERENCES", help="Folder of reference label maps, or of labelled cases."
    ),
]
_Bundle = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="The bundle whose card --store writes into, or a path."),
]
_Store = Annotated[bool, typer.Option("--store", help="Store the options in the card of --bundle.")]
_Force = Annotated[
    bool, typer.Option("--force", help="Store them even if they gain nothing on new patients.")
]
_Output = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write options and scores to FILE.json; replaced."),
]
_Objective = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="What is made as large as possible, mean over cases and WT, TC, ET: mean (of "
        "whole-volume and lesion-wise Dice), dice or lesionwise.",
    ),
]
_Challenge = Annotated[
    str, typer.Option(help="Rules of the lesion-wise scores: GLI, SSA, PED, MEN or MET.")
]
_Folds = Annotated[
    int | None,
    typer.Option(help="Deal the patients out in this many folds. Default: leave out each one."),
]
_ReferenceConvention = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Label convention of the references, if known."),
]


def tune(
    predictions: _Predictions,
    references: _References,
    bundle: _Bundle = None,
    store: _Store = False,
    force: _Force = False,
    output: _Output = None,
    objective: _Objective = "mean",
    challenge: _Challenge = "GLI",
    folds: _Folds = None,
    reference_convention: _ReferenceConvention = None,
) -> None:
    """Find the thresholds and sizes that score best, and what they gain on patients left out.

    The probabilities must be those of cases that the network was not trained on: of the folds of a
    cross-validation, say. Exit code: 0 done, 1 failed, or the options gain nothing and were not
    stored, 2 usage, 130 interrupted.

    Research use only. Not a medical device: not for diagnosis or treatment.
    """
    from napari_brats.tuning.report import tuning_to_text

    rules, aim = _challenge(challenge), _objective(objective)
    require_convention(reference_convention, "--reference-convention")
    _check_output(output)
    target = _target(bundle, store=store, force=force)
    try:
        files = _pairs(predictions, references)
        if target is not None:
            _warn_of_training_cases(target, files, predictions)
        with ProgressReport(1) as report:
            cases = report.follow(_read_all(files, reference_convention))
            tuning = report.follow(_tune(cases, aim, rules, folds))
    except KeyboardInterrupt:
        note("Interrupted. Nothing was written.")
        raise typer.Exit(INTERRUPTED) from None
    say(tuning_to_text(tuning))
    if output is not None:
        _write(output, tuning)
    code = _store(target, tuning, force=force) if store and target else ALL_DONE
    note(INTENDED_USE)
    raise typer.Exit(code)


def _tune(
    cases: list[TuningCase], objective: Objective, challenge: Challenge, folds: int | None
) -> Job[Tuning]:
    from napari_brats.tuning.crossval import tune as tune_job

    return tune_job(cases, objective, challenge, folds)


def _pairs(predictions: Path, references: Path) -> Files:
    """The probabilities and the reference of each case that has both; says which have not."""
    from napari_brats.cli.pairs import label_maps_at
    from napari_brats.tuning.cases import probability_files

    try:
        probabilities = probability_files(predictions)
        label_maps = label_maps_at(references)
    except CaseError as error:
        raise usage_error(str(error), "PREDICTIONS, REFERENCES") from error
    shared = [case_id for case_id in probabilities if case_id in label_maps]
    if not shared:
        raise usage_error(
            f"No case has both. Probabilities are of {_few(probabilities)}, references of "
            f"{_few(label_maps)}. Rename one side so that the ids agree.",
            "PREDICTIONS, REFERENCES",
        )
    if alone := [case_id for case_id in probabilities if case_id not in label_maps]:
        note(f"Without a reference, and left out: {', '.join(alone)}")
    return {case_id: (probabilities[case_id], label_maps[case_id]) for case_id in shared}


def _few(ids: Mapping[str, Any]) -> str:
    return ", ".join(list(ids)[:3]) + (", ..." if len(ids) > 3 else "")


def _read_all(files: Files, convention: str | None) -> Job[list[TuningCase]]:
    from napari_brats.cli.scoring import read_label_map
    from napari_brats.training.crossval import patient_of
    from napari_brats.tuning.cases import read_tuning_case
    from napari_brats.tuning.search import THRESHOLDS

    cases = []
    for number, (case_id, (probabilities, file)) in enumerate(files.items()):
        yield Progress(number, len(files), f"Reading {case_id}")
        reference = read_label_map(file, convention)
        patient = patient_of(case_id)
        cases.append(read_tuning_case(patient, probabilities, reference, min(THRESHOLDS)))
    return cases


def _warn_of_training_cases(bundle: Bundle, files: Files, predictions: Path) -> None:
    """Say so where the records show that this very network was trained on the cases."""
    import json

    trained = bundle.card.training.get("cases", ())
    seen = []
    for case_id in files:
        try:
            record = json.loads((predictions / f"{case_id}-seg.json").read_bytes())
            is_its = record["bundle"]["sha256"] == bundle.card.sha256
        except (OSError, ValueError, KeyError, TypeError):  # no record: nothing is known
            continue
        if is_its and case_id in trained:
            seen.append(case_id)
    if seen:
        note(
            f"Warning: bundle '{bundle.card.name}' was trained on {len(seen)} of these "
            f"{len(files)} cases ({', '.join(seen[:3])}...). Its probabilities are better there "
            f"than on new cases, and what is tuned on them will not fit those."
        )


def _store(bundle: Bundle, tuning: Tuning, *, force: bool) -> int:
    """Write the table into the bundle's card if it is worth it; gives the exit code."""
    from napari_brats.models.bundle import store_card
    from napari_brats.tuning.report import card_table

    if not tuning.is_worth_it and not force:
        note(
            "The options gain nothing on patients left out: nothing was stored. --force stores "
            "them all the same."
        )
        return SOME_FAILED
    stored = store_card(bundle, replace(bundle.card, postprocess=card_table(tuning)))
    say(f"Stored in {stored.weights.with_suffix('.json')}")
    return ALL_DONE


def _target(name: str | None, *, store: bool, force: bool) -> Bundle | None:
    """The bundle to store in; a usage error if it cannot be stored in."""
    from napari_brats.models.bundle import load_bundle

    if name is None:
        if store or force:
            raise usage_error("Say with --bundle in which card to store.", "--store")
        return None
    try:
        bundle = load_bundle(name)
    except BundleError as error:
        raise usage_error(str(error), "--bundle") from error
    if bundle.card.task != "segment":
        raise usage_error(f"Bundle '{name}' does not segment: nothing is tuned.", "--bundle")
    if store and not bundle.is_users and not name.endswith((".json", ".safetensors")):
        raise usage_error(
            f"'{name}' is a built-in bundle: its card would be lost with the next update. Copy its "
            f"two files under another name into your own folder of bundles, or give the path of "
            f"the card.",
            "--bundle",
        )
    return bundle


def _challenge(name: str) -> Challenge:
    from napari_brats.metrics.lesionwise import CHALLENGES

    if name.upper() not in CHALLENGES:
        known = ", ".join(CHALLENGES)
        raise usage_error(f"There is no challenge '{name}'. Known: {known}.", "--challenge")
    return CHALLENGES[name.upper()]


def _objective(name: str) -> Objective:
    from napari_brats.tuning.search import Objective

    if name not in tuple(Objective):
        known = ", ".join(Objective)
        raise usage_error(f"There is no objective '{name}'. Known: {known}.", "--objective")
    return Objective(name)


def _check_output(output: Path | None) -> None:
    if output is not None and output.suffix.lower() != ".json":
        raise usage_error(f"{output.name} does not end in .json.", "--output")
    if output is not None and not output.parent.is_dir():
        raise usage_error(f"The folder {output.parent} does not exist.", "--output")


def _write(output: Path, tuning: Tuning) -> None:
    from napari_brats.io.atomic import write_atomically
    from napari_brats.io.sidecar import to_json
    from napari_brats.tuning.report import tuning_to_json

    facts = {"intended_use": INTENDED_USE, "version": __version__, **tuning_to_json(tuning)}
    write_atomically(output, to_json(facts), overwrite=True)
