"""The list of steps: what it says, and what a click asks for."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from qtpy.QtCore import Qt

from napari_brats.core.edits.history import Change, History, Record
from napari_brats.widgets.history_panel import HistoryPanel

BOX = (slice(0, 1), slice(0, 1), slice(0, 4))


def history_of(labels: list[int | None]) -> History:
    history = History()
    for number, label in enumerate(labels):
        before = np.zeros((1, 1, 4), np.uint8)
        after = before.copy()
        after[0, 0, : number + 1] = 2
        change = Change.between(BOX, before, after)
        assert change is not None
        history.add(Record(change, "Brush", label, datetime(2026, 1, 2, 3, 4, number, tzinfo=UTC)))
    return history


@pytest.fixture
def panel(qtbot: QtBot) -> HistoryPanel:
    shown = HistoryPanel()
    qtbot.addWidget(shown)
    shown.show()
    shown.unfold.click()
    return shown


def texts(panel: HistoryPanel) -> list[str]:
    model = panel.list.model()
    return [model.data(model.index(row, 0)) for row in range(model.rowCount())]


def test_each_step_is_a_line_and_the_present_one_is_marked(panel: HistoryPanel) -> None:
    history = history_of([2, 0, None])
    history.move_to(2, np.zeros((1, 1, 4), np.uint8))
    panel.show_history(history)
    assert texts(panel) == [
        "As it was opened",
        "03:04:00  Brush, ED, 1 voxel",
        "03:04:01  Brush, background, 2 voxels",
        "03:04:02  Brush, 3 voxels",
    ]
    assert panel.list.currentIndex().row() == 2
    model = panel.list.model()
    slanted = [bool(model.data(model.index(r, 0), Qt.ItemDataRole.FontRole)) for r in range(4)]
    assert slanted == [False, False, False, True]
    assert panel.unfold.text() == "Steps: 2 of 3"
    assert panel.undo.isEnabled()
    assert panel.redo.isEnabled()


def test_a_click_asks_for_that_step(panel: HistoryPanel, qtbot: QtBot) -> None:
    panel.show_history(history_of([2, 2]))
    with qtbot.waitSignal(panel.step_requested) as asked:
        panel.list.clicked.emit(panel.list.model().index(1, 0))
    assert asked.args == [1]


def test_steps_that_went_are_told(panel: HistoryPanel) -> None:
    history = history_of([2, 2, 2])
    history.limit_bytes = 1
    panel.show_history(history)
    assert texts(panel)[0].startswith("2 older steps are gone")


def test_without_a_label_map_there_is_nothing(panel: HistoryPanel) -> None:
    panel.show_history(None)
    assert texts(panel) == []
    assert not panel.undo.isEnabled()


def test_the_memory_for_steps_is_told_when_it_is_set_not_when_it_is_shown(
    panel: HistoryPanel, qtbot: QtBot
) -> None:
    told: list[int] = []
    panel.limit_changed.connect(told.append)
    panel.show_limit(256)
    panel.limit_mb.setValue(128)
    assert told == [128]
    panel.unfold.click()
    assert panel.limit_mb.parent().isHidden()
