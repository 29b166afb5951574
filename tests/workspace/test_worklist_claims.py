"""Who has a case open."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from napari_brats.workspace.settings import change_settings
from napari_brats.workspace.status_files import StatusPlace, read_status
from napari_brats.workspace.worklist_claims import (
    STALE_S,
    Session,
    claim,
    editor_name,
    in_words,
    is_mine,
    new_session,
    other_holder,
    release,
)

ANN = Session("1-aa", "Ann", "0123abcd")
BOB = Session("2-bb", "Bob", "0123abcd")


def place_in(folder: Path) -> StatusPlace:
    return StatusPlace(folder, "case")


def test_a_case_belongs_to_whoever_opened_it_first(tmp_path: Path):
    place = place_in(tmp_path)
    assert is_mine(claim(place, ANN), ANN)
    seen = claim(place, BOB)
    assert not is_mine(seen, BOB)
    assert other_holder(seen, BOB).editor == "Ann"
    assert in_words(other_holder(seen, BOB)).startswith("Ann, since ")
    assert other_holder(seen, ANN) is None


def test_a_case_that_was_released_is_free(tmp_path: Path):
    place = place_in(tmp_path)
    claim(place, ANN)
    assert other_holder(release(place, ANN), BOB) is None
    assert is_mine(claim(place, BOB), BOB)


def test_a_holder_that_was_not_seen_for_long_counts_no_more(tmp_path: Path):
    status = claim(place_in(tmp_path), ANN)
    seen = status.holder.seen
    assert other_holder(status, BOB, seen + timedelta(seconds=STALE_S)) is not None
    assert other_holder(status, BOB, seen + timedelta(seconds=STALE_S + 1)) is None


def test_a_beat_keeps_the_time_of_opening(tmp_path: Path):
    first = claim(place_in(tmp_path), ANN).holder
    second = claim(place_in(tmp_path), ANN).holder
    assert second.since == first.since
    assert second.seen > first.seen


def test_a_case_taken_over_is_not_released_by_its_former_holder(tmp_path: Path):
    place = place_in(tmp_path)
    claim(place, ANN)
    assert is_mine(claim(place, BOB, take_over=True), BOB)
    release(place, ANN)
    assert is_mine(read_status(place), BOB)
    assert not is_mine(claim(place, ANN), ANN)  # nor does a beat take it back


def test_releasing_what_nobody_claimed_writes_nothing(tmp_path: Path):
    release(place_in(tmp_path), ANN)
    assert not place_in(tmp_path).beside.exists()


def test_two_windows_are_two_sessions():
    assert new_session().session != new_session().session
    assert replace(new_session(), session="") == replace(new_session(), session="")


def test_the_editors_name_is_that_of_the_settings():
    change_settings(editor=" Ann ")
    assert editor_name() == "Ann"
