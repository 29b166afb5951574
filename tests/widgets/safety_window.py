"""A window with what keeps edits safe, for the tests of journals, saving and closing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from napari.layers import Labels
from napari.utils._proxies import PublicOnlyProxy
from pytestqt.qtbot import QtBot
from qtpy.compat import isalive
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_brats.core.boxes import Box
from napari_brats.core.edits.edit import Edit
from napari_brats.widgets.case_panel import CasePanel
from napari_brats.widgets.case_wiring import CaseWiring
from napari_brats.widgets.correct_panel import CorrectPanel
from napari_brats.widgets.dock_life import DockLife
from napari_brats.widgets.kept_label_maps import KeptLabelMap
from napari_brats.widgets.privacy_panel import PrivacyPanel
from napari_brats.widgets.restore_panel import RestorePanel
from napari_brats.widgets.safety import Safety
from napari_brats.widgets.save_panel import SavePanel
from napari_brats.widgets.viewer_bridge import ViewerBridge
from napari_brats.workspace.folders import KINDS

BOX = (slice(0, 2), slice(0, 2), slice(0, 1))


@dataclass
class SafetyWindow:
    """A viewer with the panels that this is about."""

    viewer: Any
    bridge: ViewerBridge
    wiring: CaseWiring
    restore: RestorePanel
    save: SavePanel
    privacy: PrivacyPanel
    safety: Safety
    dock: QWidget

    @classmethod
    def in_viewer(cls, viewer: Any) -> SafetyWindow:
        """Dock the panels in a viewer, wired as in the panel "BraTS"."""
        dock = QWidget()
        panels = CasePanel(), CorrectPanel(), SavePanel(), RestorePanel(), PrivacyPanel()
        layout = QVBoxLayout(dock)
        for panel in panels:
            layout.addWidget(panel)
        case, correct, save, restore, privacy = panels
        bridge = ViewerBridge(PublicOnlyProxy(viewer), dock)
        wiring = CaseWiring(bridge, case, correct, save)
        safety = Safety(restore, privacy, bridge, wiring, lambda: "cpu", dock)
        window = cls(viewer, bridge, wiring, restore, save, privacy, safety, dock)
        DockLife(dock, window.shut_down, safety.guard.may_close_panel)
        viewer.window.add_dock_widget(dock, name="BraTS")
        return window

    @property
    def layer(self) -> Labels:
        layer = self.bridge.label_layer(self.bridge.active_case_key or "")
        assert layer is not None
        return layer

    @property
    def kept(self) -> KeptLabelMap:
        kept = self.wiring.kept.get(self.layer)
        assert kept is not None
        return kept

    def open(self, qtbot: QtBot, paths: Iterable[Path]) -> None:
        """Open one case per path."""
        folders = tuple(paths)
        self.bridge.open_paths(folders)
        qtbot.waitUntil(lambda: len(self.bridge.keys()) == len(folders))

    def paint(self, label: int = 1, box: Box = BOX) -> int:
        shape = tuple(side.stop - side.start for side in box)
        new = np.full(shape, label, self.layer.data.dtype)
        return self.bridge.tools.apply(self.layer, Edit(box, new), tool="Test brush")

    def crash(self) -> None:
        """Let go of the journals as the end of a process does, without a word to them."""
        self.safety.journal.flush()
        for kept in self.wiring.kept:
            kept.journal.close()
        self.wiring.kept.hand_over()

    def shut_down(self) -> None:
        """Let go of the viewer. Harmless when the panel is gone already."""
        if not isalive(self.dock):
            return
        self.safety.shut_down()
        self.bridge.close()


def journals() -> list[Path]:
    """The journals that are kept."""
    return sorted(KINDS["journals"].folder.glob("*.journal"))


def written(qtbot: QtBot, window: SafetyWindow) -> None:
    """Wait for the first record of the label map in hand."""
    qtbot.waitUntil(lambda: window.kept.journal.path is not None, timeout=20_000)


def offered(qtbot: QtBot, window: SafetyWindow) -> str:
    """Wait until something is offered for restoring; in which words."""
    qtbot.waitUntil(lambda: bool(window.restore.offer_text.text()), timeout=20_000)
    return window.restore.offer_text.text()
