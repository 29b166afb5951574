"""``napari-brats train`` and ``napari-brats bundle``: from labelled cases to a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_brats import INTENDED_USE
from napari_brats.cli.console import note, say, usage_error
from napari_brats.core.errors import BundleError
from napari_brats.core.progress import Job, T


def train(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="A folder of labelled cases.")],
    output: Annotated[
        Path,
        typer.Option(metavar="RUN", help="Folder of the run; an interrupted one goes on."),
    ],
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE.toml", help="The recipe; see docs/models.md."),
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="CPU threads; default: what torch chooses.")
    ] = None,
) -> None:
    """Train the 3-D U-Net on labelled cases; go on where an interrupted run stopped.

    Research use only. Not a medical device.
    """
    import torch

    from napari_brats.training.config import Recipe, read_recipe
    from napari_brats.training.runs import train_run

    if threads:
        torch.set_num_threads(threads)
    recipe = read_recipe(config) if config else Recipe()
    _show(train_run(data, output, recipe), every=10)
    say(f"Trained: {output}. Next: napari-brats bundle {output} --name NAME")


def bundle(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")],
    name: Annotated[str, typer.Option(metavar="NAME", help="The word for --bundle.")],
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Where to write the bundle; default: your own folder of bundles."
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(metavar="DATA", help="Where the cases are now, if they were moved."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a bundle of that name.")
    ] = False,
) -> None:
    """Score a run on the cases it left out, and write weights and card.

    In your own folder of bundles (see 'napari-brats bundles') it is listed wherever the built-in
    ones are.

    Research use only. Not a medical device.
    """
    from napari_brats.models.bundle import require_new_name, user_folder
    from napari_brats.training.runs import bundle_run

    folder = output or user_folder()
    try:
        require_new_name(name, folder, overwrite=overwrite)
    except BundleError as error:
        raise usage_error(str(error), "--name") from error
    made = _show(bundle_run(run, name, folder, data), every=1)
    say(f"{made.weights}")
    for row in made.card.scores["cases"]:
        dice = ", ".join(f"{region} {s['dice']:.3f}" for region, s in row["regions"].items())
        say(f"  {row['case_id']}: Dice {dice}")
    say(INTENDED_USE)


def _show(job: Job[T], every: int) -> T:
    """Run a job to its end, printing every so many steps of its progress on stderr."""
    while True:
        try:
            progress = next(job)
        except StopIteration as end:
            result: T = end.value
            return result
        if progress.done % every == 0:
            note(f"{progress.done}/{progress.total} {progress.message}")
