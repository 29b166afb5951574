"""``segment`` by workers: what they are sent, what they do, and what comes back."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

from napari_brats import __version__
from napari_brats.core.errors import JobError
from napari_brats.core.modalities import Modality
from napari_brats.core.progress import Progress
from napari_brats.inference.devices import resolve_device
from napari_brats.inference.segment import SegmentOptions
from napari_brats.inference.segment_files import Plan
from napari_brats.io.case_files import CaseFiles
from napari_brats.models.bundle import BUILT_IN, Bundle, load_bundle
from napari_brats.scale.local import device_here
from napari_brats.scale.outcome import FAILED, CaseLog, Outcome, Watch
from napari_brats.scale.pipeline import segment_in_turn
from napari_brats.scale.workers import WorkerEndedError, Workers, batches, hand_out

GPU_BATCH = 8
"""Cases in a batch for a GPU, whose network would wait for the reading of single ones."""


@dataclass(frozen=True)
class Order:
    """What is the same for every case of a run, fit to be sent: paths and options, no weights.

    Attributes
    ----------
    output
        An absolute path.
    bundle, sha256
        A built-in bundle's name or the path of a card; of its weights.
    options, convention, grid, overwrite
        As in `Plan`.
    stopping
        Tells a worker whether to end what it is at.
    version
        Of this package where the order was made.
    """

    output: Path
    bundle: str
    sha256: str
    options: SegmentOptions
    convention: str | None
    grid: Modality | None
    overwrite: bool
    stopping: Callable[[], bool]
    version: str = __version__


def segment_with(workers: Workers, cases: Sequence[CaseFiles], plan: Plan, watch: Watch) -> None:
    """Segment every case by workers; as `segment_in_turn`, but in the order in which they end.

    Parameters
    ----------
    workers
        Who does it. The masks do not depend on how many they are.
    cases, plan, watch
        As in `segment_in_turn`; all paths are absolute, and the same for every worker.
    """
    order = _order(plan, workers.stopping)
    places = {files.case_id: str(files.folder) for files in cases}
    most = 1 if plan.options.device == "cpu" else GPU_BATCH
    work = batches(cases, workers.count, most)
    ended = 0

    def handed(batch: tuple[CaseFiles, ...]) -> None:
        for files in batch:
            watch.begin(files.case_id)
        watch.step(Progress(ended, len(cases), "given to a worker"))

    for returned in hand_out(workers, partial(segment_batch, order), work, handed):
        log = returned.answer or CaseLog()
        log.pass_on(watch)
        told = {outcome.case_id for outcome, _ in log.ended}
        for files in returned.batch if returned.error else ():
            if files.case_id not in told:
                place = places[files.case_id]
                watch.end(Outcome(files.case_id, place, FAILED, returned.error))
        ended += len(returned.batch)


def segment_batch(order: Order, cases: tuple[CaseFiles, ...]) -> CaseLog:
    """What a worker does with a batch: how each case ended; fewer if it was asked to stop.

    JobError if this worker runs another version or does not see the files.
    """
    log = _Stoppable(stopping=order.stopping)
    try:
        segment_in_turn(cases, _plan(order), log)
    except KeyboardInterrupt:
        if not order.stopping():
            raise WorkerEndedError from None
    return CaseLog(log.remarks, log.ended)


@dataclass
class _Stoppable(CaseLog):
    """A log that ends the work it is told of when the worker is asked to stop."""

    stopping: Callable[[], bool] = bool

    def begin(self, case_id: str) -> None:
        """KeyboardInterrupt if it is."""
        if self.stopping():
            raise KeyboardInterrupt

    def step(self, progress: Progress) -> None:
        """KeyboardInterrupt if it is."""
        if self.stopping():
            raise KeyboardInterrupt


def _order(plan: Plan, stopping: Callable[[], bool]) -> Order:
    bundle = plan.bundle
    built_in = bundle.weights.parent == BUILT_IN
    name = bundle.card.name if built_in else str(bundle.weights.with_suffix(".json").absolute())
    return Order(
        plan.output.absolute(),
        name,
        bundle.card.sha256,
        plan.options,
        plan.convention,
        plan.grid,
        plan.overwrite,
        stopping,
    )


def _plan(order: Order) -> Plan:
    here = f"The worker on {socket.gethostname()}"
    if order.version != __version__:
        raise JobError(
            f"{here} runs napari-brats {__version__}, but version {order.version} gave the order. "
            f"Install the same version everywhere."
        )
    if not order.output.is_dir():
        raise JobError(
            f"{here} does not see the folder {order.output}. Expected a file system that all "
            f"workers share, at the same path. Mount it there, or start the worker elsewhere."
        )
    bundle = _bundle(order.bundle)
    if bundle.card.sha256 != order.sha256:
        raise JobError(
            f"{here} has other weights under the name '{order.bundle}' (sha256 "
            f"{bundle.card.sha256[:16]}..., expected {order.sha256[:16]}...). Install the same "
            f"version and the same bundles everywhere."
        )
    device = resolve_device(device_here(order.options.device))
    options = replace(order.options, device=device)
    return Plan(order.output, bundle, options, order.convention, order.grid, order.overwrite)


@lru_cache(maxsize=4)
def _bundle(name: str) -> Bundle:
    return load_bundle(name)
