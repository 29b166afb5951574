"""A window with the BraTS panels docked, as the tests of the bridge need it."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import npe2.manifest._bases
import pytest
from napari.utils._proxies import PublicOnlyProxy
from pytestqt.qtbot import QtBot
from qtpy.QtWidgets import QVBoxLayout, QWidget
from tests.io.cases import labels_2021, write_case
from tests.widgets.safety_window import SafetyWindow
from tests.widgets.tools_bench import Bench, run_now

from napari_brats.core.modalities import Modality
from napari_brats.widgets import tools_images, unsaved
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


@pytest.fixture(scope="session", autouse=True)
def cheap_windows() -> Iterator[None]:
    """Spend no time, window after window, on what never changes.

    napari reads the manifests of all plugins for each viewer, half of what a viewer costs; and
    each collection of garbage, several per test, walks through all objects that torch brought.
    """
    import torch  # noqa: F401

    read_manifest = npe2.manifest._bases._load_yaml_no_duplicates
    known: dict[str, Any] = {}

    def read_once(stream: Any) -> Any:
        text = stream if isinstance(stream, str) else stream.read()
        if text not in known:
            known[text] = read_manifest(text)
        return deepcopy(known[text])

    gc.collect()
    gc.freeze()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(npe2.manifest._bases, "_load_yaml_no_duplicates", read_once)
        yield
    gc.unfreeze()


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


@pytest.fixture
def open_window(
    make_napari_viewer: Callable[[], Any], qtbot: QtBot
) -> Iterator[Callable[..., SafetyWindow]]:
    """Opens windows with what keeps edits safe, on cases given as paths."""
    opened = []

    def start(*paths: Path) -> SafetyWindow:
        window = SafetyWindow.in_viewer(make_napari_viewer())
        opened.append(window)
        window.open(qtbot, paths)
        return window

    yield start
    for window in opened:
        window.shut_down()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small case with a label map, as BraTS 2021 has them."""
    return write_case(tmp_path, label_map=labels_2021())


@pytest.fixture
def bench(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """The wand at hand in no time; ED in hand."""
    monkeypatch.setattr(tools_images, "run_job", run_now)
    made = Bench()
    made.add_image(Modality.T1C, 1.0)
    made.add_image(Modality.T2F, 3.0)
    qtbot.addWidget(made.panel)
    yield made
    made.control.close()
    made.pointer.close()
    made.tools.close()
