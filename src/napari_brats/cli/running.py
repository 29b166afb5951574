"""A run over several cases: one bad case does not stop the others, and a summary tells how it went.

What is done with a case is a function of its files that follows a job and gives a line to print.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from napari_brats import INTENDED_USE, __version__
from napari_brats.cli.cases import Problem
from napari_brats.cli.console import ALL_DONE, INTERRUPTED, SOME_FAILED, ProgressReport
from napari_brats.core.case import Case
from napari_brats.core.errors import FAILURES_OF_A_CASE, failure_in_words
from napari_brats.core.modalities import Modality
from napari_brats.core.progress import Progress
from napari_brats.io.atomic import write_atomically
from napari_brats.io.checks import check_case
from napari_brats.io.discover import CaseFiles
from napari_brats.io.fill_in import file_remarks, fill_in
from napari_brats.io.load import load_case
from napari_brats.io.record import input_records
from napari_brats.io.sidecar import grid_to_json, to_json
from napari_brats.scale.outcome import DONE, FAILED, NOT_RUN, STATUSES, Outcome
from napari_brats.scale.outcome import INTERRUPTED as INTERRUPTED_CASE

CaseWork = Callable[[CaseFiles, ProgressReport], str]
Runner = Callable[[Sequence[CaseFiles], "Run"], None]


def run_cases(
    cases: Sequence[CaseFiles], problems: Sequence[Problem], summary: Path, work: CaseWork
) -> int:
    """Do ``work`` on every case, write the summary, and give the exit code; see `run_with`.

    The line that ``work`` gives is printed as the result.
    """

    def one_by_one(cases: Sequence[CaseFiles], run: Run) -> None:
        for files in cases:
            _attempt(files, work, run)

    return run_with(one_by_one, cases, problems, summary)


def run_with(
    runner: Runner, cases: Sequence[CaseFiles], problems: Sequence[Problem], summary: Path
) -> int:
    """Let ``runner`` see to every case, write the summary, and give the exit code.

    Parameters
    ----------
    runner
        Tells the `Run` it is given how each case ends.
    cases
        The cases to run, their ids all different.
    problems
        Cases that could not even be begun; they stand in the summary as failed.
    summary
        The JSON file to write at the end, whatever the end is.
    """
    unusable = [Outcome(p.case_id, str(p.path), FAILED, p.error) for p in problems]
    code = ALL_DONE
    with ProgressReport(len(cases)) as report:
        run = Run(report)
        for outcome in unusable:
            report.line(f"{outcome.case_id} failed: {outcome.error}")
        try:
            with _termination_interrupts():
                runner(cases, run)
        except KeyboardInterrupt:
            code = INTERRUPTED
            report.line(f"Interrupted. What is done is listed in {summary}.")
        finally:
            outcomes = [*unusable, *run.outcomes(cases)]
            write_summary(summary, outcomes)
    if code == ALL_DONE and any(outcome.status != DONE for outcome in outcomes):
        code = SOME_FAILED
    return code


class Run:
    """A `Watch` that shows how a run goes, and remembers how each case ended."""

    def __init__(self, report: ProgressReport) -> None:
        self.report = report
        self._begun: set[str] = set()
        self._ended: dict[str, Outcome] = {}

    def begin(self, case_id: str) -> None:
        """See `Watch`."""
        if case_id not in self._begun:  # a case whose worker died begins again
            self._begun.add(case_id)
            self.report.start_case(case_id)

    def step(self, progress: Progress) -> None:
        """See `Watch`."""
        self.report.step(progress)

    def tell(self, case_id: str, text: str) -> None:
        """See `Watch`."""
        self.report.line(f"{case_id}: {text}")

    def end(self, outcome: Outcome, line: str = "") -> None:
        """See `Watch`."""
        self._ended[outcome.case_id] = outcome
        if outcome.status == FAILED:
            self.report.line(f"{outcome.case_id} failed: {outcome.error}")
            return
        if outcome.done_before:
            self.report.line(f"{outcome.case_id}: a former run had done it")
        self.report.result(line)

    def outcomes(self, cases: Sequence[CaseFiles]) -> list[Outcome]:
        """How each of ``cases`` ended; those that did not were interrupted, or never begun."""
        return [self._ended.get(files.case_id) or self._unfinished(files) for files in cases]

    def _unfinished(self, files: CaseFiles) -> Outcome:
        status = INTERRUPTED_CASE if files.case_id in self._begun else NOT_RUN
        return Outcome(files.case_id, str(files.folder), status)


def write_summary(path: Path, outcomes: Sequence[Outcome]) -> None:
    """Write the status, error and seconds of every case of a run; replaces that of a former run."""
    counts = dict.fromkeys(STATUSES, 0)
    for outcome in outcomes:
        counts[outcome.status] += 1
    summary = {
        "intended_use": INTENDED_USE,
        "version": __version__,
        "counts": counts,
        "cases": [asdict(outcome) for outcome in outcomes],
    }
    write_atomically(path, to_json(summary), overwrite=True)


def case_and_record(
    files: CaseFiles, onto: str | None, report: ProgressReport
) -> tuple[Case, dict[str, Any]]:
    """A case without its label map, and the begin of the record of what is made of it.

    ``onto`` is the modality onto whose grid the others are resampled. What looks wrong is told.
    """
    files = fill_in(replace(files, label_map=None))
    inputs = input_records(files)
    case = load_case(files, resample_to=Modality(onto) if onto else None, with_label_map=False)
    warnings = [*file_remarks(files), *check_case(case)]
    for warning in warnings:
        report.line(f"{files.case_id}: warning: {warning}")
    record: dict[str, Any] = {
        "case_id": files.case_id,
        "intended_use": INTENDED_USE,
        "version": __version__,
        "inputs": inputs,
        "geometry": {**grid_to_json(case.reference.grid), "resampled_to": onto},
        "warnings": warnings,
    }
    return case, record


def _attempt(files: CaseFiles, work: CaseWork, run: Run) -> None:
    started = perf_counter()
    place = str(files.folder)
    run.begin(files.case_id)
    line, message = "", None
    try:
        line = work(files, run.report)
    except FAILURES_OF_A_CASE as error:
        message = failure_in_words(error)
    seconds = round(perf_counter() - started, 3)
    status = DONE if message is None else FAILED
    run.end(Outcome(files.case_id, place, status, message, seconds), line)


@contextmanager
def _termination_interrupts() -> Iterator[None]:
    """Let SIGTERM, with which clusters end a job, count as Ctrl-C: the summary is written."""
    former = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)
