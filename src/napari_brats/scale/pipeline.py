"""Segmenting cases in one process: while the network runs, the others are read and written.

The next case is read and prepared meanwhile, and the last one post-processed and written. The
network runs in the calling thread, on one case after the other, so that the masks are those of one
case at a time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import Any

from napari_brats.core.case import Segmentation
from napari_brats.core.errors import FAILURES_OF_A_CASE, failure_in_words
from napari_brats.core.progress import Job, Progress, drain
from napari_brats.inference import segment as engine
from napari_brats.inference.devices import resolve_device
from napari_brats.inference.fallback import NetworkRunner
from napari_brats.inference.segment_files import (
    Plan,
    Source,
    read_unless_done,
    remarks_on,
    write_files,
)
from napari_brats.io.case_files import CaseFiles
from napari_brats.io.save import label_map_name
from napari_brats.scale.outcome import DONE, FAILED, Outcome, Watch

READ_AHEAD = 2
"""Cases read while the network runs on one: what bounds the memory of a run."""


def segment_in_turn(cases: Sequence[CaseFiles], plan: Plan, watch: Watch) -> None:
    """Segment every case and write its files; one that fails does not stop the others.

    At any time at most `READ_AHEAD` cases are read or wait for the network, one is in it, and two
    are being finished. What a former run did and left whole is passed over. Whatever ends
    the run (Ctrl-C raises here), no case is half written.

    Parameters
    ----------
    cases
        Their ids all different.
    plan
        Where to write, and how.
    watch
        Is told of each case: in the order of ``cases``, and from this thread only.
    """
    with ThreadPoolExecutor(1) as reader, ThreadPoolExecutor(1) as writer:
        read = (_Read(f, reader.submit(_prepare, f, plan)) for f in cases)
        written = _Writing(watch, plan, writer)
        try:
            for number, item in enumerate(_ahead(read)):
                if number == 0:
                    _load_network(item.files, plan)
                _one(item, plan, watch, written)
        finally:
            reader.shutdown(wait=False, cancel_futures=True)
            written.settle(0)


@dataclass(frozen=True, eq=False)
class _Prepared:
    """A case whose images wait for the network.

    Attributes
    ----------
    source
        For the record.
    job, step
        Of `engine.segment`, advanced to where the images are prepared, and what it said there.
    seconds
        What that took.
    """

    source: Source
    job: Job[Segmentation]
    step: Progress
    seconds: float


@dataclass(frozen=True, eq=False)
class _DoneBefore:
    """A case that a former run had done; its record, and what it took to find out."""

    record: Mapping[str, Any]
    seconds: float


@dataclass(frozen=True, eq=False)
class _Read:
    """A case that is being read."""

    files: CaseFiles
    future: Future[_Prepared | _DoneBefore]


@dataclass(frozen=True, eq=False)
class _Result:
    """What is told of a case once its files are written."""

    remarks: list[str]
    volumes_ml: Mapping[str, float]
    seconds: float


@dataclass
class _Writing:
    """Cases that are being finished, and who is told of the ends of cases, in their order."""

    watch: Watch
    plan: Plan
    pool: ThreadPoolExecutor
    pending: deque[tuple[CaseFiles, Future[_Result]]] = field(default_factory=deque)

    def write(self, files: CaseFiles, finish: Callable[[], _Result]) -> None:
        """Begin to finish a case, once there is at most one other."""
        self.settle(1)
        self.pending.append((files, self.pool.submit(finish)))

    def end(self, files: CaseFiles, error: Exception | None, seconds: float, **facts: Any) -> None:
        """Tell that a case has ended that nothing is to be written of."""
        self.settle(0)
        self._tell(files, error, seconds, **facts)

    def settle(self, most: int) -> None:
        """Wait until at most ``most`` are pending, and tell of those that are written."""
        while len(self.pending) > most or (self.pending and self.pending[0][1].done()):
            files, future = self.pending.popleft()
            try:
                result = future.result()
            except FAILURES_OF_A_CASE as error:
                self._tell(files, error, 0.0)
                continue
            for text in result.remarks:
                self.watch.tell(files.case_id, text)
            self._tell(files, None, result.seconds, volumes_ml=result.volumes_ml)

    def _tell(
        self,
        files: CaseFiles,
        error: Exception | None,
        seconds: float,
        *,
        volumes_ml: Mapping[str, float] | None = None,
        done_before: bool = False,
    ) -> None:
        status, why = (FAILED, failure_in_words(error)) if error else (DONE, None)
        spent = round(seconds, 3)
        outcome = Outcome(files.case_id, str(files.folder), status, why, spent, done_before)
        line = "" if volumes_ml is None else _line(files.case_id, volumes_ml, self.plan)
        self.watch.end(outcome, line)


def _ahead(read: Iterator[_Read]) -> Iterator[_Read]:
    """The same, with `READ_AHEAD` of them drawn before they are asked for."""
    waiting: deque[_Read] = deque()
    for item in read:
        waiting.append(item)
        if len(waiting) > READ_AHEAD:
            yield waiting.popleft()
    while waiting:
        yield waiting.popleft()


def _load_network(first: CaseFiles, plan: Plan) -> None:
    """Load the network while the first case is read, unless that one seems done already.

    What goes wrong here goes wrong again, and is told, when that case's turn comes.
    """
    if plan.overwrite or not (plan.output / label_map_name(first.case_id)).exists():
        options = plan.options
        with suppress(*FAILURES_OF_A_CASE):
            device = resolve_device(options.device)
            NetworkRunner(plan.bundle, device, threads=options.threads).load()


def _one(item: _Read, plan: Plan, watch: Watch, written: _Writing) -> None:
    """Run the network on a case and hand the rest to the writer."""
    files = item.files
    watch.begin(files.case_id)
    watch.step(Progress(0, engine.STEPS, "Reading the case"))
    begun = perf_counter()
    try:
        found = item.future.result()
        if isinstance(found, _DoneBefore):
            facts = {"volumes_ml": found.record["volumes_ml"], "done_before": True}
            written.end(files, None, found.seconds, **facts)
            return
        for text in found.source.remarks:
            watch.tell(files.case_id, text)
        begun = perf_counter() - found.seconds
        watch.step(found.step)
        segmentation = _run_network(found.job, watch)
    except FAILURES_OF_A_CASE as error:
        written.end(files, error, perf_counter() - begun)
        return
    seconds = perf_counter() - begun
    written.write(files, partial(_finish, found, segmentation, plan, seconds))


def _prepare(files: CaseFiles, plan: Plan) -> _Prepared | _DoneBefore:
    """Read a case and prepare its images, unless a former run has done it."""
    begun = perf_counter()
    found = read_unless_done(files, plan)
    if isinstance(found, Mapping):
        return _DoneBefore(found, perf_counter() - begun)
    job = engine.segment(found.case, plan.bundle, plan.options)
    step = [next(job) for _ in range(engine.PREPARED)][-1]
    return _Prepared(found.source, job, step, perf_counter() - begun)


def _run_network(job: Job[Segmentation], watch: Watch) -> Segmentation | None:
    """Advance a job until it needs the network no more; its result if that is its end.

    The job is closed if this is interrupted.
    """
    with ExitStack() as unless_left_open:
        unless_left_open.callback(job.close)
        while True:
            try:
                step = next(job)
            except StopIteration as end:
                segmentation: Segmentation = end.value
                return segmentation
            watch.step(step)
            if step.total == engine.STEPS and step.done >= engine.NETWORK_DONE:
                unless_left_open.pop_all()  # `_finish` goes on with it
                return None


def _finish(
    prepared: _Prepared, segmentation: Segmentation | None, plan: Plan, seconds: float
) -> _Result:
    """Do what is left of a job, and write the files."""
    begun = perf_counter()
    if segmentation is None:
        segmentation = drain(prepared.job)
    write_files(segmentation, prepared.source, plan)
    volumes_ml = {r.value: v for r, v in segmentation.volumes_ml().items()}
    seconds += perf_counter() - begun
    return _Result(remarks_on(segmentation, plan), volumes_ml, seconds)


def _line(case_id: str, volumes_ml: Mapping[str, float], plan: Plan) -> str:
    volumes = "  ".join(f"{region} {value:.1f} ml" for region, value in volumes_ml.items())
    return f"{case_id}  {volumes}  {plan.output / label_map_name(case_id)}"
