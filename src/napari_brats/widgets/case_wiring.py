"""Connects the panels Case, Correct and Save with the bridge; holds no state of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from qtpy.QtCore import QObject, QTimer

from napari_brats.core.case import Case
from napari_brats.core.errors import BratsError
from napari_brats.core.modalities import Modality
from napari_brats.io.resample import resample_case
from napari_brats.widgets._worker import run_job
from napari_brats.widgets.case_describer import (
    CaseDescriber,
    layer_of_source,
    path_of_source,
    rest_of,
)
from napari_brats.widgets.case_panel import CasePanel
from napari_brats.widgets.correct_panel import CorrectPanel
from napari_brats.widgets.correct_wiring import CorrectWiring
from napari_brats.widgets.kept_label_maps import KeptLabelMaps
from napari_brats.widgets.save_control import SaveController
from napari_brats.widgets.save_panel import SavePanel
from napari_brats.widgets.viewer_bridge import ViewerBridge

SHOW_CASE_MS = 50
"""Layers come one by one; their case is looked at and shown when they are all there."""


def connect_case_panels(
    bridge: ViewerBridge, case: CasePanel, correct: CorrectPanel, save: SavePanel
) -> None:
    """Wire the three panels; the wiring lives as long as the bridge."""
    CaseWiring(bridge, case, correct, save)


class CaseWiring(QObject):
    """Bridge to panels and back, for the active case."""

    def __init__(
        self, bridge: ViewerBridge, case: CasePanel, correct: CorrectPanel, save: SavePanel
    ) -> None:
        super().__init__(bridge)
        self._bridge, self._case = bridge, case
        self.kept = KeptLabelMaps(bridge, self)
        self.saving = SaveController(save, bridge, self.kept)
        self._describer = CaseDescriber(bridge)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SHOW_CASE_MS)
        self._timer.timeout.connect(self._show_case)
        self._connect_case()
        self.correcting = CorrectWiring(bridge, correct)
        self._show_all()

    def _connect_case(self) -> None:
        bridge, panel = self._bridge, self._case
        bridge.cases_changed.connect(self._show_all)
        bridge.active_case_changed.connect(self._on_active_case)
        bridge.problem.connect(panel.show_error)
        panel.open_requested.connect(self._on_open)
        panel.sample_requested.connect(bridge.open_sample)
        panel.case_activated.connect(bridge.activate)
        panel.modality_chosen.connect(self._on_modality)
        panel.convention_chosen.connect(self._on_convention)
        panel.resample_requested.connect(self._on_resample)
        panel.load_rest_requested.connect(self._on_load_rest)

    # -- showing

    def _show_all(self) -> None:
        self._timer.start()
        self.saving.show_target()

    def _on_active_case(self) -> None:
        self._case.show_error("")  # it was about another case
        self._show_all()

    def _show_case(self) -> None:
        self._case.show_case(self._describer.describe())

    # -- doing

    def _on_open(self, paths: list[Path]) -> None:
        self._tell(lambda: self._bridge.open_paths(paths))

    def _on_modality(self, modality: Modality, source_id: str) -> None:
        bridge, key = self._bridge, self._bridge.active_case_key
        open_case = bridge.open_case(key)
        path = path_of_source(source_id)
        if path is not None:
            self._tell(lambda: bridge.images.add(key, modality, path))
        else:
            layer = layer_of_source(open_case, source_id)
            self._tell(lambda: bridge.images.assign_modality(key, modality, layer))
        self._show_all()

    def _on_convention(self, name: str) -> None:
        bridge = self._bridge
        self._tell(lambda: bridge.set_convention(bridge.active_case_key, name))
        self._show_all()

    def _on_resample(self, modality: Modality) -> None:
        bridge, key = self._bridge, self._bridge.active_case_key
        run_job(
            resample_case(bridge.case(key), modality),
            on_progress=lambda progress: self._case.show_note(progress.message),
            on_returned=lambda case: self._take_resampled(key, case),
            on_failed=lambda error: self._case.show_error(str(error)),
            on_finished=lambda: self._case.show_note(""),
            owner=self._case,
        )

    def _take_resampled(self, key: str, case: Case) -> None:
        self._bridge.images.replace(key, case)
        self._bridge.activate(key)

    def _on_load_rest(self) -> None:
        bridge = self._bridge
        paths = rest_of(bridge.open_case(bridge.active_case_key))
        self._tell(lambda: bridge.open_paths(paths))

    def _tell(self, action: Callable[[], object]) -> None:
        """Do something; what is refused is said in the panel."""
        self._case.show_error("")
        try:
            action()
        except BratsError as error:
            self._case.show_error(str(error))
