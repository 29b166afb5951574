"""The panel "Worklist": what it lists, sorts, filters and asks for. No viewer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_brats.core.labels import Region
from napari_brats.core.modalities import MODALITIES, Modality
from napari_brats.io.case_files import CaseFiles, FileChoice
from napari_brats.widgets.worklist_model import CASE, DICE, FILTERS, NOTE, PICTURE_ROLE, STATUS
from napari_brats.widgets.worklist_panel import WorklistPanel
from napari_brats.workspace.status_files import CaseState, CaseStatus, Entry, Holder
from napari_brats.workspace.worklist import WorkCase
from napari_brats.workspace.worklist_claims import Session, other_holder
from napari_brats.workspace.worklist_thumbnails import to_png

NOW = datetime.now(UTC)
ME = Session("me", "Ann", "0123abcd")


def case(name: str, *, dice: float | None = None, held: bool = False, **said: str) -> WorkCase:
    folder = Path("/data") / name
    files = CaseFiles(
        name,
        {m: FileChoice(folder / f"{name}-{m.value.lower()}.nii.gz", "") for m in MODALITIES},
        None if dice is None else FileChoice(folder / f"{name}-seg.nii.gz", ""),
        (),
        "unknown",
        None,
        (),
    )
    holder = Holder("other", "Bob", "ffff", NOW, NOW) if held else None
    status = CaseStatus({key: Entry(value, NOW) for key, value in said.items()}, holder)
    return WorkCase(files, status, {} if dice is None else {Region.WT: dice})


CASES = (
    case("a", dice=0.9),
    case("b", state="problem", message="two grids"),
    case("c", dice=0.6, state="reviewed", note="motion"),
    case("d", held=True),
)


@pytest.fixture
def panel(qtbot) -> WorklistPanel:
    panel = WorklistPanel(lambda one: other_holder(one.status, ME, NOW))
    qtbot.addWidget(panel)
    panel.resize(400, 700)
    panel.show_cases(CASES, Path("/data"))
    panel.show()
    return panel


def shown(panel: WorklistPanel, column: int = CASE) -> list[str]:
    rows = panel.rows
    return [rows.index(row, column).data() for row in range(rows.rowCount())]


def emitted(signal) -> list:
    values: list = []
    signal.connect(lambda *args: values.append(args))
    return values


def key(name: str) -> str:
    return f"/data/{name}/{name}"


def test_without_a_folder_it_says_what_to_do(qtbot):
    panel = WorklistPanel(lambda _case: None)
    qtbot.addWidget(panel)
    assert "Open a folder" in panel.place.text()
    assert panel.views.isHidden()
    assert not panel.segment_button.isEnabled()


def test_what_the_columns_say(panel: WorklistPanel):
    assert shown(panel) == ["a", "b", "c", "d"]
    assert shown(panel, STATUS) == ["to do", "problem", "reviewed", "open: Bob"]
    assert shown(panel, DICE) == ["0.90", "", "0.60", ""]
    assert shown(panel, NOTE) == ["", "two grids", "motion", ""]


def test_the_lowest_expected_dice_comes_first_and_the_unknown_last(panel: WorklistPanel):
    panel.sort.setCurrentIndex(1)
    assert shown(panel) == ["c", "a", "b", "d"]


def test_a_click_on_the_header_sorts_and_the_drop_down_says_so(panel: WorklistPanel):
    header = panel.views.table.horizontalHeader()
    where = QPoint(header.sectionViewportPosition(DICE) + 5, 5)
    QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert shown(panel) == ["c", "a", "b", "d"]
    assert panel.sort.chosen == str(DICE)


@pytest.mark.parametrize(
    ("choice", "names"),
    [("", "abcd"), ("to do", "ad"), ("problem", "b"), ("no mask", "bd"), ("open", "d")],
)
def test_filters(choice: str, names: str, panel: WorklistPanel):
    panel.filter.setCurrentIndex(list(FILTERS).index(choice))
    assert shown(panel) == list(names)


def test_searching_by_id(panel: WorklistPanel):
    QTest.keyClicks(panel.search, "C")
    assert shown(panel) == ["c"]
    assert "1 of 4 cases" in panel.search.placeholderText()
    panel.search.clear()
    assert len(shown(panel)) == 4


def test_a_double_click_and_the_button_open(panel: WorklistPanel):
    opened = emitted(panel.open_requested)
    table = panel.views.table
    where = table.visualRect(panel.rows.index(1, CASE)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=where)
    QTest.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=where)
    panel.open_button.click()
    assert set(opened) == {(key("b"),)}


def test_keys_within_the_panel_step(panel: WorklistPanel, qtbot):
    steps = emitted(panel.step_requested)
    QApplication.setActiveWindow(panel)  # no window manager does it here
    panel.views.table.setFocus()
    with qtbot.waitSignal(panel.step_requested, timeout=2000):
        QTest.keyClick(panel.views.table, Qt.Key.Key_PageDown, Qt.KeyboardModifier.ControlModifier)
    with qtbot.waitSignal(panel.step_requested, timeout=2000):
        QTest.keyClick(panel.views.table, Qt.Key.Key_PageUp, Qt.KeyboardModifier.ControlModifier)
    assert steps == [(1,), (-1,)]


def test_neighbours_follow_the_order_of_the_view(panel: WorklistPanel):
    panel.sort.setCurrentIndex(1)  # c a b d
    assert panel.neighbour(key("c"), 1) == key("a")
    assert panel.neighbour(key("c"), -1) == ""
    assert panel.neighbour(key("d"), 1) == ""
    assert panel.neighbour("", 1) == key("c")
    assert panel.neighbour("", -1) == key("d")


def test_after_a_case_left_the_filter_the_next_is_the_one_in_its_place(panel: WorklistPanel):
    panel.filter.setCurrentIndex(1)  # to do: a d
    panel.show_open(key("a"))
    panel.show_case(case("a", dice=0.9, state="reviewed"))
    assert shown(panel) == ["d"]
    assert panel.neighbour(key("a"), 1) == key("d")
    assert panel.neighbour(key("a"), -1) == ""


def test_what_is_said_of_the_selected_case(panel: WorklistPanel):
    said = emitted(panel.said)
    panel.views.select(key("c"))
    assert panel.details.title.text() == "c"
    assert panel.details.note.text() == "motion"
    panel.details.state.setCurrentIndex(1)
    panel.details.note.selectAll()
    QTest.keyClicks(panel.details.note, "all right")
    QTest.keyClick(panel.details.note, Qt.Key.Key_Return)
    assert said == [
        (key("c"), {"state": "in progress"}),
        (key("c"), {"note": "all right"}),
    ]


def test_a_note_typed_for_one_case_is_never_given_to_another(panel: WorklistPanel):
    said = emitted(panel.said)
    panel.views.select(key("a"))
    QTest.keyClicks(panel.details.note, "typed")
    panel.views.select(key("b"))
    assert said == [(key("a"), {"note": "typed"})]
    assert panel.details.note.text() == ""


def test_news_of_a_case_do_not_disturb_who_types(panel: WorklistPanel):
    panel.views.select(key("a"))
    QApplication.setActiveWindow(panel)
    panel.details.note.setFocus()
    QTest.keyClicks(panel.details.note, "half a sen")
    panel.show_case(case("a", dice=0.9, note="by somebody else", state="problem"))
    assert panel.details.note.text() == "half a sen"
    assert panel.details.state.chosen == "problem"


def test_facts_name_who_has_it_open_and_why_a_run_failed(panel: WorklistPanel):
    panel.views.select(key("d"))
    assert "Open by Bob" in panel.details.facts.text()
    panel.views.select(key("b"))
    assert "two grids" in panel.details.facts.text()


def test_the_selection_survives_news(panel: WorklistPanel):
    panel.views.select(key("c"))
    changed = replace(CASES[2], volumes_ml={Region.WT: 2.0})
    panel.show_cases((*CASES[:2], changed, CASES[3]), Path("/data"))
    assert panel.views.current_key() == key("c")
    assert "2.0 ml" in panel.details.facts.text()
    panel.show_cases((case("aa"), *CASES), Path("/data"))
    assert panel.views.current_key() == key("c")


def test_the_sheet_shows_pictures(panel: WorklistPanel, tmp_path: Path):
    import numpy as np

    path = tmp_path / "a.png"
    path.write_bytes(to_png(np.full((8, 8, 3), 200, np.uint8)))
    toggled = emitted(panel.sheet_shown)
    panel.sheet_button.click()
    assert toggled == [(True,)]
    assert panel.views.currentWidget() is panel.views.sheet
    assert panel.views.visible_keys() == [key(name) for name in "abcd"]
    assert panel.rows.index(0, CASE).data(PICTURE_ROLE) is None
    panel.model.show_picture(key("a"), path)
    assert panel.rows.index(0, CASE).data(PICTURE_ROLE).width() == 8
    panel.model.forget_pictures([key("a")])
    assert not panel.model.has_picture(key("a"))


def test_missing_modalities_are_named(panel: WorklistPanel):
    lacking = case("e")
    files = replace(
        lacking.files, modalities={Modality.T1C: lacking.files.modalities[Modality.T1C]}
    )
    panel.show_cases([replace(lacking, files=files)], Path("/data"))
    assert [panel.rows.index(0, column).data() for column in (3, 4)] == ["T1C", "no"]
    assert panel.rows.index(0, STATUS).data() == CaseState.TO_DO
