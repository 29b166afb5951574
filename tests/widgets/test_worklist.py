"""The worklist at work: next case, claims, unsaved edits, runs in the background. No viewer."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from tests.widgets.worklist_bench import BOB, ME, SHAPE, Bridge, Engine, List, wait, write_case

from napari_brats.core.progress import drain
from napari_brats.io.opening import open_files
from napari_brats.widgets.worklist_control import WorklistController
from napari_brats.widgets.worklist_engine import Network
from napari_brats.widgets.worklist_opener import WorklistOpener
from napari_brats.widgets.worklist_panel import WorklistPanel
from napari_brats.widgets.worklist_runs import WorklistRuns
from napari_brats.workspace.status_files import CaseState, read_status
from napari_brats.workspace.worklist_claims import claim, other_holder
from napari_brats.workspace.worklist_jobs import say


@pytest.fixture
def work(qtbot, tmp_path: Path):
    bridge = Bridge()
    folder = tmp_path / "data"
    for number, name in enumerate("abc"):
        write_case(folder, name, 10 * (number + 1), mask=name == "a")
    panel = WorklistPanel(lambda case: other_holder(case.status, ME))
    qtbot.addWidget(panel)
    answers, asked = {"leave": True, "take over": False}, []

    def answer(what: str) -> bool:
        asked.append(what)
        return answers[what]

    opener = WorklistOpener(
        lambda: bridge, lambda *_: answer("leave"), lambda *_: answer("take over"), ME, panel
    )
    control = WorklistController(panel, opener, ME, panel)
    engine = Engine()
    runs = WorklistRuns(
        panel, lambda: Network("net", "cpu", "off"), engine, lambda _closed: None, ME, panel
    )
    runs.cases_changed.connect(control.show_all)
    one = List(folder, bridge, panel, opener, control, runs, engine, answers, asked)
    control.open_folder(folder)
    wait(qtbot, lambda: panel.model.rowCount() == 3 and control._job is None)
    yield one
    control.close()


def step(work: List, qtbot, steps: int, name: str) -> None:
    work.control.step(steps)
    wait(qtbot, lambda: work.open_id == name and work.opener._opening is None)


def test_the_next_case_is_read_ahead_and_read_anew_if_it_changed(work: List, qtbot):
    step(work, qtbot, 1, "a")
    wait(qtbot, lambda: work.opener._ahead.key.endswith("/b"))
    image = work.folder / "b" / "b_t1ce.nii.gz"
    nib.Nifti1Image(np.full(SHAPE, 77, np.int16), np.eye(4)).to_filename(image)
    step(work, qtbot, 1, "b")
    assert work.bridge.shown_values() == {20, 77}


def test_the_ends_of_the_list_are_told(work: List, qtbot):
    step(work, qtbot, -1, "c")
    work.control.step(1)
    assert "last case" in work.panel.message.text()
    assert work.open_id == "c"


def test_others_see_which_case_is_open(work: List, qtbot):
    step(work, qtbot, 1, "a")
    assert other_holder(read_status(work.case("a").place), BOB).editor == "Ann"
    step(work, qtbot, 1, "b")
    wait(qtbot, lambda: other_holder(read_status(work.case("a").place), BOB) is None)
    work.control.close()
    assert other_holder(read_status(work.case("b").place), BOB) is None


def test_a_case_that_somebody_has_open_is_taken_over_only_if_wanted(work: List, qtbot):
    claim(work.case("a").place, BOB)
    work.control.step(1)
    wait(qtbot, lambda: work.asked == ["take over"])
    assert work.opener.key == ""
    wait(qtbot, lambda: work.opener._opening is None)
    assert work.bridge.keys() == ()
    assert work.panel.rows.index(0, 1).data() == "open: Bob"
    work.answers["take over"] = True
    step(work, qtbot, 1, "a")
    assert other_holder(read_status(work.case("a").place), BOB).editor == "Ann"


def test_unsaved_edits_keep_a_case_open_if_the_user_says_so(work: List, qtbot):
    step(work, qtbot, 1, "a")
    work.answers["leave"] = False
    work.control.step(1)
    assert work.asked == ["leave"]
    assert (work.open_id, work.opener._opening) == ("a", None)


def test_correcting_a_case_puts_it_in_progress(work: List, qtbot):
    step(work, qtbot, 1, "a")
    work.bridge.edited.emit("a")
    wait(qtbot, lambda: read_status(work.case("a").place).state is CaseState.IN_PROGRESS)
    assert read_status(work.case("a").place).reviewer == "Ann"


def test_what_the_user_says_is_written_and_shown(work: List, qtbot):
    work.panel.views.select(work.case("b").key)
    work.panel.details.state.setCurrentIndex(2)
    wait(qtbot, lambda: work.panel.rows.index(1, 1).data() == "reviewed")
    status = read_status(work.case("b").place)
    assert (status.state, status.reviewer) == (CaseState.REVIEWED, "Ann")


def test_what_others_say_is_shown_after_a_while(work: List, qtbot):
    drain(say(work.case("c"), {"note": "by Bob"}, BOB))
    work.control._refresh_quietly()
    wait(qtbot, lambda: work.panel.rows.index(2, 6).data() == "by Bob")
    assert work.panel.rows.index(1, 6).data() != "by Bob"


def test_layers_removed_by_hand_free_the_case(work: List, qtbot):
    step(work, qtbot, 1, "a")
    work.bridge.opened.clear()
    work.bridge.cases_changed.emit()
    wait(qtbot, lambda: work.opener.key == "")
    wait(qtbot, lambda: other_holder(read_status(work.case("a").place), BOB) is None)
    step(work, qtbot, 1, "a")
    assert work.opener.key == work.case("a").key


def test_a_case_that_cannot_be_read_is_told_and_stays_free(work: List, qtbot):
    (work.folder / "b" / "b_t2.nii.gz").write_bytes(b"no image")
    step(work, qtbot, 1, "a")
    work.control.step(1)
    wait(qtbot, lambda: "b_t2.nii.gz" in work.panel.message.text())
    assert work.open_id == "a"
    assert other_holder(read_status(work.case("b").place), BOB) is None


def test_all_that_lack_a_mask_are_segmented_while_one_works(work: List, qtbot):
    step(work, qtbot, 1, "a")
    work.panel.segment_button.click()
    wait(qtbot, lambda: work.runs._job is None)
    masks = lambda: [work.panel.rows.index(row, 4).data() for row in range(3)]
    wait(qtbot, lambda: masks() == ["yes", "yes", "no"])
    assert work.engine.network == Network("net", "cpu", "off")
    wait(qtbot, lambda: work.panel.rows.index(2, 1).data() == "problem")
    assert "1 of 2 cases segmented" in work.panel.message.text()
    assert "1 failed: c. two grids" in work.panel.message.text()
    step(work, qtbot, 1, "b")  # with its new mask, though it may have been read ahead without
    assert work.bridge.has_mask()


def test_a_run_can_be_cancelled(work: List, qtbot):
    work.panel.segment_button.click()
    work.panel.run_bar.cancel_button.click()
    assert "Cancelled" in work.panel.message.text()
    assert work.panel.segment_button.isEnabled()


def test_csv_of_what_is_listed(work: List, qtbot, tmp_path: Path):
    work.panel.search.setText("b")
    work.panel.export_requested.emit(tmp_path / "list.csv")
    wait(qtbot, lambda: "1 cases written" in work.panel.message.text())
    assert (tmp_path / "list.csv").read_text("utf-8-sig").splitlines()[1].startswith("b,")


def test_a_known_folder_is_listed_before_it_is_searched(work: List, qtbot, monkeypatch):
    seen = []
    monkeypatch.setattr(work.panel, "show_cases", lambda cases, folder: seen.append(len(cases)))
    work.control.open_folder(work.folder)
    wait(qtbot, lambda: len(seen) == 3)
    assert seen == [0, 3, 3]


def test_pictures_are_drawn_while_the_sheet_is_shown(work: List, qtbot):
    work.panel.resize(400, 700)
    work.panel.show()
    work.panel.sheet_button.click()
    keys = [work.case(name).key for name in "abc"]
    assert not any(work.panel.model.has_picture(key) for key in keys)
    wait(qtbot, lambda: all(work.panel.model.has_picture(key) for key in keys))
    work.panel.sheet_button.click()


def test_next_and_previous_show_one_case_at_a_time(work: List, qtbot):
    step(work, qtbot, 1, "a")
    assert (work.bridge.keys(), work.bridge.shown_values()) == (("a",), {10})
    step(work, qtbot, 1, "b")
    assert (work.bridge.keys(), work.bridge.shown_values()) == (("b",), {20})
    step(work, qtbot, -1, "a")
    assert work.bridge.shown_values() == {10}


def test_a_case_that_is_open_already_is_shown_and_gets_the_mask_it_lacks(work: List, qtbot):
    step(work, qtbot, 1, "a")
    work.opener.open(work.case("a"))
    assert (work.bridge.activated, work.bridge.files) == (["a"], [])
    step(work, qtbot, 1, "b")
    mask = work.folder / "b" / "b-seg.nii.gz"
    nib.Nifti1Image(np.zeros(SHAPE, np.uint8), np.eye(4)).to_filename(mask)
    work.opener.open(work.case("b"))
    assert work.bridge.files == [mask]


def test_a_case_opened_by_other_means_is_not_opened_twice(work: List, qtbot):
    work.bridge.exchange_case(open_files(work.case("b").files))
    step(work, qtbot, 1, "a")
    assert set(work.bridge.keys()) == {"a", "b"}
    step(work, qtbot, 1, "b")
    assert (work.bridge.keys(), work.bridge.activated) == (("b",), ["b"])
