"""A run over several cases: one bad case does not stop the others, and a summary tells how it went.

What is done with a case is a function of its files that follows a job and gives a line to print.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from napari_brats import INTENDED_USE, __version__
from napari_brats.cli.cases import Problem, folder_of
from napari_brats.cli.console import ALL_DONE, INTERRUPTED, SOME_FAILED, ProgressReport
from napari_brats.core.case import Case
from napari_brats.core.errors import FAILURES_OF_A_CASE, failure_in_words
from napari_brats.core.modalities import Modality
from napari_brats.io.atomic import write_atomically
from napari_brats.io.checks import check_case
from napari_brats.io.discover import CaseFiles
from napari_brats.io.fill_in import file_remarks, fill_in
from napari_brats.io.load import load_case
from napari_brats.io.record import input_records
from napari_brats.io.sidecar import grid_to_json, to_json

CaseWork = Callable[[CaseFiles, ProgressReport], str]


@dataclass(frozen=True)
class Outcome:
    """How one case ended: status is ``done``, ``failed``, ``interrupted`` or ``not run``."""

    case_id: str
    path: str
    status: str
    error: str | None = None
    seconds: float = 0.0


def run_cases(
    cases: Sequence[CaseFiles], problems: Sequence[Problem], summary: Path, work: CaseWork
) -> int:
    """Do ``work`` on every case, write the summary, and give the exit code.

    Parameters
    ----------
    cases
        The cases to run, their ids all different.
    problems
        Cases that could not even be begun; they stand in the summary as failed.
    summary
        The JSON file to write at the end, whatever the end is.
    work
        What is done with one case; the line it gives is printed as the result.
    """
    outcomes = [Outcome(p.case_id, str(p.path), "failed", p.error) for p in problems]
    code = ALL_DONE
    with ProgressReport(len(cases)) as report:
        for outcome in outcomes:
            report.line(f"{outcome.case_id} failed: {outcome.error}")
        try:
            with _termination_interrupts():
                for files in cases:
                    outcome = _attempt(files, work, report)
                    outcomes.append(outcome)  # one by one: those before an interruption stay
        except KeyboardInterrupt:
            code = INTERRUPTED
            report.line(f"Interrupted. What is done is listed in {summary}.")
        finally:
            begun = len(outcomes) - len(problems)
            outcomes += _not_finished(cases[begun:])
            write_summary(summary, outcomes)
    if code == ALL_DONE and any(outcome.status != "done" for outcome in outcomes):
        code = SOME_FAILED
    return code


def write_summary(path: Path, outcomes: Sequence[Outcome]) -> None:
    """Write the status, error and seconds of every case of a run; replaces that of a former run."""
    counts = dict.fromkeys(("done", "failed", "interrupted", "not run"), 0)
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


def _attempt(files: CaseFiles, work: CaseWork, report: ProgressReport) -> Outcome:
    started = perf_counter()
    place = str(folder_of(files))
    report.start_case(files.case_id)
    try:
        line = work(files, report)
    except FAILURES_OF_A_CASE as error:
        message = failure_in_words(error)
        report.line(f"{files.case_id} failed: {message}")
        seconds = round(perf_counter() - started, 3)
        return Outcome(files.case_id, place, "failed", message, seconds)
    report.result(line)
    return Outcome(files.case_id, place, "done", None, round(perf_counter() - started, 3))


def _not_finished(cases: Sequence[CaseFiles]) -> list[Outcome]:
    """The case that was running, if any is left, and those that never began."""
    states = ["interrupted"] + ["not run"] * (len(cases) - 1)
    return [
        Outcome(files.case_id, str(folder_of(files)), state)
        for files, state in zip(cases, states, strict=False)
    ]


@contextmanager
def _termination_interrupts() -> Iterator[None]:
    """Let SIGTERM, with which clusters end a job, count as Ctrl-C: the summary is written."""
    former = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)
