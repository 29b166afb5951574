"""Segmenting all cases of a worklist that lack a label map, one after the other."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_brats.core.errors import FAILURES_OF_A_CASE, SaveError, failure_in_words
from napari_brats.core.progress import Job, Progress
from napari_brats.io.case_files import CaseFiles
from napari_brats.io.save import label_map_name
from napari_brats.workspace.status_files import CaseState, change_status
from napari_brats.workspace.worklist import WorkCase, home_of, read_again
from napari_brats.workspace.worklist_claims import Session, claim, is_mine, other_holder, release

SegmentInto = Callable[[CaseFiles, Path], Job[Any]]
"""Segments a case and writes ``<case_id>-seg.nii.gz`` and its record into a folder, or nothing."""

STEPS_PER_CASE = 100


@dataclass(frozen=True)
class Outcome:
    """How one case ended: ``done``, ``failed`` or ``skipped``, and why if it is not done."""

    case_id: str
    status: str
    why: str = ""


def lacking_mask(cases: Sequence[WorkCase]) -> tuple[WorkCase, ...]:
    """The cases that have no label map (any more), and images to make one from."""
    return tuple(
        case
        for case in cases
        if case.files.modalities and (case.mask is None or not case.mask.is_file())
    )


def closed_folders(cases: Sequence[WorkCase]) -> tuple[Path, ...]:
    """The folders of cases that nothing can be written to."""
    folders = dict.fromkeys(home_of(case.files) for case in cases)
    return tuple(folder for folder in folders if not os.access(folder, os.W_OK))


def segment_missing(
    cases: Sequence[WorkCase],
    segment_into: SegmentInto,
    me: Session,
    elsewhere: Path | None = None,
) -> Job[tuple[Outcome, ...]]:
    """Segment each case and save its label map beside its images; how each ended.

    A case that fails is marked as a problem, with the reason, and the others go on. One that got a
    label map meanwhile, or that somebody else has open, is left alone. Progress counts
    `STEPS_PER_CASE` for each case.

    Parameters
    ----------
    cases
        Those of `lacking_mask`.
    segment_into
        The engine.
    me
        Claims each case while it is worked on.
    elsewhere
        Where label maps go whose own folder cannot be written to, each case in a folder of its
        own; None fails such cases.
    """
    outcomes = []
    for number, case in enumerate(cases):
        outcome = yield from _count(_one(case, segment_into, me, elsewhere), number, len(cases))
        outcomes.append(outcome)
    return tuple(outcomes)


def _count(job: Job[Outcome], number: int, total: int) -> Job[Outcome]:
    """The progress of one case as that of the run."""
    try:
        while True:
            step = next(job)
            share = min(1.0, step.done / step.total) if step.total else 0.0
            done = number * STEPS_PER_CASE + int(share * (STEPS_PER_CASE - 1))
            yield Progress(done, total * STEPS_PER_CASE, step.message)
    except StopIteration as end:
        outcome: Outcome = end.value
        return outcome
    finally:
        job.close()


def _one(
    case: WorkCase, segment_into: SegmentInto, me: Session, elsewhere: Path | None
) -> Job[Outcome]:
    yield Progress(0, 1, f"{case.case_id}: looking whether it still lacks a mask")
    try:
        folder, why = _where_to(case, me, elsewhere)
        if folder is None:
            return Outcome(case.case_id, "skipped", why)
        was_mine = is_mine(read_again(case).status, me)
        claim(case.place, me)
        try:
            yield from _named(segment_into(case.files, folder), case.case_id)
            _note_done(case, folder)
        finally:
            if not was_mine:  # the case may be open in this window
                release(case.place, me)
    except FAILURES_OF_A_CASE as error:
        return _failed(case, failure_in_words(error))
    return Outcome(case.case_id, "done")


def _named(job: Job[Any], case_id: str) -> Generator[Progress, None, None]:
    try:
        for step in job:
            yield Progress(step.done, step.total, f"{case_id}: {step.message}")
    finally:
        job.close()


def _where_to(case: WorkCase, me: Session, elsewhere: Path | None) -> tuple[Path | None, str]:
    """Where the label map goes; None and why if the case is to be left alone."""
    now = read_again(case)
    folder = home_of(case.files)
    mask = folder / label_map_name(case.case_id)
    if mask.exists() or not lacking_mask([now]):
        return None, "it has a label map now"
    if other_holder(now.status, me) is not None:
        return None, "somebody else has it open"
    if os.access(folder, os.W_OK):
        return folder, ""
    if elsewhere is None:
        raise SaveError(
            f"{folder} cannot be written to. Choose a folder for the label maps of such cases."
        )
    own = elsewhere / case.place.own.stem[:8] / case.case_id  # cases of one id stay apart
    own.mkdir(parents=True, exist_ok=True)
    return own, ""


def _note_done(case: WorkCase, folder: Path) -> None:
    said = {"message": ""} if case.status.message else {}
    if folder != home_of(case.files):
        said["mask"] = str(folder / label_map_name(case.case_id))
    if case.status.state is CaseState.PROBLEM and case.status.message:  # of a former run
        said["state"] = CaseState.TO_DO
    if said:
        change_status(case.place, said)


def _failed(case: WorkCase, why: str) -> Outcome:
    try:
        change_status(case.place, {"state": CaseState.PROBLEM, "message": why})
    except SaveError as error:
        why = f"{why}\nNor could this be noted: {error}"
    return Outcome(case.case_id, "failed", why)
