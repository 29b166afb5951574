"""The run of ``segment`` over its cases: one bad case does not stop the others."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from napari_brats import INTENDED_USE, __version__
from napari_brats.cli.cases import Problem, folder_of
from napari_brats.cli.console import ALL_DONE, INTERRUPTED, SOME_FAILED, ProgressReport
from napari_brats.cli.record import input_records, segmentation_record, to_json
from napari_brats.core.case import Segmentation
from napari_brats.core.errors import BratsError, SaveError
from napari_brats.core.labels import REGIONS
from napari_brats.core.modalities import Modality
from napari_brats.io.atomic import write_atomically
from napari_brats.io.checks import check_case
from napari_brats.io.discover import CaseFiles
from napari_brats.io.fill_in import file_remarks, fill_in
from napari_brats.io.load import load_case
from napari_brats.io.save import (
    probability_name,
    save_label_map,
    save_probabilities,
    save_probability,
)

if TYPE_CHECKING:
    from napari_brats.inference.segment import SegmentOptions
    from napari_brats.models.bundle import Bundle

SUMMARY_NAME = "summary.json"

_FAILURES = (
    BratsError,
    OSError,
    MemoryError,
    RuntimeError,
    ValueError,
    LookupError,
    ArithmeticError,
)
"""What one case may end with without ending the run: our own refusals, the disk, memory, and what
torch, numpy and the file libraries raise on content that nobody foresaw."""


@dataclass(frozen=True)
class Plan:
    """What is the same for every case of a run.

    Attributes
    ----------
    output
        The folder everything is written to.
    bundle
        The network.
    options
        Device, post-processing, mirroring, whether probabilities and uncertainty are kept.
    convention
        The name of the convention to write in; None leaves it to the case.
    grid
        The modality onto whose grid the others are resampled; None asks for one grid.
    overwrite
        Whether masks that are there already are replaced.
    """

    output: Path
    bundle: Bundle
    options: SegmentOptions
    convention: str | None = None
    grid: Modality | None = None
    overwrite: bool = False


@dataclass(frozen=True)
class Outcome:
    """How one case ended: status is ``done``, ``failed``, ``interrupted`` or ``not run``."""

    case_id: str
    path: str
    status: str
    error: str | None = None
    seconds: float = 0.0


def run_batch(cases: Sequence[CaseFiles], problems: Sequence[Problem], plan: Plan) -> int:
    """Segment every case, write the summary, and give the exit code.

    Parameters
    ----------
    cases
        The cases to run, their ids all different.
    problems
        Cases that could not even be begun; they stand in the summary as failed.
    plan
        What is the same for all.
    """
    outcomes = [Outcome(p.case_id, str(p.path), "failed", p.error) for p in problems]
    code = ALL_DONE
    with ProgressReport(len(cases)) as report:
        for outcome in outcomes:
            report.line(f"{outcome.case_id} failed: {outcome.error}")
        try:
            with _termination_interrupts():
                for files in cases:
                    outcome = _attempt(files, plan, report)
                    outcomes.append(outcome)  # one by one: those before an interruption stay
        except KeyboardInterrupt:
            code = INTERRUPTED
            report.line(f"Interrupted. What is done is listed in {plan.output / SUMMARY_NAME}.")
        finally:
            begun = len(outcomes) - len(problems)
            outcomes += _not_finished(cases[begun:])
            write_summary(plan.output, outcomes)
    if code == ALL_DONE and any(outcome.status != "done" for outcome in outcomes):
        code = SOME_FAILED
    return code


def output_names(
    case_id: str, probabilities: bool = False, uncertainty: bool = False
) -> dict[str, Any]:
    """The file names of one case's output, as its JSON lists them."""
    names: dict[str, Any] = {
        "label_map": f"{case_id}-seg.nii.gz",
        "record": f"{case_id}-seg.json",
    }
    if probabilities:
        names["probabilities"] = {
            region.value: probability_name(case_id, region) for region in REGIONS
        }
    if uncertainty:
        names["uncertainty"] = f"{case_id}-uncertainty.nii.gz"
    return names


def write_summary(folder: Path, outcomes: Sequence[Outcome]) -> None:
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
    write_atomically(folder / SUMMARY_NAME, to_json(summary), overwrite=True)


def _attempt(files: CaseFiles, plan: Plan, report: ProgressReport) -> Outcome:
    started = perf_counter()
    place = str(folder_of(files))
    report.start_case(files.case_id)
    try:
        segmentation = segment_case(files, plan, report)
    except _FAILURES as error:
        message = (
            str(error) if isinstance(error, BratsError) else f"{type(error).__name__}: {error}"
        )
        report.line(f"{files.case_id} failed: {message}")
        seconds = round(perf_counter() - started, 3)
        return Outcome(files.case_id, place, "failed", message, seconds)
    report.result(_result_line(segmentation, plan.output))
    return Outcome(files.case_id, place, "done", None, round(perf_counter() - started, 3))


def segment_case(files: CaseFiles, plan: Plan, report: ProgressReport) -> Segmentation:
    """Segment one case and write its files: all of them, or none.

    Raises
    ------
    BratsError
        If the case, its geometry or the disk does not allow it.
    """
    from napari_brats.inference.segment import segment

    options = plan.options
    names = output_names(files.case_id, options.keep_probabilities, options.keep_uncertainty)
    if not plan.overwrite:
        _refuse_existing(plan.output, names)
    files = fill_in(_without_label_map(files, plan.convention))
    begun = perf_counter()
    inputs = input_records(files)
    case = load_case(files, convention=plan.convention, resample_to=plan.grid)
    warnings = (*file_remarks(files), *check_case(case))
    for warning in warnings:
        report.line(f"{files.case_id}: warning: {warning}")
    loaded = perf_counter()
    segmentation = report.follow(segment(case, plan.bundle, options))
    for line in _remarks(segmentation, with_places=options.keep_uncertainty):
        report.line(f"{files.case_id}: {line}")
    with _all_or_nothing(plan.output) as folder:
        segmented = perf_counter()
        _write_volumes(folder, segmentation, names)
        seconds = {"load": loaded - begun, "save": perf_counter() - segmented}
        record = segmentation_record(
            segmentation,
            inputs=inputs,
            outputs=names,
            seconds=seconds,
            warnings=warnings,
            resampled_to=plan.grid,
        )
        write_atomically(folder / names["record"], to_json(record))
    return segmentation


def _not_finished(cases: Sequence[CaseFiles]) -> list[Outcome]:
    """The case that was running, if any is left, and those that never began."""
    states = ["interrupted"] + ["not run"] * (len(cases) - 1)
    return [
        Outcome(files.case_id, str(folder_of(files)), state)
        for files, state in zip(cases, states, strict=False)
    ]


def _refuse_existing(folder: Path, names: Mapping[str, Any]) -> None:
    single = {key: name for key, name in names.items() if isinstance(name, str)}
    wanted = [*single.values(), *names.get("probabilities", {}).values()]
    there = [name for name in wanted if (folder / name).exists()]
    if there:
        raise SaveError(
            f"{', '.join(there)} in {folder} would be replaced. Choose another --output, or say "
            f"--overwrite."
        )


def _without_label_map(files: CaseFiles, convention: str | None) -> CaseFiles:
    """The case without its label map, which a segmentation does not need, however broken it is.

    It stays where only its values can tell in which convention to write.
    """
    if convention is None and files.convention_hint is None:
        return files
    problems = tuple(problem for problem in files.problems if problem.modality is not None)
    return replace(files, label_map=None, problems=problems)


def _remarks(segmentation: Segmentation, *, with_places: bool) -> list[str]:
    """What stderr says of a result: warnings, the Dice to expect, and where to look."""
    review = segmentation.review
    lines = [f"warning: {note}" for note in segmentation.provenance.get("notes", ())]
    lines += [f"warning: {text}" for text in review.unusual]
    lines += [review.expectation] if review.expectation else []
    if with_places:
        lines += [f"look at {i}: {place.title}" for i, place in enumerate(review.places, start=1)]
    return lines


def _write_volumes(folder: Path, segmentation: Segmentation, names: Mapping[str, Any]) -> None:
    reference, uncertainty = segmentation.reference, segmentation.review.uncertainty
    path = folder / names["label_map"]
    save_label_map(path, segmentation.labels, reference, segmentation.convention)
    if segmentation.probabilities is not None:
        save_probabilities(folder, segmentation.case_id, segmentation.probabilities, reference)
    if uncertainty is not None:
        save_probability(folder / names["uncertainty"], uncertainty, reference)


@contextmanager
def _termination_interrupts() -> Iterator[None]:
    """Let SIGTERM, with which clusters end a job, count as Ctrl-C: the summary is written."""
    former = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)


@contextmanager
def _all_or_nothing(output: Path) -> Iterator[Path]:
    """A folder in ``output`` whose files move there at the end; none does after an error."""
    with tempfile.TemporaryDirectory(dir=output, prefix=".segment-") as name:
        folder = Path(name)
        yield folder
        for path in sorted(folder.iterdir()):
            path.replace(output / path.name)


def _result_line(segmentation: Segmentation, output: Path) -> str:
    volumes = "  ".join(f"{r.value} {v:.1f} ml" for r, v in segmentation.volumes_ml().items())
    path = output / output_names(segmentation.case_id)["label_map"]
    return f"{segmentation.case_id}  {volumes}  {path}"
