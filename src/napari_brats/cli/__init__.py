"""The command line: one thin module per sub-command, nothing heavy imported before one runs."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from napari_brats import INTENDED_USE, __version__
from napari_brats.cli import (
    anomaly,
    bundles,
    denoise,
    evaluate,
    export,
    followup,
    inspect,
    report,
    sample,
    segment,
    train,
    tune,
)
from napari_brats.cli import open as open_command
from napari_brats.cli.console import SOME_FAILED, escape_what_cannot_be_shown, note, say
from napari_brats.core.errors import BratsError


class _Commands(TyperGroup):
    """Shows what the package refuses to do as one message instead of a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except BratsError as error:
            note(f"Error: {error}")
            raise typer.Exit(SOME_FAILED) from error


app = typer.Typer(
    name="napari-brats",
    cls=_Commands,
    help=f"Outline brain tumours on multimodal MRI. {INTENDED_USE}",
    no_args_is_help=True,
    rich_markup_mode=None,  # rich costs more to import than typer itself
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        say(f"napari-brats {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    pass


for _name, _command, _help in (
    ("segment", segment.segment, "Write masks, volumes and records of cases."),
    ("anomaly", anomaly.anomaly, "Map where brains look unlike healthy ones."),
    ("denoise", denoise.denoise, "Write the images without their noise."),
    ("evaluate", evaluate.evaluate, "Score masks against references."),
    ("followup", followup.followup, "Follow a patient's tumour over time."),
    ("report", report.report, "Write one page on a case: PDF, HTML, JSON or CSV."),
    ("tune", tune.tune, "Find the post-processing that scores best."),
    ("inspect", inspect.inspect, "Tell what files were taken for, and why."),
    ("open", open_command.open_case, "Open cases in napari with the panel."),
    ("bundles", bundles.bundles, "List the networks at hand."),
    ("sample", sample.sample, "Write a synthetic case."),
    ("train", train.train, "Train the network on labelled cases."),
    ("bundle", train.bundle, "Score a trained network and write it as a bundle."),
    ("export", export.export, "Write a network for other runtimes (ONNX)."),
):
    app.command(_name, short_help=_help)(_command)


def main() -> None:
    """Run the command line on ``sys.argv`` and exit."""
    escape_what_cannot_be_shown()
    app()
