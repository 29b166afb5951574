"""The dock widget "Train": its panel, wired to the engine. It holds no logic."""

from __future__ import annotations

from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_brats.widgets._worker import run_job
from napari_brats.widgets.device_choices import find_devices
from napari_brats.widgets.dock_life import DockLife
from napari_brats.widgets.section import Section, SectionArea
from napari_brats.widgets.train_control import TrainController
from napari_brats.widgets.train_panel import TrainPanel


class TrainWidget(QWidget):
    """Trains a network on a folder of labelled cases; needs no open case."""

    def __init__(self) -> None:
        super().__init__()
        self.panel = TrainPanel()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(SectionArea([Section("Train", self.panel)]))
        self.control = TrainController(self.panel, self)
        self.control.offer_bundles()
        DockLife(self, self.control.shut_down)
        run_job(
            find_devices(),
            on_returned=self.panel.set_devices,
            on_failed=lambda error: self.panel.show_error(str(error)),
            owner=self,
        )
