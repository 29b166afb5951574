"""What a window does with the cases of a worklist: open, leave, say something, list. No Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from napari_brats.core.errors import SaveError
from napari_brats.core.progress import Job, Progress
from napari_brats.io.opening import Opened, open_files
from napari_brats.workspace.status_files import Holder, change_status
from napari_brats.workspace.worklist import WorkCase, read_again
from napari_brats.workspace.worklist_ahead import LookAhead
from napari_brats.workspace.worklist_claims import Session, claim, other_holder, release
from napari_brats.workspace.worklist_index import read_index, write_index
from napari_brats.workspace.worklist_scan import refresh, scan_folder
from napari_brats.workspace.worklist_table import write_worklist_csv


@dataclass(frozen=True, eq=False)
class Begun:
    """What came of opening a case.

    Attributes
    ----------
    case
        As it is on disk now.
    opened
        Its layers; None if somebody else has it open.
    holder
        Who else has it open; None if nobody has.
    warnings
        What the user should know.
    """

    case: WorkCase
    opened: Opened | None = None
    holder: Holder | None = None
    warnings: tuple[str, ...] = ()


def begin(case: WorkCase, ahead: LookAhead, me: Session, *, take_over: bool = False) -> Job[Begun]:
    """Claim a case and read it, unless it was read ahead or somebody else has it open.

    ``take_over`` opens it whoever has it. BratsError if it cannot be read; it is free then.
    """
    yield Progress(0, 1, f"Opening {case.case_id}")
    warnings: tuple[str, ...] = ()
    case = read_again(case)
    try:
        case = replace(case, status=claim(case.place, me, take_over=take_over))
    except SaveError as error:
        warnings = (f"Others will not see that this case is open. {error}",)
    holder = other_holder(case.status, me)
    if holder is not None and not take_over:
        return Begun(case, None, holder)
    is_read = False
    try:
        files = case.files_to_open
        opened = ahead.take(files) or open_files(files)
        is_read = True
    finally:
        if not is_read:
            drop_claim(case, me)
    return Begun(case, opened, None, (*opened.warnings, *warnings))


def leave(case: WorkCase, me: Session) -> Job[WorkCase]:
    """Free a case for others; what is known of it now."""
    yield Progress(0, 1, f"Leaving {case.case_id}")
    drop_claim(case, me)
    return read_again(case)


def beat(case: WorkCase, me: Session) -> Job[WorkCase]:
    """Say again that the case is open here; its ``status`` tells if somebody took it over."""
    yield Progress(0, 1, f"Keeping {case.case_id}")
    return replace(case, status=claim(case.place, me))


def say(case: WorkCase, values: Mapping[str, str], me: Session) -> Job[WorkCase]:
    """Write what this user says of a case; what is known of it then. SaveError if it fails."""
    yield Progress(0, 1, f"Writing the status of {case.case_id}")
    change_status(case.place, values, me.editor)
    return read_again(case)


def known_of(folder: Path) -> Job[tuple[WorkCase, ...]]:
    """The worklist of a folder as it was seen last; empty if it never was."""
    yield Progress(0, 0, f"Opening the list of {folder}")
    return read_index(folder)


def scan_and_store(folder: Path) -> Job[tuple[WorkCase, ...]]:
    """The worklist of a folder as it is now, which is stored for the next time."""
    cases = yield from scan_folder(folder)
    write_index(folder, cases)
    return cases


def refresh_and_store(folder: Path, cases: Sequence[WorkCase]) -> Job[tuple[WorkCase, ...]]:
    """What is known of the cases now, stored for the next time."""
    fresh = yield from refresh(cases)
    if list(fresh) != list(cases):
        write_index(folder, fresh)
    return fresh


def export(path: Path, cases: Sequence[WorkCase]) -> Job[Path]:
    """Write the cases as CSV, over a file the user agreed to replace. SaveError if it fails."""
    yield Progress(0, 1, f"Writing {path.name}")
    write_worklist_csv(path, cases, overwrite=True)
    return path


def drop_claim(case: WorkCase, me: Session) -> None:
    """Free a case if that can be written; else others wait until the claim is stale."""
    try:
        release(case.place, me)
    except SaveError:
        return
