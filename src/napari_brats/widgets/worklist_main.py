"""The dock widget "Worklist": its panel, wired to the panel "BraTS". It holds no logic."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QFileDialog, QMainWindow, QMessageBox, QVBoxLayout, QWidget

from napari_brats.widgets.dock_life import DockLife, dock_of
from napari_brats.widgets.key_bindings import KeyBindings
from napari_brats.widgets.keys import WORKLIST_KEYS
from napari_brats.widgets.main import BratsWidget
from napari_brats.widgets.viewer_bridge import PLUGIN, ViewerBridge
from napari_brats.widgets.worklist_control import WorklistController
from napari_brats.widgets.worklist_engine import Engine, Network, engine_of
from napari_brats.widgets.worklist_opener import WorklistOpener
from napari_brats.widgets.worklist_panel import WorklistPanel
from napari_brats.widgets.worklist_runs import WorklistRuns
from napari_brats.workspace.status_files import Holder
from napari_brats.workspace.worklist import WorkCase
from napari_brats.workspace.worklist_claims import in_words, new_session, other_holder

if TYPE_CHECKING:
    from napari import Viewer

ROOM_FOR_TWO_PX = 1700
"""In a narrower window, two docks beside each other leave too little for the image."""


class WorklistWidget(QWidget):
    """Works through a folder of cases; opens the panel "BraTS" when a case is opened."""

    def __init__(self, napari_viewer: Viewer, engine: Engine = engine_of) -> None:
        super().__init__()
        self._viewer = getattr(napari_viewer, "__wrapped__", napari_viewer)
        self._me = new_session()
        self.panel = WorklistPanel(lambda case: other_holder(case.status, self._me))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.panel)
        self.opener = WorklistOpener(
            lambda: self._brats().bridge, self._may_leave, self._may_take_over, self._me, self
        )
        self.control = WorklistController(self.panel, self.opener, self._me, self)
        self.runs = WorklistRuns(
            self.panel, self._network, engine, self._ask_folder, self._me, self
        )
        self.runs.cases_changed.connect(self.control.show_all)
        self._keys = KeyBindings(self._viewer)
        self._keys.bind(
            {
                WORKLIST_KEYS["next_case"]: lambda: self.control.step(1),
                WORKLIST_KEYS["previous_case"]: lambda: self.control.step(-1),
            }
        )
        self._is_shut = False
        DockLife(self, self._shut_down)
        QTimer.singleShot(0, self._dock_beside_brats)  # once napari has put it into a dock

    def _shut_down(self) -> None:
        if not self._is_shut:
            self._is_shut = True
            self.runs.cancel()
            self.control.close()
            self._keys.close()

    def _brats(self) -> BratsWidget:
        """The panel "BraTS", opened if it is not."""
        return self._viewer.window.add_plugin_dock_widget(PLUGIN, "BraTS")[1]

    def _network(self) -> Network:
        panel = self._brats().segment_panel
        return Network(
            panel.bundle_box.chosen, panel.device_box.chosen or "auto", panel.mirroring_box.chosen
        )

    def _dock_beside_brats(self) -> None:
        """Beside the panel "BraTS", or as a tab with it where the window is narrow."""
        mine = None if self._is_shut else dock_of(self)
        window = None if mine is None else mine.window()
        if not isinstance(window, QMainWindow):
            return
        brats = dock_of(self._brats())
        if window.width() >= ROOM_FOR_TWO_PX:
            window.splitDockWidget(mine, brats, Qt.Orientation.Horizontal)
        else:
            window.tabifyDockWidget(brats, mine)
        mine.raise_()

    def _may_leave(self, bridge: ViewerBridge, key: str) -> bool:
        return self._brats().safety.guard.may_close(bridge.open_case(key).labels)

    def _may_take_over(self, case: WorkCase, holder: Holder) -> bool:
        answer = QMessageBox.question(
            self,
            "Somebody else has this case open",
            f"{case.case_id} is open: {in_words(holder)}.\nTake it over? Whoever saves last wins, "
            f"so talk to each other first.",
        )
        return answer == QMessageBox.StandardButton.Yes

    def _ask_folder(self, closed: Sequence[Path]) -> Path | None:
        folder = QFileDialog.getExistingDirectory(
            self, f"Where to put the masks of {len(closed)} read-only folders"
        )
        return Path(folder) if folder else None
