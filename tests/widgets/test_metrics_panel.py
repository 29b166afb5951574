"""The section "Metrics" without a viewer: what it says, emits, copies and offers to save."""

from __future__ import annotations

from pathlib import Path

import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QFileDialog
from tests.widgets.pairs import score_of_blocks

from napari_brats.core.labels import REGIONS, Region
from napari_brats.metrics.empty import EmptyPolicy
from napari_brats.widgets.choice_box import Choice
from napari_brats.widgets.metrics_panel import BUSY_AFTER_MS, NEEDS_TWO, MetricsPanel
from napari_brats.widgets.metrics_values import DASH

MAPS = [Choice("1", "label map (a_seg.nii)"), Choice("2", "segmentation")]


@pytest.fixture
def panel(qtbot):
    panel = MetricsPanel()
    qtbot.addWidget(panel)
    return panel


@pytest.fixture
def scored(panel):
    panel.show_score(score_of_blocks())
    return panel


def cell(panel, title, region):
    table = panel.table
    for row in range(table.rowCount()):
        if table.verticalHeaderItem(row).text() == title:
            return table.item(row, REGIONS.index(region))
    raise AssertionError(f"no row {title}")


def test_without_a_pair_it_says_what_is_needed_and_offers_nothing(panel):
    assert panel.problem.text() == NEEDS_TWO
    assert cell(panel, "Dice", Region.WT).text() == DASH
    assert panel.lesions.isHidden()
    assert not panel.copy_button.isEnabled()
    assert not panel.save_button.isEnabled()


def test_the_table_shows_each_region_with_its_units(scored):
    # 64 voxels of reference, 48 right and 8 false ones: Dice 2 x 48 / (64 + 56)
    assert cell(scored, "Dice", Region.WT).text() == "0.8000"
    assert cell(scored, "Reference ml", Region.WT).text() == "0.51"
    assert cell(scored, "Found/missed/false", Region.WT).text() == "1/0/1"
    assert cell(scored, "Accuracy in brain", Region.WT).text() == DASH  # no image
    assert scored.problem.isHidden()


def test_what_the_policy_decides_is_in_italics_and_explained(scored):
    assert cell(scored, "Dice", Region.ET).text() == "1.0000"
    assert cell(scored, "Dice", Region.ET).font().italic()
    assert not cell(scored, "Dice", Region.WT).font().italic()
    assert not cell(scored, "Accuracy", Region.ET).font().italic()
    assert scored.empty_note.text().startswith("Empty: TC in both, ET in both. In italics")
    scored.show_score(score_of_blocks(EmptyPolicy.NAN))
    assert cell(scored, "Dice", Region.ET).text() == DASH
    assert DASH in scored.empty_note.text()


def test_further_metrics_on_request_keep_the_scores(scored):
    rows = scored.table.rowCount()
    scored.all_box.setChecked(True)
    assert scored.table.rowCount() > rows
    assert cell(scored, "IoU", Region.WT).text() == "0.6667"


def test_the_rules_are_those_that_were_chosen(panel, qtbot):
    with qtbot.waitSignal(panel.rules_changed):
        panel.form.challenge_box.setCurrentText("MET metastases")
    with qtbot.waitSignal(panel.rules_changed):
        panel.form.policy_box.setCurrentIndex(1)
    assert panel.options.challenge.name == "MET"
    assert panel.options.policy is EmptyPolicy.NAN


def test_tolerances_are_rows_and_what_is_no_number_is_refused(scored, qtbot):
    scored.form.tolerances.setText("2.5; 0.5")
    with qtbot.waitSignal(scored.rules_changed):
        scored.form.tolerances.editingFinished.emit()
    assert scored.options.tolerances_mm == (0.5, 2.5)
    assert cell(scored, "NSD 0.5 mm", Region.WT).text() == DASH  # until it is scored again
    for wrong, said in (("one", "'one' is no list"), ("-1", "-1"), ("1 2 3 4 5", "4 at most")):
        scored.form.tolerances.setText(wrong)
        with qtbot.assertNotEmitted(scored.rules_changed):
            scored.form.tolerances.editingFinished.emit()
        assert said in scored.message.text()
        assert scored.form.tolerances.text() == "0.5, 2.5"


def test_only_the_user_s_choice_of_label_maps_is_told(panel, qtbot):
    with qtbot.assertNotEmitted(panel.pair_chosen):
        panel.show_pair(MAPS, "1", "2")
    assert panel.form.prediction_box.currentText() == "segmentation"
    with qtbot.waitSignal(panel.pair_chosen) as told:
        panel.form.prediction_box.setCurrentIndex(0)
    assert told.args == ["1", "1"]


def test_a_click_and_enter_go_to_a_lesion_and_new_scores_do_not(scored, qtbot):
    scored.show()
    told = []
    scored.lesion_requested.connect(lambda row: told.append((row.lesion.outcome, row.voxel)))
    where = scored.lesions.visualItemRect(scored.lesions.item(1, 0)).center()
    qtbot.mouseClick(scored.lesions.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert set(told) == {("false", (10, 8, 6))}  # 9.5, 7.5, 5.5 to the even neighbour
    told.clear()
    qtbot.keyClick(scored.lesions, Qt.Key.Key_Return)
    assert told == [("false", (10, 8, 6))]
    told.clear()
    scored.show_score(score_of_blocks(EmptyPolicy.NAN))
    assert told == []
    assert scored.lesions.currentRow() == 1


def test_lesions_say_how_they_were_met(scored):
    texts = [[scored.lesions.item(r, c).text() for c in range(5)] for r in range(2)]
    assert texts == [
        ["WT", "0.51", "0.857", "2.0", "found"],
        ["WT", "0.064", "0.000", "374.0", "false"],
    ]


def test_both_tables_are_copied_with_tabs_and_headers(scored):
    scored.copy_button.click()
    lines = QGuiApplication.clipboard().text().split("\n")
    header = lines[0].split("\t")
    values = dict(zip(header, lines[1].split("\t"), strict=True))
    assert (values["case_id"], values["region"], values["dice"]) == ("case", "WT", "0.8")
    assert lines[5].startswith("case_id\tregion\tlesion\toutcome")
    assert "\tfalse\t" in lines[7]


def test_saving_asks_where_and_emits_what_is_shown(scored, qtbot, monkeypatch, tmp_path):
    scored.csv_path = tmp_path / "case-metrics.csv"
    asked = []
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *a, **_: (asked.append(a[2]), (a[2], ""))[1]
    )
    with qtbot.waitSignal(scored.save_requested) as told:
        scored.save_button.click()
    assert asked == [str(scored.csv_path)]
    assert told.args[0] == Path(asked[0])
    assert told.args[1].case_id == "case"


def test_the_errors_of_the_chosen_region_are_asked_for(panel, qtbot):
    assert panel.errors_of is None
    with qtbot.waitSignal(panel.errors_changed):
        panel.errors_box.setChecked(True)
    panel.region_box.setCurrentIndex(2)
    assert panel.errors_of is Region.ET
    assert not panel.legend.isHidden()
    with qtbot.assertNotEmitted(panel.errors_changed):
        panel.show_errors_removed()
    assert panel.errors_of is None
    assert panel.legend.isHidden()


def test_it_says_so_when_scores_are_late(panel, qtbot):
    panel.show_busy(True)
    assert panel.busy_label.isHidden()  # most are there sooner
    qtbot.waitUntil(lambda: not panel.busy_label.isHidden(), timeout=20 * BUSY_AFTER_MS)
    panel.show_score(score_of_blocks())
    assert panel.busy_label.isHidden()


def test_folding_and_unfolding_is_told(panel, qtbot):
    with qtbot.waitSignal(panel.shown_changed) as told:
        panel.show()
    assert told.args == [True]
    with qtbot.waitSignal(panel.shown_changed) as told:
        panel.hide()
    assert told.args == [False]


def test_it_fits_the_narrow_dock(scored):
    scored.show_legend((1, 0, 1, 1), (0, 1, 0, 1))
    scored.errors_box.setChecked(True)
    assert scored.minimumSizeHint().width() <= 290
