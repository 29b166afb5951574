"""``napari-brats evaluate``: the metrics of label maps against references."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_brats import INTENDED_USE
from napari_brats.cli.console import (
    ALL_DONE,
    INTERRUPTED,
    SOME_FAILED,
    ProgressReport,
    note,
    require_convention,
)
from napari_brats.cli.console import usage_error as usage
from napari_brats.cli.workers import SchedulerAddress, chosen_workers, require_one
from napari_brats.core.errors import BratsError, CaseError

if TYPE_CHECKING:
    from napari_brats.cli.pairs import Pair
    from napari_brats.cli.scoring import Plan
    from napari_brats.metrics.score import ScoreOptions
    from napari_brats.metrics.tables import CaseScore
    from napari_brats.scale.workers import Workers

_CONVENTION_HELP = "Label convention of the {}. Default: inferred from names and values."
_NO_IMAGE = "none"


_Reference = Annotated[
    Path, typer.Option(metavar="R", help="The reference label map, or a folder of them.")
]
_Prediction = Annotated[
    list[str],
    typer.Option(
        metavar="P",
        help="The predicted label map, or a folder of them; repeat it, maybe as NAME=P, to "
        "compare several on the same cases.",
    ),
]
_Output = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write the scores to FILE.json or FILE.csv."),
]
_Lesions = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write a line per lesion to FILE.csv."),
]
_Plot = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Draw the scores into FILE.png, FILE.pdf or FILE.svg."),
]
_Image = Annotated[
    str | None,
    typer.Option(
        metavar="I",
        help="Image, or folder of images matched by case id, for the accuracy in the brain; "
        "none for no image. Default: the images beside the reference.",
    ),
]
_Labels = Annotated[bool, typer.Option("--labels", help="Score single labels, too.")]
_ReferenceConvention = Annotated[
    str | None, typer.Option(metavar="NAME", help=_CONVENTION_HELP.format("references"))
]
_PredictionConvention = Annotated[
    str | None, typer.Option(metavar="NAME", help=_CONVENTION_HELP.format("predictions"))
]
_Challenge = Annotated[
    str, typer.Option(help="Rules of the lesion-wise scores: GLI, SSA, PED, MEN or MET.")
]
_Empty = Annotated[
    str,
    typer.Option(
        help="What an empty region scores: challenge (both empty Dice 1 and HD95 0, one empty "
        "0 and 374) or nan (undefined)."
    ),
]
_ToleranceMm = Annotated[
    list[float] | None,
    typer.Option(help="Tolerance of the surface Dice in mm; repeatable. Default: 1 and 2."),
]
_Workers = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Score in N processes of this machine. Default: in one, with a thread per CPU.",
    ),
]


def evaluate(
    reference: _Reference,
    prediction: _Prediction,
    output: _Output = None,
    lesions: _Lesions = None,
    plot: _Plot = None,
    image: _Image = None,
    labels: _Labels = False,
    reference_convention: _ReferenceConvention = None,
    prediction_convention: _PredictionConvention = None,
    challenge: _Challenge = "GLI",
    empty: _Empty = "challenge",
    tolerance_mm: _ToleranceMm = None,
    workers: _Workers = None,
    scheduler: SchedulerAddress = None,
) -> None:
    """Score predicted label maps against references: Dice, HD95, accuracy and more per region.

    R and P are two label maps, or two folders matched by case id. A case without a prediction is
    scored as an empty one. A case that fails does not stop the others. FILE is replaced if it is
    there. Exit code: 0 all done, 1 a case failed or has no partner, 2 usage, 130 interrupted.

    Research use only. Not a medical device: not for diagnosis or treatment.
    """
    from napari_brats.cli.pairs import name_sets
    from napari_brats.cli.scores_output import Targets, show, write
    from napari_brats.cli.scoring import Plan

    targets = Targets(output, lesions, plot)
    targets.check()
    options = _options(challenge, empty, tolerance_mm)
    for name, value in (
        ("--reference-convention", reference_convention),
        ("--prediction-convention", prediction_convention),
    ):
        require_convention(value, name)
    require_one(workers, scheduler)
    plan = Plan(options, reference_convention, prediction_convention, labels)
    try:
        paths = name_sets(prediction)
        if scheduler is not None:  # a cluster's workers run in other folders
            reference, image = reference.absolute(), _absolute(image)
            paths = {name: path.absolute() for name, path in paths.items()}
        pairs = {name: _pairs(reference, path, image) for name, path in paths.items()}
    except CaseError as error:
        raise usage(str(error), "--reference, --prediction, --image") from error
    try:
        with chosen_workers(workers, scheduler) as who:
            sets = {n: _run(p, _of_set(plan, n, paths), who) for n, p in pairs.items()}
    except KeyboardInterrupt:
        note("Interrupted. Nothing was written.")
        raise typer.Exit(INTERRUPTED) from None
    show(sets, options)
    asked = {"reference": str(reference), "predictions": {n: str(p) for n, p in paths.items()}}
    write(targets, sets, options, asked)
    note(INTENDED_USE)
    done = all(case.status == "scored" for cases in sets.values() for case in cases)
    raise typer.Exit(ALL_DONE if done else SOME_FAILED)


def _pairs(reference: Path, prediction: Path, image: str | None) -> tuple[Pair, ...]:
    from napari_brats.cli.pairs import pair_up, with_images

    pairs = pair_up(reference, prediction)
    if image == _NO_IMAGE:
        return tuple(replace(pair, images=()) for pair in pairs)
    return pairs if image is None else with_images(pairs, Path(image))


def _absolute(image: str | None) -> str | None:
    return image if image in (None, _NO_IMAGE) else str(Path(image).absolute())


def _of_set(plan: Plan, name: str, paths: Mapping[str, Path]) -> Plan:
    return replace(plan, set_name=name) if len(paths) > 1 else plan


def _run(pairs: tuple[Pair, ...], plan: Plan, workers: Workers | None) -> list[CaseScore]:
    from napari_brats.cli.scoring import score_pairs

    with ProgressReport(len(pairs)) as report:
        cases = report.follow(score_pairs(pairs, plan, workers))
        where = f"{plan.set_name}: " if plan.set_name else ""
        for case in cases:
            if case.error:
                report.line(f"{where}{case.case_id}: {case.status}: {case.error}")
        if len(pairs) > 1 and not any(pair.reference and pair.prediction for pair in pairs):
            ids = [[p.case_id for p in pairs if getattr(p, s)] for s in ("reference", "prediction")]
            report.line(
                f"{where}No case id is on both sides. References are called "
                f"{', '.join(ids[0][:3])}, predictions {', '.join(ids[1][:3])}. Rename one side so "
                f"that the ids agree."
            )
    return cases


def _options(challenge: str, empty: str, tolerances_mm: list[float] | None) -> ScoreOptions:
    from napari_brats.metrics.empty import EmptyPolicy
    from napari_brats.metrics.lesionwise import CHALLENGES
    from napari_brats.metrics.score import ScoreOptions

    if challenge.upper() not in CHALLENGES:
        known = ", ".join(CHALLENGES)
        raise usage(f"There is no challenge '{challenge}'. Known: {known}.", "--challenge")
    if empty not in tuple(EmptyPolicy):
        known = ", ".join(EmptyPolicy)
        raise usage(f"There is no policy '{empty}'. Known: {known}.", "--empty")
    tolerances = tuple(dict.fromkeys(tolerances_mm or (1.0, 2.0)))
    try:
        return ScoreOptions(EmptyPolicy(empty), CHALLENGES[challenge.upper()], tolerances)
    except BratsError as error:
        raise usage(str(error), "--tolerance-mm") from error
