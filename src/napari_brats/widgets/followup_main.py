"""The dock widget "Follow-up": its panel, wired to the engine and the view. It holds no logic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_brats.widgets.dock_life import DockLife
from napari_brats.widgets.followup_control import FollowUpController
from napari_brats.widgets.followup_panel import FollowUpPanel
from napari_brats.widgets.followup_view import FollowUpView
from napari_brats.widgets.section import Section, SectionArea

if TYPE_CHECKING:
    from napari import Viewer


class FollowUpWidget(QWidget):
    """Compares the time points of one patient; needs no open case."""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        self.panel = FollowUpPanel()
        self.view = FollowUpView(napari_viewer, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        area = SectionArea([Section("Follow-up", self.panel)])
        layout.addWidget(area)
        self.panel.view_changed.connect(lambda *_: area.updateGeometry())  # results need more room
        self.control = FollowUpController(self.panel, self.view, self)
        self.control.offer_bundles()
        DockLife(self, self._shut_down)

    def _shut_down(self) -> None:
        self.control.shut_down()
        self.view.close()
