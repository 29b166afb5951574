"""``napari-brats evaluate``: the metrics of label maps against references."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
)
from napari_brats.cli.console import usage_error as usage
from napari_brats.core.errors import BratsError, CaseError

if TYPE_CHECKING:
    from napari_brats.cli.pairs import Pair
    from napari_brats.cli.scoring import Plan
    from napari_brats.metrics.score import ScoreOptions
    from napari_brats.metrics.tables import CaseScore

_CONVENTION_HELP = "Label convention of the {}. Default: inferred from names and values."


def evaluate(
    reference: Annotated[
        Path, typer.Option(metavar="R", help="The reference label map, or a folder of them.")
    ],
    prediction: Annotated[
        Path, typer.Option(metavar="P", help="The predicted label map, or a folder of them.")
    ],
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the scores to FILE.json or FILE.csv."),
    ] = None,
    reference_convention: Annotated[
        str | None, typer.Option(metavar="NAME", help=_CONVENTION_HELP.format("references"))
    ] = None,
    prediction_convention: Annotated[
        str | None, typer.Option(metavar="NAME", help=_CONVENTION_HELP.format("predictions"))
    ] = None,
    challenge: Annotated[
        str, typer.Option(help="Rules of the lesion-wise scores: GLI, SSA, PED, MEN or MET.")
    ] = "GLI",
    empty: Annotated[
        str,
        typer.Option(
            help="What an empty region scores: challenge (both empty Dice 1 and HD95 0, one empty "
            "0 and 374) or nan (undefined)."
        ),
    ] = "challenge",
    tolerance_mm: Annotated[
        list[float] | None,
        typer.Option(help="Tolerance of the surface Dice in mm; repeatable. Default: 1 and 2."),
    ] = None,
) -> None:
    """Score predicted label maps against references: Dice, HD95, accuracy and more per region.

    R and P are two label maps, or two folders matched by case id. A case without a prediction is
    scored as an empty one. FILE is replaced if it is there. Exit code: 0 all done, 1 a case failed
    or has no partner, 2 usage, 130 interrupted.

    Research use only. Not a medical device: not for diagnosis or treatment.
    """
    from napari_brats.cli.pairs import pair_up
    from napari_brats.cli.scoring import Plan
    from napari_brats.metrics.tables import to_text

    _check_output(output)
    options = _options(challenge, empty, tolerance_mm)
    for name, value in (
        ("--reference-convention", reference_convention),
        ("--prediction-convention", prediction_convention),
    ):
        require_convention(value, name)
    plan = Plan(options, reference_convention, prediction_convention)
    try:
        pairs = pair_up(reference, prediction)
    except CaseError as error:
        raise usage(str(error), "--reference, --prediction") from error
    try:
        with ProgressReport(len(pairs)) as report:
            cases = _run(pairs, plan, report)
    except KeyboardInterrupt:
        note("Interrupted. Nothing was written.")
        raise typer.Exit(INTERRUPTED) from None
    say(to_text(cases))
    if output is not None:
        _write(output, cases, plan, {"reference": str(reference), "prediction": str(prediction)})
    note(INTENDED_USE)
    raise typer.Exit(ALL_DONE if all(c.status == "scored" for c in cases) else SOME_FAILED)


def _run(pairs: tuple[Pair, ...], plan: Plan, report: ProgressReport) -> list[CaseScore]:
    from napari_brats.cli.scoring import score_pairs

    cases = report.follow(score_pairs(pairs, plan))
    for case in cases:
        if case.error:
            report.line(f"{case.case_id}: {case.status}: {case.error}")
    if len(pairs) > 1 and not any(pair.reference and pair.prediction for pair in pairs):
        ids = [[p.case_id for p in pairs if getattr(p, s)] for s in ("reference", "prediction")]
        report.line(
            f"No case id is on both sides. References are called {', '.join(ids[0][:3])}, "
            f"predictions {', '.join(ids[1][:3])}. Rename one side so that the ids agree."
        )
    return cases


def _write(output: Path, cases: list[CaseScore], plan: Plan, paths: dict[str, str]) -> None:
    from napari_brats.cli.record import to_json
    from napari_brats.io.atomic import write_atomically
    from napari_brats.metrics.tables import case_to_json, summary, to_csv

    if output.suffix.lower() == ".csv":
        payload = to_csv(cases).encode()
    else:
        payload = to_json(
            {
                "intended_use": INTENDED_USE,
                "version": __version__,
                **paths,
                "challenge": plan.options.challenge.name,
                "empty": plan.options.policy.value,
                "cases": [case_to_json(case) for case in cases],
                "summary": summary(cases),
            }
        )
    write_atomically(output, payload, overwrite=True)


def _check_output(output: Path | None) -> None:
    if output is None:
        return
    if output.suffix.lower() not in (".json", ".csv"):
        raise usage(f"{output.name} ends in neither .json nor .csv.", "--output")
    if not output.parent.is_dir():
        raise usage(f"The folder {output.parent} does not exist.", "--output")


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
