"""The scores follow the edits of the chosen pair, and nothing stale is shown."""

from __future__ import annotations

import numpy as np
import pytest
from tests.widgets.metrics_session import Layer, Map, Session, label_map
from tests.widgets.pairs import GRID, blocks

from napari_brats.core.errors import BratsError
from napari_brats.core.geometry import Grid
from napari_brats.core.labels import Label, Region
from napari_brats.widgets.metrics_live import ADDED, MISSED, error_map
from napari_brats.widgets.metrics_panel import NEEDS_TWO
from napari_brats.widgets.open_label_maps import default_pair


@pytest.fixture
def session(qtbot, monkeypatch):
    session = Session(qtbot, monkeypatch)
    session.panel.show()
    session.control.show_active_case()
    return session


def test_the_pair_is_scored_and_each_edit_follows(session):
    session.score()
    assert session.dice == "0.8000"
    session.edit(0)
    session.score()
    session.prediction.layer["labels"][:] = session.reference.layer["labels"]
    session.control.follow_edit(session.prediction.layer)
    session.score()
    assert session.dice == "1.0000"


def test_other_layers_and_moves_within_a_stroke_start_nothing(session):
    session.score()
    session.control.follow_edit(Layer())
    session.viewer.painting = True
    for _ in range(5):
        session.edit()
    assert session.nothing_starts()
    session.viewer.painting = False
    session.edit()  # the end of the stroke is told as an edit, too
    session.score()
    assert session.nothing_starts()


def test_a_result_older_than_the_last_edit_is_dropped(session):
    session.qtbot.waitUntil(lambda: bool(session.jobs.waiting), timeout=20_000)
    session.edit()
    assert session.nothing_starts() is False  # the first job still waits, and it alone
    assert len(session.jobs.waiting) == 1
    session.jobs.finish()
    assert session.dice == "\u2013"
    session.score()
    assert session.dice != "\u2013"


def test_a_layer_removed_while_computing_takes_its_scores_along(session):
    session.qtbot.waitUntil(lambda: bool(session.jobs.waiting), timeout=20_000)
    session.viewer.maps = [session.reference]
    session.control.show_active_case()
    session.jobs.finish()
    assert session.dice == "\u2013"
    assert session.panel.problem.text() == NEEDS_TWO
    assert session.panel.form.reference_box.currentText() == "file"
    assert session.panel.form.prediction_box.currentText() == ""
    assert session.nothing_starts()


def test_a_case_closed_while_computing_is_forgotten(session):
    session.qtbot.waitUntil(lambda: bool(session.jobs.waiting), timeout=20_000)
    session.viewer.maps, session.viewer.active_case_key = [], None
    session.control.show_active_case()
    session.jobs.finish()
    assert session.dice == "\u2013"
    assert session.panel.form.reference_box.count() == 0


def test_a_renamed_layer_keeps_its_scores_and_shows_its_new_name(session):
    session.score()
    renamed = label_map("network", session.prediction.layer["labels"])
    renamed = Map("network", "second rater", "", False, True, session.prediction.layer)
    session.viewer.maps = [session.reference, renamed]
    session.panel.choices_wanted.emit()
    assert session.panel.form.prediction_box.currentText() == "second rater"
    assert session.dice == "0.8000"
    assert session.nothing_starts()


def test_another_grid_is_refused_with_both(session):
    grid = Grid(GRID.shape, np.diag([1.0, 1.0, 3.0, 1.0]))
    other = label_map("other", session.prediction.layer["labels"], grid=grid)
    session.viewer.maps = [session.reference, other]
    session.control.show_active_case()
    session.qtbot.waitUntil(lambda: "grid" in session.panel.problem.text(), timeout=20_000)
    text = session.panel.problem.text()
    assert "12x10x8 voxels of 2 x 2 x 2 mm" in text
    assert "12x10x8 voxels of 1 x 1 x 3 mm" in text
    assert not session.jobs.waiting


def test_two_empty_label_maps_are_scored(session):
    empty = np.zeros(GRID.shape, np.uint8)
    session.viewer.maps = [label_map("a", empty), label_map("b", empty)]
    session.control.show_active_case()
    session.score()
    assert session.dice == "1.0000"
    assert "WT in both" in session.panel.empty_note.text()


def test_nothing_is_computed_while_the_section_is_folded(session):
    session.score()
    session.panel.hide()
    session.edit(0)
    assert session.nothing_starts()
    session.panel.show()
    session.score()


def test_one_label_map_chosen_for_both_sides_swaps_them(session):
    session.score()
    session.panel.pair_chosen.emit("network", "network")
    assert session.panel.form.reference_box.chosen == "network"
    assert session.panel.form.prediction_box.chosen == "file"
    session.score()
    assert session.panel.table.item(0, 0).text() == "0.8000"


def test_a_chosen_pair_outlives_what_is_selected(session):
    third = label_map("third", blocks()[0], in_hand=True)
    session.viewer.maps = [session.reference, session.prediction, third]
    session.panel.pair_chosen.emit("network", "file")
    assert session.panel.form.reference_box.chosen == "network"
    session.viewer.maps = [session.reference, third]  # the chosen one is gone
    session.control.show_active_case()
    assert session.panel.form.prediction_box.chosen == "third"


def test_errors_are_shown_on_demand_follow_and_go(session):
    session.score()
    assert session.errors.shown is None
    session.panel.errors_box.setChecked(True)
    session.score()
    errors, like, name = session.errors.shown
    assert (np.count_nonzero(errors == MISSED), np.count_nonzero(errors == ADDED)) == (16, 8)
    assert like is session.reference.layer
    assert name == "Errors WT"
    session.prediction.layer["labels"][:] = session.reference.layer["labels"]
    session.control.follow_edit(session.prediction.layer)
    session.score()
    assert not session.errors.shown[0].any()
    session.panel.errors_box.setChecked(False)
    assert session.errors.shown is None


def test_errors_of_a_region_leave_other_labels_out():
    reference, prediction = blocks()
    reference[5, 5, 5] = Label.ET
    errors = error_map(reference, prediction, Region.ET)
    assert np.argwhere(errors).tolist() == [[5, 5, 5]]
    assert errors[5, 5, 5] == MISSED


def test_a_lesion_is_visited_in_the_reference_s_file(session):
    session.score()
    session.panel.lesions.setCurrentCell(1, 0)
    assert session.viewer.visited == [("case", (10, 8, 6), session.reference.layer)]


def test_scores_are_saved_beside_each_other_and_a_failure_is_told(session, tmp_path):
    session.score()
    score = session.panel._score
    session.panel.save_requested.emit(tmp_path / "m.csv", score)
    assert (tmp_path / "m.csv").read_text().startswith("case_id,status,region,")
    assert "id of case" in (tmp_path / "m-lesions.csv").read_text()
    session.panel.save_requested.emit(tmp_path / "none" / "m.csv", score)
    assert "does not exist" in session.panel.message.text()


def test_a_lesion_file_that_nobody_agreed_to_replace_stays(session, tmp_path):
    session.score()
    (tmp_path / "m-lesions.csv").write_text("mine")
    session.panel.save_requested.emit(tmp_path / "m.csv", session.panel._score)
    assert (tmp_path / "m-lesions.csv").read_text() == "mine"
    assert "exists already" in session.panel.message.text()


def test_a_failed_job_is_told_and_the_next_edit_tries_again(session, monkeypatch):
    def fail(*_arguments):
        raise BratsError("no memory")

    with monkeypatch.context() as patch:
        patch.setattr("napari_brats.metrics.live.PairScorer.score", fail)
        session.score()
    assert session.panel.problem.text() == "no memory"
    session.edit(0)
    session.score()
    assert session.panel.problem.isHidden()


@pytest.mark.parametrize(
    ("maps", "expected"),
    [
        ([], None),
        ([("a", True, True)], None),
        ([("net", False, True), ("file", True, False)], ("file", "net")),
        ([("file", True, True), ("net", False, False)], ("file", "net")),
        ([("r1", True, False), ("r2", True, True)], ("r1", "r2")),
        ([("f", True, False), ("old", False, False), ("new", False, False)], ("f", "new")),
        ([("f", True, False), ("old", False, True), ("new", False, False)], ("f", "old")),
        ([("one", False, True), ("two", False, False)], ("one", "two")),
    ],
)
def test_the_file_is_the_reference_and_the_edited_one_the_prediction(maps, expected):
    made = [label_map(i, None, from_file=f, in_hand=h) for i, f, h in maps]
    pair = default_pair(made)
    assert (pair and tuple(m.map_id for m in pair)) == expected
