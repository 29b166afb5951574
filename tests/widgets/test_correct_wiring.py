"""The palette in the window: locks, what is shown, steps, and what is remembered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pytestqt.qtbot import QtBot
from tests.widgets.bridge_cases import open_all, write_case
from tests.widgets.conftest import Window

from napari_brats.core.edits.edit import PaintOver, PaintRules
from napari_brats.core.labels import Label
from napari_brats.widgets.correct_panel import CorrectPanel
from napari_brats.widgets.correct_wiring import CorrectWiring, rules_from
from napari_brats.workspace.settings import Settings, read_settings


def test_what_the_palette_sets_holds_and_is_remembered(
    window: Window, tmp_path: Path, qtbot: QtBot
) -> None:
    open_all(window.viewer, write_case(tmp_path))
    bridge, panel = window.bridge, window.correct
    layer = bridge.tools.target
    assert layer is not None
    before = layer.data.copy()
    row = panel.palette_panel.rows[Label.ET]
    row.name.click()
    row.lock.click()
    layer.paint((0, 0, 0), bridge.tools.label)
    assert np.array_equal(layer.data, before)
    assert "ET is locked" in panel.message.text()
    row.lock.click()
    layer.paint((0, 0, 0), bridge.tools.label)
    assert layer.data[0, 0, 0] == Label.ET
    assert panel.message.text() == ""
    assert panel.history_panel.unfold.text() == "Steps: 1"
    panel.history_panel.step_requested.emit(0)
    assert np.array_equal(layer.data, before)
    row.eye.click()
    assert layer.colormap.map(np.array([3]))[0, 3] == 0
    panel.brush_mm.setValue(7.5)
    qtbot.waitUntil(lambda: read_settings().brush_mm == 7.5)
    qtbot.waitUntil(lambda: row.volume.text() != "")


def test_locks_and_what_is_painted_over_are_found_again(
    window: Window, tmp_path: Path, qtbot: QtBot
) -> None:
    open_all(window.viewer, write_case(tmp_path))
    rows, tools = window.correct.palette_panel.rows, window.bridge.tools
    rows[Label.ED].lock.click()
    rows[Label.ET].lock.click()
    rows[Label.ET].lock.click()
    tools.set_paint_over(PaintOver.BACKGROUND)
    qtbot.waitUntil(lambda: read_settings().paint_over == "background")
    assert read_settings().locked_labels == ("ED",)
    later = CorrectPanel(window.correct)
    tools.rules = PaintRules()
    wiring = CorrectWiring(window.bridge, later)  # as that of the next session
    assert tools.rules == PaintRules(frozenset({Label.ED}), PaintOver.BACKGROUND)
    assert later.palette_panel.rows[Label.ED].lock.isChecked()
    rows[Label.ED].lock.click()
    wiring.store()  # the panel closes before the second is over
    assert read_settings().locked_labels == ()


def test_rules_that_another_version_stored_are_left_out() -> None:
    settings = Settings(locked_labels=("ET", "NERVE"), paint_over="sideways")
    assert rules_from(settings) == PaintRules(frozenset({Label.ET}))
