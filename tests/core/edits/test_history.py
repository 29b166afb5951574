"""Steps of a label map: what they keep, how they go back and forth, what they take."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_brats.core.boxes import Box
from napari_brats.core.edits.history import Change, History, Record
from napari_brats.core.labels import LabelMap

WHOLE: Box = (slice(0, 3), slice(0, 4), slice(0, 5))
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def record_of(before: LabelMap, after: LabelMap) -> Record:
    box: Box = tuple(slice(0, size) for size in before.shape)  # type: ignore[assignment]
    change = Change.between(box, before, after)
    assert change is not None
    return Record(change, "Brush", change.label, NOW)


def test_a_change_knows_its_smallest_box_and_its_label() -> None:
    before = np.zeros((3, 4, 5), np.uint8)
    after = before.copy()
    after[1, 2, 3:5] = 2
    change = Change.between(WHOLE, before, after)
    assert change is not None
    assert change.box == (slice(1, 2), slice(2, 3), slice(3, 5))
    assert (change.voxels, change.label) == (2, 2)
    after[1, 2, 3] = 1
    mixed = Change.between(WHOLE, before, after)
    assert mixed is not None
    assert mixed.label is None


def test_a_box_inside_the_label_map_is_placed_in_it() -> None:
    box: Box = (slice(1, 3), slice(2, 4), slice(0, 2))
    labels = np.zeros((3, 4, 5), np.uint8)
    after = np.zeros((2, 2, 2), np.uint8)
    after[1, 1, 0] = 3
    change = Change.between(box, labels[box], after)
    assert change is not None
    change.redo(labels)
    assert np.argwhere(labels).tolist() == [[2, 3, 0]]


def test_no_change_is_none() -> None:
    labels = np.ones((3, 4, 5), np.uint8)
    assert Change.between(WHOLE, labels, labels.copy()) is None


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["uint8", "int32"]))
def test_undo_and_redo_give_both_sides_exactly(seed: int, dtype: str) -> None:
    rng = np.random.default_rng(seed)
    before = rng.integers(0, 5, (9, 17, 23)).astype(dtype)  # more than is kept uncompressed
    after = np.where(rng.random(before.shape) < rng.random(), rng.integers(0, 5), before)
    after = after.astype(dtype)
    box: Box = (slice(0, 9), slice(0, 17), slice(0, 23))
    change = Change.between(box, before, after)
    if change is None:
        assert np.array_equal(before, after)
        return
    labels = after.copy()
    change.undo(labels)
    assert np.array_equal(labels, before)
    change.redo(labels)
    assert np.array_equal(labels, after)


def test_a_large_step_is_small_in_memory() -> None:
    before = np.zeros((60, 80, 80), np.uint8)
    after = before.copy()
    after[5:55, 10:70, 10:70] = 2
    change = record_of(before, after).change
    assert change.voxels == 50 * 60 * 60
    assert change.nbytes < 5000


def test_the_oldest_steps_go_when_the_limit_is_reached_and_the_last_stays() -> None:
    labels = np.zeros((1, 1, 8), np.uint8)
    history = History(limit_bytes=3500)  # three of these steps
    for column in range(6):
        before = labels.copy()
        labels[0, 0, column] = 1
        history.add(record_of(before, labels))
    assert (len(history), history.done, history.dropped) == (3, 3, 3)
    assert history.nbytes <= 3500
    history.move_to(0, labels)
    assert labels[0, 0].tolist() == [1, 1, 1, 0, 0, 0, 0, 0]
    history.move_to(3, labels)
    history.limit_bytes = 1
    assert (len(history), history.dropped) == (1, 5)
    history.move_to(0, labels)
    assert labels[0, 0].tolist() == [1, 1, 1, 1, 1, 0, 0, 0]


def test_what_was_undone_is_forgotten_with_the_next_step() -> None:
    labels = np.zeros((1, 1, 4), np.uint8)
    history = History()
    for column in range(3):
        before = labels.copy()
        labels[0, 0, column] = 1
        history.add(record_of(before, labels))
    history.move_to(1, labels)
    before = labels.copy()
    labels[0, 0, 3] = 2
    history.add(record_of(before, labels))
    assert (len(history), history.done) == (2, 2)
    assert history.nbytes == sum(record.change.nbytes for record in history)
    history.move_to(0, labels)
    assert not labels.any()


@pytest.mark.parametrize("done", [-3, 7])
def test_moving_beyond_the_ends_stops_there(done: int) -> None:
    labels = np.ones((1, 1, 2), np.uint8)
    history = History()
    history.add(record_of(np.zeros_like(labels), labels))
    history.move_to(done, labels)
    assert history.done == (0 if done < 0 else 1)
