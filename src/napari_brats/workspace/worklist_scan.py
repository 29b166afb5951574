"""From a folder to its worklist, without opening an image; and what changed in it since."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from napari_brats.core.errors import CaseError
from napari_brats.core.progress import Job, Progress
from napari_brats.io.discover import discover
from napari_brats.workspace.worklist import WorkCase, read_again, work_case


def scan_folder(folder: Path) -> Job[tuple[WorkCase, ...]]:
    """The cases in a folder, under any naming, sorted by id; of each, names and small files only.

    Label maps without images are no cases to work on. CaseError if the folder holds none.
    """
    yield Progress(0, 0, f"Looking for cases in {folder}")
    found = [f for f in discover(folder, strict=False) if f.modalities or f.unassigned]
    if not found:
        raise CaseError(
            f"There are label maps but no images in {folder}. Expected a folder of cases."
        )
    cases = []
    for number, files in enumerate(found):
        yield Progress(number, len(found), f"Reading what is known of {files.case_id}")
        cases.append(work_case(files))
    return tuple(cases)


def refresh(cases: Sequence[WorkCase]) -> Job[tuple[WorkCase, ...]]:
    """The same cases with status and record as they are now; no folder is searched."""
    fresh = []
    for number, case in enumerate(cases):
        yield Progress(number, len(cases), f"Reading what is known of {case.case_id}")
        fresh.append(read_again(case))
    return tuple(fresh)
