"""The jobs behind the panel "Train". No Qt."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from napari_brats.core.errors import BratsError
from napari_brats.core.progress import Job, Progress
from napari_brats.models.bundle import Bundle, load_bundle, require_new_name, user_folder
from napari_brats.training.bundling import bundle_run
from napari_brats.training.config import Recipe
from napari_brats.training.fine_tuning import Survey, left_out, recipe_for, run_state, survey
from napari_brats.training.runs import read_run, train_run
from napari_brats.widgets.train_panel import TrainRequest

if TYPE_CHECKING:
    from napari_brats.training.loop import Hardware

T = TypeVar("T")
ShouldStop = Callable[[], bool]


def look_at_cases(data: Path) -> Job[Survey]:
    """What a folder holds for training; CaseError if it holds no case."""
    yield Progress(0, 1, f"Looking into {data}")
    return survey(data)


def train(request: TrainRequest, should_stop: ShouldStop) -> Job[bool]:
    """Train as asked, or go on with the run in the folder; whether it came to its end.

    It stops after the step under way once ``should_stop`` says so, and leaves one core to the
    window.
    """
    import torch

    yield Progress(0, 1, "Reading the folders")
    data, recipe = _plan(request)
    _make_folder(request.run)
    threads = torch.get_num_threads()
    torch.set_num_threads(min(threads, max(1, (os.cpu_count() or 2) - 1)))
    try:
        job = train_run(data, request.run, recipe, hardware=_hardware(request.device))
        return (yield from _until(job, should_stop)) is not None
    finally:
        torch.set_num_threads(threads)


def make_bundle(run: Path, name: str, should_stop: ShouldStop) -> Job[Bundle | None]:
    """Score a run on the cases it left out and put it among the user's bundles; None if stopped."""
    require_new_name(name, user_folder())
    return (yield from _until(bundle_run([run], name, user_folder()), should_stop))


def _plan(request: TrainRequest) -> tuple[Path, Recipe]:
    """The cases and the recipe: those of the run that is there, else the ones asked for."""
    if run_state(request.run) is not None:
        recipe, split = read_run(request.run)
        return Path(split.data), recipe
    hold_out = left_out(survey(request.data).labelled, request.left_out)
    start = load_bundle(request.start_from).card if request.start_from else None
    return request.data, recipe_for(start, request.epochs, hold_out)


def _make_folder(run: Path) -> None:
    try:
        run.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BratsError(
            f"The folder {run} for the run could not be made: {error.strerror}. Choose another one."
        ) from error


def _hardware(device: str) -> Hardware:
    """Patches are made in the same process: a window must not be forked."""
    from napari_brats.inference.devices import resolve_device
    from napari_brats.training.loop import Hardware

    resolved = resolve_device(device)
    return Hardware(resolved, amp=resolved.startswith("cuda"), workers=0)


def _until(job: Job[T], should_stop: ShouldStop) -> Job[T | None]:
    """The job, or None once it was to stop; it is closed then, between two of its steps."""
    try:
        while not should_stop():
            try:
                yield next(job)
            except StopIteration as end:
                result: T = end.value
                return result
        return None
    finally:
        job.close()
