"""Commands: in napari's palette and menus, on keys that nobody else has, on the page of keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from app_model.types import KeyBinding
from napari._app_model import get_app_model
from napari.layers import Image, Labels, Points, Shapes
from napari.utils.key_bindings import coerce_keybinding
from napari.utils.shortcuts import default_shortcuts
from qtpy.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QToolButton,
    QWidget,
)

import commands as script
from napari_brats.widgets import commands
from napari_brats.widgets.anomaly_panel import AnomalyPanel
from napari_brats.widgets.case_panel import CasePanel
from napari_brats.widgets.commands import COMMANDS, Task
from napari_brats.widgets.compare_panel import ComparePanel
from napari_brats.widgets.correct_panel import CorrectPanel
from napari_brats.widgets.followup_panel import FollowUpPanel
from napari_brats.widgets.goto_panel import GoToPanel
from napari_brats.widgets.help_page import NAPARI_KEYS, help_html
from napari_brats.widgets.main import BratsWidget
from napari_brats.widgets.measure_panel import MeasurePanel
from napari_brats.widgets.metrics_panel import MetricsPanel
from napari_brats.widgets.postprocess_panel import PostprocessPanel
from napari_brats.widgets.privacy_panel import PrivacyPanel
from napari_brats.widgets.refine_panel import RefinePanel
from napari_brats.widgets.report_panel import ReportPanel
from napari_brats.widgets.restore_panel import RestorePanel
from napari_brats.widgets.review_panel import ReviewPanel
from napari_brats.widgets.save_panel import SavePanel
from napari_brats.widgets.section import Section
from napari_brats.widgets.segment_panel import SegmentPanel
from napari_brats.widgets.shape_tools_panel import ShapeToolsPanel
from napari_brats.widgets.tools_panel import ToolsPanel
from napari_brats.widgets.train_panel import TrainPanel
from napari_brats.widgets.view_panel import ViewPanel
from napari_brats.widgets.worklist_panel import WorklistPanel

OURS = {command.key: command for command in COMMANDS if command.key}


def binding(key: str) -> KeyBinding:
    return coerce_keybinding(key)


def napari_bindings() -> set[KeyBinding]:
    """Every key that napari's own actions, commands and layers have by default."""
    of_actions = {key for keys in default_shortcuts.values() for key in keys}
    of_layers = {key for kind in (Image, Labels, Points, Shapes) for key in kind.class_keymap}
    registry = {rule.keybinding for rule in get_app_model().keybindings}
    return {coerce_keybinding(key) for key in of_actions} | of_layers | registry


def test_each_name_and_each_key_is_one_command() -> None:
    assert [n for n, times in Counter(c.name for c in COMMANDS).items() if times > 1] == []
    keys = Counter(str(binding(command.key)) for command in COMMANDS if command.key)
    assert [key for key, times in keys.items() if times > 1] == []


def test_the_manifest_and_the_page_of_keys_are_as_the_script_writes_them() -> None:
    text = script.MANIFEST.read_text(encoding="utf-8")
    assert text == script.manifest(text), "run: python scripts/commands.py"
    assert script.KEYS_PAGE.read_text(encoding="utf-8") == script.help_markdown()


def test_the_help_lists_every_key() -> None:
    page = help_html()
    assert [key for key in OURS if f"<b>{key}</b>" not in page] == []


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    texts: list[str] = []
    monkeypatch.setattr("napari.utils.notifications.show_info", texts.append)
    return texts


def test_a_command_without_its_panel_says_what_to_open(
    make_napari_viewer: Any, told: list[str]
) -> None:
    make_napari_viewer()
    ids = {item.command.id for item in get_app_model().menus.get_menu("napari-brats/look")}
    assert "napari-brats.show_t1n" in ids
    get_app_model().commands.execute_command("napari-brats.show_t1n").result()
    commands.next_case()
    assert "open the panel 'BraTS'" in told[0]
    assert "open the dock widget 'Worklist'" in told[1]


@pytest.fixture
def docked(make_napari_viewer: Any) -> Any:
    viewer = make_napari_viewer()
    panel = BratsWidget(viewer)
    viewer.window.add_dock_widget(panel, name="BraTS")
    yield viewer, panel
    panel.shut_down()


def test_the_panel_binds_what_the_table_says(docked: Any, told: list[str]) -> None:
    viewer, panel = docked
    bound = set(viewer.keymap)
    wanted = {binding(c.key) for c in COMMANDS if c.key and c.task is not Task.WORKLIST}
    assert {str(key) for key in wanted - bound} == set()
    assert {str(key) for key in bound - {binding(key) for key in OURS}} == set()
    assert [key for key in OURS if binding(key) in napari_bindings()] == []
    shown = [key for row, _ in NAPARI_KEYS for key in (row.split() if " " in row else [row])]
    assert [key for key in shown if binding(key) not in napari_bindings()] == []

    titles = [action.text() for action in viewer.window._qt_window.menuBar().actions()]
    opened_by = {"Alt+" + text.split("&")[1][0].upper() for text in titles if "&" in text}
    assert "Alt+F" in opened_by
    assert [key for key in OURS if key in opened_by] == []

    for command in COMMANDS:
        if command.target:
            found: Any = panel
            for part in command.target.split("."):
                found = getattr(found, part)
            assert callable(getattr(found, "click", found)), command.name
    commands.save()  # nothing is open
    assert "not possible now" in told[-1]
    commands.show_t1n()
    assert "open a case first" in told[-1]
    commands.keys_and_help()
    assert panel.help_page.isVisible()
    panel.help_page.close()


QT_S_OWN = (QAbstractItemView, QLineEdit)
"""What Qt itself puts buttons into: corners of tables, the cross of a search field."""

PANELS: tuple[Callable[[], QWidget], ...] = (
    *(AnomalyPanel, CasePanel, ComparePanel, CorrectPanel, FollowUpPanel, GoToPanel, MeasurePanel),
    *(MetricsPanel, PostprocessPanel, PrivacyPanel, RefinePanel, ReportPanel, RestorePanel),
    *(ReviewPanel, SavePanel, SegmentPanel, ShapeToolsPanel, ToolsPanel, TrainPanel, ViewPanel),
    lambda: WorklistPanel(lambda _case: None),
    lambda: Section("Case", QLabel()),
)


@pytest.mark.parametrize("make", PANELS)
def test_every_button_says_what_it_does(make: Callable[[], QWidget], qtbot: Any) -> None:
    panel = make()
    qtbot.addWidget(panel)
    kinds = (QPushButton, QToolButton, QCheckBox, QRadioButton)
    found = [button for kind in kinds for button in panel.findChildren(kind)]
    own = [button for button in found if not isinstance(button.parent(), QT_S_OWN)]
    assert [button.text() for button in own if not button.toolTip()] == []
