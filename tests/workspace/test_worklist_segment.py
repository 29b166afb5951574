"""Segmenting all that lack a label map: one failure stops nothing, a cancel leaves nothing half."""

import json
from pathlib import Path

import pytest

from napari_brats.core.errors import GeometryError, SaveError
from napari_brats.core.progress import Progress, drain
from napari_brats.workspace.status_files import CaseState, change_status, read_status
from napari_brats.workspace.worklist import WorkCase, read_again
from napari_brats.workspace.worklist_claims import Session, claim, other_holder
from napari_brats.workspace.worklist_scan import scan_folder
from napari_brats.workspace.worklist_segment import (
    STEPS_PER_CASE,
    closed_folders,
    lacking_mask,
    segment_missing,
)

ME = Session("1-aa", "Ann", "0123abcd")
OTHER = Session("2-bb", "Bob", "0123abcd")


class Engine:
    """Writes a label map and a record; fails where told to."""

    def __init__(self, **error_at: BaseException):
        self.error_at = error_at
        self.begun: list[str] = []
        self.held: list[bool] = []
        self.closed: list[str] = []

    def __call__(self, files, folder: Path):
        name = files.case_id
        self.begun.append(name)
        self.held.append(other_holder(read_status_of(files), OTHER) is not None)
        try:
            yield Progress(0, 2, "Preparing")
            if error := self.error_at.get(name):
                raise error
            yield Progress(1, 2, "Running")
            (folder / f"{name}-seg.nii.gz").write_bytes(b"a mask")
            (folder / f"{name}-seg.json").write_text(json.dumps({"volumes_ml": {"WT": 3.0}}))
        finally:
            self.closed.append(name)


def read_status_of(files):
    return read_status(WorkCase(files).place)


@pytest.fixture
def three(make_case, tmp_path: Path):
    for name in "abc":
        make_case(name, mask=name == "b")
    make_case("d")
    return drain(scan_folder(tmp_path / "data"))


def test_only_cases_without_a_label_map_are_segmented(three):
    engine = Engine()
    outcomes = drain(segment_missing(lacking_mask(three), engine, ME))
    assert engine.begun == ["a", "c", "d"]
    assert [(o.case_id, o.status) for o in outcomes] == [(n, "done") for n in "acd"]
    assert engine.held == [True] * 3  # others see that it is worked on
    again = [read_again(case) for case in drain(scan_folder(three[0].place.folder.parent))]
    assert lacking_mask(again) == ()
    assert again[0].volumes_ml == {"WT": 3.0}
    assert all(other_holder(case.status, OTHER) is None for case in again)


@pytest.mark.parametrize(
    "error", [GeometryError("two grids"), RuntimeError("CUDA"), OSError(28, "No space left")]
)
def test_a_case_that_fails_is_a_problem_and_the_others_go_on(three, error: Exception):
    engine = Engine(a=error)
    outcomes = drain(segment_missing(lacking_mask(three), engine, ME))
    assert [o.status for o in outcomes] == ["failed", "done", "done"]
    status = read_again(three[0]).status
    assert status.state is CaseState.PROBLEM
    assert str(error) in status.message
    assert status.note == ""
    assert other_holder(status, OTHER) is None


def test_a_case_that_failed_once_and_works_now_is_no_problem_any_more(three):
    drain(segment_missing(lacking_mask(three[:1]), Engine(a=GeometryError("two grids")), ME))
    drain(segment_missing(lacking_mask([read_again(three[0])]), Engine(), ME))
    status = read_again(three[0]).status
    assert (status.state, status.message) == (CaseState.TO_DO, "")


def test_a_problem_that_a_person_named_stays_one(three):
    change_status(three[0].place, {"state": CaseState.PROBLEM, "note": "movement"})
    drain(segment_missing([read_again(three[0])], Engine(), ME))
    assert read_again(three[0]).status.state is CaseState.PROBLEM


def test_what_got_a_label_map_meanwhile_or_is_open_elsewhere_is_left_alone(three):
    cases = lacking_mask(three)
    (cases[0].place.folder / "a-seg.nii.gz").write_bytes(b"by somebody else")
    claim(cases[1].place, OTHER)
    engine = Engine()
    outcomes = drain(segment_missing(cases, engine, ME))
    assert [o.status for o in outcomes] == ["skipped", "skipped", "done"]
    assert [o.why for o in outcomes[:2]] == [
        "it has a label map now",
        "somebody else has it open",
    ]
    assert engine.begun == ["d"]
    assert (cases[0].place.folder / "a-seg.nii.gz").read_bytes() == b"by somebody else"


def test_a_case_open_in_this_window_stays_claimed(three):
    claim(three[0].place, ME)
    drain(segment_missing(three[:1], Engine(), ME))
    assert other_holder(read_again(three[0]).status, OTHER) is not None


def test_progress_counts_cases(three):
    steps = list(segment_missing(lacking_mask(three), Engine(), ME))
    assert {step.total for step in steps} == {3 * STEPS_PER_CASE}
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert [(s.done // STEPS_PER_CASE, s.message) for s in steps if "Running" in s.message] == [
        (0, "a: Running"),
        (1, "c: Running"),
        (2, "d: Running"),
    ]


def test_cancelling_ends_the_case_at_hand_and_claims_nothing_any_more(three):
    engine = Engine()
    job = segment_missing(lacking_mask(three), engine, ME)
    while "Preparing" not in next(job).message:
        pass
    job.close()
    assert engine.closed == engine.begun == ["a"]
    status = read_again(three[0]).status
    assert status.state is CaseState.TO_DO
    assert other_holder(status, OTHER) is None


def test_folders_closed_for_writing(three, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    closed = three[0].place.folder
    monkeypatch.setattr(
        "napari_brats.workspace.worklist_segment.os.access", lambda path, _mode: path != closed
    )
    assert closed_folders(three) == (closed,)
    (failed,) = drain(segment_missing(three[:1], Engine(), ME))
    assert failed.status == "failed"
    assert "cannot be written to" in failed.why
    (outcome,) = drain(segment_missing(three[:1], Engine(), ME, elsewhere=tmp_path / "masks"))
    assert outcome.status == "done"
    case = read_again(three[0])
    assert case.mask.parent.parent.parent == tmp_path / "masks"
    assert case.volumes_ml == {"WT": 3.0}
    assert lacking_mask([case]) == ()


def test_a_failure_that_cannot_be_noted_is_told(three, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_, **__):
        raise SaveError("disk full")

    monkeypatch.setattr("napari_brats.workspace.worklist_segment.change_status", refuse)
    (outcome,) = drain(segment_missing(three[:1], Engine(a=GeometryError("two grids")), ME))
    assert outcome.status == "failed"
    assert "two grids" in outcome.why
    assert "disk full" in outcome.why
