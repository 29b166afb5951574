"""What a worker is sent, and what it refuses."""

from __future__ import annotations

import pickle
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from tests.scale.test_pipeline import files_of
from tests.scale.test_workers import Immediate

from napari_brats.core.errors import JobError
from napari_brats.inference.segment import SegmentOptions
from napari_brats.inference.segment_files import Plan
from napari_brats.models.bundle import load_bundle
from napari_brats.scale.local import device_here, stop_asked
from napari_brats.scale.outcome import CaseLog
from napari_brats.scale.segmenting import Order, segment_batch, segment_with


def order(folder: Path, **changes: object) -> Order:
    bundle = load_bundle()
    options = SegmentOptions("cpu")
    card = bundle.card
    made = Order(folder, card.name, card.sha256, options, None, None, False, stop_asked)
    return replace(made, **changes)  # type: ignore[arg-type]


def test_an_order_is_small_and_holds_no_weights(tmp_path: Path):
    case = files_of("a")
    sent = pickle.dumps(partial(segment_batch, order(tmp_path)))
    assert len(sent) + len(pickle.dumps((case,))) < 4000


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"version": "0.0.1"}, "version 0.0.1 gave the order"),
        ({"output": Path("nowhere")}, "does not see the folder nowhere"),
        ({"sha256": "00"}, "other weights under the name"),
    ],
)
def test_a_worker_that_would_do_something_else_refuses(
    changes: dict[str, object], words: str, tmp_path: Path
):
    with pytest.raises(JobError, match=words):
        segment_batch(order(tmp_path, **changes), (files_of("a"),))


def test_a_worker_that_is_asked_to_stop_begins_nothing(tmp_path: Path):
    log = segment_batch(order(tmp_path, stopping=lambda: True), (files_of("a"),))
    assert log.ended == []
    assert list(tmp_path.iterdir()) == []


def test_what_workers_refuse_fails_each_case_of_the_batch(tmp_path: Path):
    log = CaseLog()
    plan = Plan(tmp_path / "nowhere", load_bundle(), SegmentOptions("cpu"))
    segment_with(Immediate(), [files_of("a"), files_of("b")], plan, log)
    assert {o.case_id: o.status for o, _ in log.ended} == {"a": "failed", "b": "failed"}
    assert all("does not see the folder" in (o.error or "") for o, _ in log.ended)


def test_outside_of_a_worker_nothing_is_told():
    assert device_here("cuda:1") == "cuda:1"
    assert not stop_asked()
