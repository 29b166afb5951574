"""The panels Case, Correct and Save show values and emit wishes; no viewer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from qtpy.QtWidgets import QLabel

from napari_brats.core.edits.edit import PaintOver, PaintRules
from napari_brats.core.labels import Label
from napari_brats.core.modalities import Modality
from napari_brats.io.layers import LABEL_COLORS
from napari_brats.widgets.case_panel import CasePanel
from napari_brats.widgets.case_view import CaseView, Source
from napari_brats.widgets.correct_panel import CorrectPanel
from napari_brats.widgets.keys import KEYS, MODALITY_KEYS, label_key
from napari_brats.widgets.save_panel import SavePanel, SaveRequest

VIEW = CaseView(
    case_key="a",
    case_id="a",
    open_cases={"a": "a", "b": "b"},
    sources=(
        Source("1", "BraTS2021_00001_t1.nii.gz"),
        Source("2", "BraTS2021_00001_t1ce.nii.gz"),
        Source("file:/x", "BraTS2021_00001_odd.nii.gz", is_open=False),
    ),
    chosen={Modality.T1N: "1", Modality.T1C: "2"},
    reasons={Modality.T1N: "'t1' in its name", Modality.T1C: "'t1ce' in its name"},
    convention="brats2021",
    convention_reason="naming of BraTS 2021",
    grid="4x5x6",
    rest=2,
    warnings=("the skull is still on",),
)


@pytest.fixture
def case_panel(qtbot: QtBot) -> CasePanel:
    panel = CasePanel()
    qtbot.addWidget(panel)
    return panel


@pytest.fixture
def save_panel(qtbot: QtBot) -> SavePanel:
    panel = SavePanel()
    qtbot.addWidget(panel)
    return panel


@pytest.fixture
def correct_panel(qtbot: QtBot) -> CorrectPanel:
    panel = CorrectPanel()
    qtbot.addWidget(panel)
    return panel


def test_the_case_s_files_reasons_and_gaps_are_shown(case_panel: CasePanel) -> None:
    case_panel.show_case(VIEW)
    files = case_panel.files[Modality.T1C]
    assert files.currentText() == "\u2026t1ce.nii.gz"
    assert files.itemText(3) == "\u2026odd.nii.gz (on disk)"
    assert "'t1ce' in its name" in files.toolTip()
    assert case_panel.reasons[Modality.T1C].text() == "'t1ce' in its name"
    assert case_panel.missing.text() == "Missing: T2W, T2F"
    assert case_panel.convention.currentData() == "brats2021"
    assert "skull" in case_panel.warnings.text()
    assert case_panel.rest.text() == "Open the rest (2)"


def test_showing_a_case_asks_for_nothing(case_panel: CasePanel) -> None:
    asked: list[object] = []
    for signal in (case_panel.modality_chosen, case_panel.convention_chosen):
        signal.connect(lambda *values: asked.append(values))
    case_panel.case_activated.connect(asked.append)
    case_panel.show_case(VIEW)
    case_panel.show_case(CaseView())
    assert asked == []


def test_a_choice_is_emitted(case_panel: CasePanel, qtbot: QtBot) -> None:
    case_panel.show_case(VIEW)
    with qtbot.waitSignal(case_panel.modality_chosen) as chosen:
        case_panel.files[Modality.T2W].activated.emit(3)
    assert chosen.args == [Modality.T2W, "file:/x"]
    with qtbot.waitSignal(case_panel.case_activated) as active:
        case_panel.cases.activated.emit(1)
    assert active.args == ["b"]
    with qtbot.waitSignal(case_panel.convention_chosen) as convention:
        case_panel.convention.activated.emit(0)
    assert convention.args == ["brats2023"]


def test_modalities_on_different_grids_offer_resampling(
    case_panel: CasePanel, qtbot: QtBot
) -> None:
    case_panel.show_case(replace(VIEW, grid_problem="T1N: 3x3x3"))
    assert case_panel.grid_problem.text() == "T1N: 3x3x3"
    with qtbot.waitSignal(case_panel.resample_requested) as asked:
        case_panel.resample.click()
    assert asked.args == [Modality.T1C]  # unless another is chosen


def test_the_palette_offers_the_labels_of_the_convention(
    correct_panel: CorrectPanel, qtbot: QtBot
) -> None:
    palette = correct_panel.palette_panel
    palette.show_labels((Label.NCR, Label.ED, Label.ET), selected=3)
    shown = [label for label, row in palette.rows.items() if not row.name.isHidden()]
    assert shown == [Label.NCR, Label.ED, Label.ET]
    assert palette.rows[Label.ET].name.isChecked()
    with qtbot.waitSignal(palette.label_chosen) as chosen:
        palette.rows[Label.ED].name.click()
    assert chosen.args == [2]


def test_showing_tools_emits_nothing(correct_panel: CorrectPanel) -> None:
    asked: list[object] = []
    for signal in (
        correct_panel.mode_chosen,
        correct_panel.brush_mm_changed,
        correct_panel.brush_3d_changed,
        correct_panel.palette_panel.label_chosen,
        correct_panel.palette_panel.paint_over_changed,
    ):
        signal.connect(asked.append)
    for signal in (
        correct_panel.palette_panel.locked_changed,
        correct_panel.palette_panel.shown_changed,
    ):
        signal.connect(lambda *told: asked.append(told))
    correct_panel.palette_panel.show_labels((Label.ED,), 2)
    correct_panel.palette_panel.show_rules(PaintRules(frozenset({2}), PaintOver.BACKGROUND))
    correct_panel.palette_panel.show_look(LABEL_COLORS, {3})
    correct_panel.show_mode("fill")
    correct_panel.show_mode("polygon")
    correct_panel.show_brush(7.5, True)
    assert asked == []


def test_our_keys_are_not_napari_s() -> None:
    from napari.utils.shortcuts import default_shortcuts

    taken = {str(binding) for bindings in default_shortcuts.values() for binding in bindings}
    ours = [*KEYS.values(), *MODALITY_KEYS.values(), *(label_key(la) for la in Label if la)]
    assert len(set(ours)) == len(ours)
    assert not taken & set(ours)


def test_saving_asks_before_it_replaces(save_panel: SavePanel, qtbot: QtBot) -> None:
    save_panel.show_target(Path("/data/a-seg.nii.gz"), "brats2021")
    with qtbot.waitSignal(save_panel.save_requested) as asked:
        save_panel.save.click()
    (request,) = asked.args
    assert request == SaveRequest(Path("/data/a-seg.nii.gz"), "brats2021")
    save_panel.ask_replace(request, [request.path])
    assert not save_panel.save.isEnabled()
    with qtbot.waitSignal(save_panel.save_requested) as agreed:
        save_panel.replace.click()
    assert agreed.args[0].overwrite
    assert save_panel.question_box.isHidden()


def test_keeping_the_file_saves_nothing(save_panel: SavePanel) -> None:
    save_panel.show_target(Path("/data/a-seg.nii.gz"), "brats2021")
    asked: list[SaveRequest] = []
    save_panel.save_requested.connect(asked.append)
    save_panel.ask_replace(SaveRequest(Path("/data/a-seg.nii.gz"), "brats2021"), [Path("a")])
    save_panel.keep.click()
    assert asked == []
    assert save_panel.save.isEnabled()


def test_no_label_map_means_no_saving(save_panel: SavePanel) -> None:
    save_panel.show_target(None, "brats2023")
    assert not save_panel.save.isEnabled()


def test_no_text_of_the_panels_is_markup(case_panel: CasePanel) -> None:
    case_panel.show_case(replace(VIEW, grid_problem="<b>x</b>"))
    labels = case_panel.findChildren(QLabel)
    assert all("<b>" not in label.text() for label in labels)
    assert case_panel.grid_problem.text() == "<b>x</b>"
