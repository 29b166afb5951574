"""One process: what overlaps, in which order it is told, and what a failure or Ctrl-C leaves."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_brats.core.case import Case, Segmentation, Volume
from napari_brats.core.errors import CaseError, SaveError
from napari_brats.core.geometry import Grid
from napari_brats.core.labels import CONVENTIONS
from napari_brats.core.modalities import Modality
from napari_brats.core.progress import Progress
from napari_brats.inference.segment import NETWORK_DONE, STEPS, SegmentOptions
from napari_brats.inference.segment_files import Plan, ReadCase, Source
from napari_brats.io.case_files import CaseFiles, FileChoice
from napari_brats.io.header import new_header
from napari_brats.models.bundle import Bundle
from napari_brats.models.card import Card
from napari_brats.scale.outcome import CaseLog
from napari_brats.scale.pipeline import READ_AHEAD, segment_in_turn

PATIENCE_S = 30


def files_of(case_id: str) -> CaseFiles:
    choice = FileChoice(Path("data") / case_id / "t1c.nii", "")
    return CaseFiles(case_id, {Modality.T1C: choice}, None, (), "", None, ())


def volume() -> Volume:
    grid = Grid((2, 2, 2), np.eye(4))
    return Volume(np.zeros((2, 2, 2), np.float32), grid, new_header(grid))


@dataclass
class Stages:
    """Stand-ins for reading, network and writing, that note what begins and ends."""

    events: list[tuple[str, str]] = field(default_factory=list)
    does: dict[tuple[str, str], Callable[[], Any]] = field(default_factory=dict)

    def _stage(self, what: str, case_id: str) -> Any:
        self.events.append((what, case_id))
        return self.does.get((what, case_id), lambda: None)()

    def read(self, files: CaseFiles, plan: Plan) -> Any:
        record = self._stage("read", files.case_id)
        case = Case(files.case_id, {Modality.T1C: volume()}, None, CONVENTIONS["brats2023"])
        return record or ReadCase(case, Source((), ("odd",), 0.0))

    def segment(self, case: Case, bundle: Bundle, options: SegmentOptions) -> Any:
        yield Progress(0, STEPS, "preparing")
        self._stage("prepare", case.case_id)
        yield Progress(5, STEPS, "loading")
        self._stage("network", case.case_id)
        yield Progress(NETWORK_DONE, STEPS, "finishing")
        self._stage("finish", case.case_id)
        labels = np.zeros((2, 2, 2), np.uint8)
        return Segmentation(case.case_id, labels, case.reference, case.convention, None, {})

    def write(self, segmentation: Segmentation, source: Source, plan: Plan) -> None:
        self._stage("write", segmentation.case_id)
        self.events.append(("written", segmentation.case_id))


@pytest.fixture
def stages(monkeypatch: pytest.MonkeyPatch) -> Stages:
    found = Stages()
    monkeypatch.setattr("napari_brats.scale.pipeline.read_unless_done", found.read)
    monkeypatch.setattr("napari_brats.inference.segment.segment", found.segment)
    monkeypatch.setattr("napari_brats.scale.pipeline.write_files", found.write)
    return found


@pytest.fixture
def segment(tmp_path: Path) -> Callable[..., CaseLog]:
    card = Card("net", "A network", "unet3d", {}, sha256="ab")
    plan = Plan(tmp_path, Bundle(card, tmp_path / "net.safetensors"), SegmentOptions("cpu"))

    def run(*case_ids: str, log: CaseLog | None = None) -> CaseLog:
        log = CaseLog() if log is None else log
        segment_in_turn([files_of(case_id) for case_id in case_ids], plan, log)
        return log

    return run


def statuses(log: CaseLog) -> list[tuple[str, str]]:
    return [(outcome.case_id, outcome.status) for outcome, _ in log.ended]


def waits_for(event: threading.Event) -> Callable[[], None]:
    def wait() -> None:
        assert event.wait(PATIENCE_S), "what should have gone on meanwhile did not"

    return wait


def test_the_next_case_is_prepared_and_the_last_one_finished_while_the_network_runs(
    stages, segment
):
    prepared_b, network_b = threading.Event(), threading.Event()
    stages.does = {
        ("prepare", "b"): prepared_b.set,
        ("network", "a"): waits_for(prepared_b),
        ("network", "b"): network_b.set,
        ("finish", "a"): waits_for(network_b),
    }
    log = segment("a", "b")
    assert statuses(log) == [("a", "done"), ("b", "done")]


def test_a_bounded_number_of_cases_is_in_memory(stages, segment):
    ids = [f"c{number}" for number in range(12)]
    segment(*ids)
    for end, (what, case_id) in enumerate(stages.events):
        if what == "network":
            begun = sum(event[0] == "read" for event in stages.events[:end])
            assert begun <= ids.index(case_id) + 1 + READ_AHEAD
            written = sum(event[0] == "written" for event in stages.events[:end])
            assert written >= ids.index(case_id) - 2


def test_cases_are_told_in_their_order_with_remarks_and_volumes(stages, segment, tmp_path: Path):
    log = segment("a", "b", "c")
    assert [case_id for case_id, _ in log.remarks] == ["a", "b", "c"]
    assert log.remarks[0] == ("a", "warning: odd")
    assert [case_id for what, case_id in stages.events if what == "network"] == ["a", "b", "c"]
    mask = tmp_path / "a-seg.nii.gz"
    assert log.ended[0][1] == f"a  WT 0.0 ml  TC 0.0 ml  ET 0.0 ml  {mask}"


def failing(error: BaseException) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


@pytest.mark.parametrize("stage", ["read", "prepare", "network", "finish", "write"])
def test_a_failure_at_any_stage_ends_its_case_only(stage: str, stages, segment):
    error = SaveError("disk full") if stage == "write" else CaseError("no brain")
    stages.does = {(stage, "b"): failing(error)}
    log = segment("a", "b", "c")
    assert statuses(log) == [("a", "done"), ("b", "failed"), ("c", "done")]
    assert log.ended[1][0].error == str(error)


def test_what_a_former_run_did_is_not_done_again(stages, segment):
    stages.does = {("read", "b"): lambda: {"volumes_ml": {"WT": 1.0}}}
    log = segment("a", "b", "c")
    assert [outcome.done_before for outcome, _ in log.ended] == [False, True, False]
    assert ("network", "b") not in stages.events
    assert log.ended[1][1].startswith("b  WT 1.0 ml")


@pytest.mark.parametrize("stage", ["prepare", "network", "finish", "write"])
def test_an_interruption_still_tells_what_was_written_before(stage: str, stages, segment):
    stages.does = {(stage, "b"): failing(KeyboardInterrupt())}
    log = CaseLog()
    with pytest.raises(KeyboardInterrupt):
        segment("a", "b", "c", "d", "e", "f", log=log)
    assert ("a", "done") in statuses(log)
    assert "b" not in dict(statuses(log))
    assert ("network", "f") not in stages.events
