"""The section "View": what its buttons ask for, and what it shows."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from napari_brats.core.modalities import Modality
from napari_brats.widgets.view_panel import ViewPanel


@pytest.fixture
def panel(qtbot: QtBot) -> ViewPanel:
    panel = ViewPanel()
    qtbot.addWidget(panel)
    return panel


def test_showing_the_view_emits_nothing(panel: ViewPanel) -> None:
    asked: list[object] = []
    for signal in (panel.side_by_side_changed, panel.flicker_changed, panel.modality_shown):
        signal.connect(asked.append)
    panel.show_modalities((Modality.T1C, Modality.T2F), Modality.T2F)
    panel.show_view(True, True)
    assert asked == []


def test_only_modalities_of_the_case_can_be_chosen(panel: ViewPanel, qtbot: QtBot) -> None:
    panel.show_modalities((Modality.T1C,), None)
    buttons = panel.modality_buttons
    assert [m for m, button in buttons.items() if button.isEnabled()] == [Modality.T1C]
    with qtbot.waitSignal(panel.modality_shown) as shown:
        buttons[Modality.T1C].click()
    assert shown.args == [Modality.T1C]
