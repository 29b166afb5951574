"""Segmenting cases in one process: the next one is read and the last one written meanwhile.

The network runs in the calling thread, on one case after the other, so that the masks are those of
one case at a time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from napari_brats.core.case import Segmentation
from napari_brats.core.errors import FAILURES_OF_A_CASE, failure_in_words
from napari_brats.core.progress import Job, Progress
from napari_brats.inference import segment as engine
from napari_brats.inference.devices import resolve_device
from napari_brats.inference.fallback import NetworkRunner
from napari_brats.inference.segment_files import (
    Plan,
    ReadCase,
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
    results are being written. What a former run did and left whole is passed over. Whatever ends
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
        read = (_Read(f, reader.submit(_timed_read, f, plan)) for f in cases)
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
class _Read:
    """A case that is being read."""

    files: CaseFiles
    future: Future[tuple[ReadCase | Mapping[str, Any], float]]


@dataclass(frozen=True, eq=False)
class _Result:
    """What is left of a case while its files are written."""

    files: CaseFiles
    volumes_ml: Mapping[str, float]
    seconds: float


@dataclass
class _Writing:
    """Results that are being written, and who is told of the ends of cases, in their order."""

    watch: Watch
    plan: Plan
    pool: ThreadPoolExecutor
    pending: deque[tuple[_Result, Future[float]]] = field(default_factory=deque)

    def write(self, result: _Result, segmentation: Segmentation, source: Source) -> None:
        """Begin to write the files of a case, once there is at most one other."""
        self.settle(1)
        future = self.pool.submit(_timed_write, segmentation, source, self.plan)
        self.pending.append((result, future))

    def end(self, files: CaseFiles, error: Exception | None, seconds: float, **facts: Any) -> None:
        """Tell that a case has ended that nothing is to be written of."""
        self.settle(0)
        self._tell(files, error, seconds, **facts)

    def settle(self, most: int) -> None:
        """Wait until at most ``most`` are pending, and tell of those that are written."""
        while len(self.pending) > most or (self.pending and self.pending[0][1].done()):
            result, future = self.pending.popleft()
            try:
                seconds = result.seconds + future.result()
            except FAILURES_OF_A_CASE as error:
                self._tell(result.files, error, result.seconds)
            else:
                self._tell(result.files, None, seconds, volumes_ml=result.volumes_ml)

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
    """Run the network on a case and hand the result to the writer."""
    files = item.files
    watch.begin(files.case_id)
    watch.step(Progress(0, engine.STEPS, "Reading the case"))
    begun = perf_counter()
    try:
        found, reading = item.future.result()
        if isinstance(found, Mapping):
            facts = {"volumes_ml": found["volumes_ml"], "done_before": True}
            written.end(files, None, reading, **facts)
            return
        for text in found.source.remarks:
            watch.tell(files.case_id, text)
        begun = perf_counter() - reading
        segmentation = _follow(engine.segment(found.case, plan.bundle, plan.options), watch)
        for text in remarks_on(segmentation, plan):
            watch.tell(files.case_id, text)
        volumes_ml = {r.value: v for r, v in segmentation.volumes_ml().items()}
    except FAILURES_OF_A_CASE as error:
        written.end(files, error, perf_counter() - begun)
        return
    result = _Result(files, volumes_ml, perf_counter() - begun)
    written.write(result, segmentation, found.source)


def _follow(job: Job[Segmentation], watch: Watch) -> Segmentation:
    """Run a job to its end; it is closed if this is interrupted."""
    try:
        while True:
            try:
                watch.step(next(job))
            except StopIteration as end:
                segmentation: Segmentation = end.value
                return segmentation
    finally:
        job.close()


def _timed_read(files: CaseFiles, plan: Plan) -> tuple[ReadCase | Mapping[str, Any], float]:
    begun = perf_counter()
    found = read_unless_done(files, plan)
    return found, perf_counter() - begun


def _timed_write(segmentation: Segmentation, source: Source, plan: Plan) -> float:
    begun = perf_counter()
    write_files(segmentation, source, plan)
    return perf_counter() - begun


def _line(case_id: str, volumes_ml: Mapping[str, float], plan: Plan) -> str:
    volumes = "  ".join(f"{region} {value:.1f} ml" for region, value in volumes_ml.items())
    return f"{case_id}  {volumes}  {plan.output / label_map_name(case_id)}"
