"""A window with the BraTS panels docked, as the tests of the bridge need it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from napari.utils._proxies import PublicOnlyProxy
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_brats.widgets import unsaved
from napari_brats.widgets.case_panel import CasePanel
from napari_brats.widgets.case_wiring import connect_case_panels
from napari_brats.widgets.correct_panel import CorrectPanel
from napari_brats.widgets.save_panel import SavePanel
from napari_brats.widgets.view_panel import ViewPanel
from napari_brats.widgets.view_wiring import ViewWiring
from napari_brats.widgets.viewer_bridge import ViewerBridge


@dataclass
class Window:
    """A viewer with the panels Case, View, Correct and Save docked and wired; no engine."""

    viewer: Any
    bridge: ViewerBridge
    case: CasePanel
    view: ViewPanel
    correct: CorrectPanel
    save: SavePanel


@pytest.fixture(autouse=True)
def nobody_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows that close with unsaved edits would wait for an answer for ever."""
    monkeypatch.setattr(unsaved, "ask_user", lambda *_: unsaved.Answer.DISCARD)


@pytest.fixture
def window(make_napari_viewer: Callable[[], Any]) -> Iterator[Window]:
    """One window; the bridge lets go of the viewer at the end."""
    viewer = make_napari_viewer()
    dock = QWidget()
    case, view, correct, save = CasePanel(), ViewPanel(), CorrectPanel(), SavePanel()
    layout = QVBoxLayout(dock)
    for panel in (case, view, correct, save):
        layout.addWidget(panel)
    bridge = ViewerBridge(PublicOnlyProxy(viewer), dock)  # as napari hands it to plugins
    connect_case_panels(bridge, case, correct, save)
    ViewWiring(bridge, view)
    viewer.window.add_dock_widget(dock, name="BraTS")
    yield Window(viewer, bridge, case, view, correct, save)
    bridge.close()


@pytest.fixture
def docked(window: Window) -> tuple[Any, ViewerBridge]:
    """The viewer and the bridge of a window."""
    return window.viewer, window.bridge
