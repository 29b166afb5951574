"""The section "View": what its buttons ask for, and what it shows."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from napari_brats.core.modalities import Modality
from napari_brats.widgets.layout import Layout
from napari_brats.widgets.view_panel import ViewPanel


@pytest.fixture
def panel(qtbot: QtBot) -> ViewPanel:
    panel = ViewPanel()
    qtbot.addWidget(panel)
    return panel


def test_showing_the_view_emits_nothing(panel: ViewPanel) -> None:
    asked: list[object] = []
    for signal in (panel.flicker_changed, panel.modality_shown, panel.crosshair_changed):
        signal.connect(asked.append)
    panel.layout_chosen.connect(asked.append)
    panel.show_modalities((Modality.T1C, Modality.T2F), Modality.T2F)
    panel.show_view(Layout.SIDE_BY_SIDE, flicker=True, crosshair=False)
    assert asked == []
    assert [la for la, button in panel.layout_buttons.items() if button.isChecked()] == [
        Layout.SIDE_BY_SIDE
    ]


def test_a_layout_is_asked_for(panel: ViewPanel, qtbot: QtBot) -> None:
    panel.show_modalities((Modality.T1C,), None)
    buttons = panel.layout_buttons
    assert not buttons[Layout.SIDE_BY_SIDE].isEnabled()  # of one modality there is one cell
    with qtbot.waitSignal(panel.layout_chosen) as chosen:
        buttons[Layout.PLANES].click()
    assert chosen.args == [Layout.PLANES]


def test_only_modalities_of_the_case_can_be_chosen(panel: ViewPanel, qtbot: QtBot) -> None:
    panel.show_modalities((Modality.T1C,), None)
    buttons = panel.modality_buttons
    assert [m for m, button in buttons.items() if button.isEnabled()] == [Modality.T1C]
    with qtbot.waitSignal(panel.modality_shown) as shown:
        buttons[Modality.T1C].click()
    assert shown.args == [Modality.T1C]
