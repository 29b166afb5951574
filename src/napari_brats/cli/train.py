"""``napari-brats train`` and ``napari-brats bundle``: from labelled cases to a bundle."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_brats import INTENDED_USE
from napari_brats.cli.console import ProgressReport, say, usage_error
from napari_brats.core.errors import BundleError
from napari_brats.core.progress import Job, Progress, T

if TYPE_CHECKING:
    from napari_brats.training.config import Recipe
    from napari_brats.training.crossval import Fold
    from napari_brats.training.loop import Hardware


def _show_config(wanted: bool) -> None:
    """Print every setting with its meaning and leave, before arguments are asked for."""
    if wanted:
        from napari_brats.training.config import describe_settings

        say("Settings of a recipe (TOML, table [train]), their defaults and meanings:")
        for name, value, meaning in describe_settings():
            say(f"{name} = {value}\n    {meaning}")
        raise typer.Exit


def train(
    data: Annotated[
        Path,
        typer.Argument(
            metavar="DATA", help="A folder of labelled cases, or an MSD task with dataset.json."
        ),
    ],
    output: Annotated[Path, typer.Option(metavar="RUN", help="Folder of the run.")],
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE.toml", help="The recipe; see docs/models.md."),
    ] = None,
    network: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="unet3d, attention_unet3d or autoencoder3d."),
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Epochs in all.")] = None,
    folds: Annotated[
        int | None, typer.Option(min=2, help="Cross-validation: in how many folds.")
    ] = None,
    fold: Annotated[int | None, typer.Option(min=0, help="Which fold is left out, from 0.")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where an interrupted run stopped.")
    ] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    amp: Annotated[bool, typer.Option("--amp", help="Mixed precision; meant for GPUs.")] = False,
    threads: Annotated[
        int | None, typer.Option(min=1, help="CPU threads; default: what torch chooses.")
    ] = None,
    show_config: Annotated[
        bool,
        typer.Option(
            "--show-config", is_eager=True, callback=_show_config, help="Print all settings."
        ),
    ] = False,
) -> None:
    """Train a network on labelled cases; under torchrun, with several processes together.

    Research use only. Not a medical device.
    """
    import torch

    from napari_brats.training.runs import train_run

    if threads:
        torch.set_num_threads(threads)
    _check_folder(output, resume)
    hardware = _hardware(device, amp)
    hardware.processes.start(hardware.device)
    recipe = _recipe(config, network, epochs)
    try:
        job = train_run(data, output, recipe, _fold(folds, fold), hardware)
        _show(job, every=10 if hardware.processes.first else 0)
    finally:
        hardware.processes.end()
    if hardware.processes.first:
        say(f"Trained: {output}. Next: napari-brats bundle {output} --name NAME")


def _check_folder(output: Path, resume: bool) -> None:
    """A run goes on only where that is asked for, and only where there is one."""
    from napari_brats.training.runs import RUN

    exists = (output / RUN).exists()
    if exists and not resume:
        raise usage_error(
            f"{output} holds a run already. Add --resume to go on with it, or choose a new folder.",
            "--output",
        )
    if resume and not exists:
        raise usage_error(f"{output} holds no run to go on with.", "--resume")


def _hardware(device: str, amp: bool) -> Hardware:
    from napari_brats.inference.devices import resolve_device
    from napari_brats.training.loop import Hardware
    from napari_brats.training.processes import processes_of_environment

    processes = processes_of_environment()
    resolved = resolve_device(device)
    if processes.count > 1 and resolved.startswith("cuda"):
        resolved = f"cuda:{processes.local_rank}"
    return Hardware(resolved, amp, processes=processes)


def _recipe(config: Path | None, network: str | None, epochs: int | None) -> Recipe:
    from napari_brats.training.config import Recipe, check, read_recipe

    recipe = read_recipe(config) if config else Recipe()
    settings = replace(
        recipe.config,
        network=network or recipe.config.network,
        epochs=epochs or recipe.config.epochs,
    )
    check(settings)
    return replace(recipe, config=settings)


def _fold(folds: int | None, fold: int | None) -> Fold | None:
    from napari_brats.training.crossval import Fold

    if folds is None and fold is None:
        return None
    if folds is None or fold is None or fold >= folds:
        raise usage_error("--folds K and --fold I (0 to K - 1) belong together.", "--fold")
    return Fold(fold, folds)


def bundle(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN...",
            help="The folder of a run. Of several, on the same cases: the bundle answers with the "
            "mean of their networks.",
        ),
    ],
    name: Annotated[str, typer.Option(metavar="NAME", help="The word for --bundle.")],
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Where to write the bundle; default: your own folder of bundles."
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a bundle of that name.")
    ] = False,
    data: Annotated[
        Path | None,
        typer.Option(metavar="DATA", help="Where the cases are now, if they were moved."),
    ] = None,
    scores_from: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="CARD.json",
            help="The card of a cross-validation's fold, whose scores join; repeatable.",
        ),
    ] = None,
) -> None:
    """Score a run on the cases it left out, and write weights and card.

    In your own folder of bundles (see 'napari-brats bundles') it is listed wherever the built-in
    ones are.

    Research use only. Not a medical device.
    """
    from napari_brats.models.bundle import load_bundle, require_new_name, user_folder
    from napari_brats.training.bundling import bundle_run

    folder = output or user_folder()
    try:
        require_new_name(name, folder, overwrite=overwrite)
    except BundleError as error:
        raise usage_error(str(error), "--name") from error
    cards = [load_bundle(str(path)).card for path in scores_from or ()]
    job = bundle_run(runs, name, folder, data, cards)
    made = _show(job, every=1)
    say(f"{made.weights}")
    for row in made.card.scores.get("cases", ()):
        dice = ", ".join(f"{region} {s['dice']:.3f}" for region, s in row["regions"].items())
        say(f"  {row['case_id']}: Dice {dice}")
    say(INTENDED_USE)


def _show(job: Job[T], every: int) -> T:
    """Run a job to its end: a bar with the time left on a terminal, else a line now and then.

    ``every`` is how many steps share a line; 0 shows nothing (all but one of several processes).
    """
    clock = _TimeLeft()
    on_terminal = sys.stderr.isatty()
    with ProgressReport(total=0) as report:
        while True:
            try:
                progress = next(job)
            except StopIteration as end:
                result: T = end.value
                return result
            if every and (on_terminal or progress.done % every == 0):
                left = clock.text(progress, time.monotonic())
                report.step(replace(progress, message=progress.message + left))


class _TimeLeft:
    """How long a job still takes, by its pace since its present stage began."""

    def __init__(self) -> None:
        self._total = -1
        self._first = (0, 0.0)

    def text(self, progress: Progress, now_s: float) -> str:
        """Such as ", 12 min left"; empty while there is no pace yet. A new total, a new stage."""
        if progress.total != self._total:
            self._total, self._first = progress.total, (progress.done, now_s)
        done, began_s = self._first
        if progress.done <= done or progress.done >= progress.total:
            return ""
        seconds = (now_s - began_s) / (progress.done - done) * (progress.total - progress.done)
        return f", {seconds / 60:.0f} min left" if seconds >= 90 else f", {seconds:.0f} s left"
