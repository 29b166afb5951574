"""Connects the panels Case, Correct and Save with the bridge; holds no state of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer

from napari_brats.core.case import Case
from napari_brats.core.errors import BratsError, CaseError
from napari_brats.core.modalities import Modality
from napari_brats.io.resample import resample_case
from napari_brats.widgets import case_saving
from napari_brats.widgets._worker import run_job
from napari_brats.widgets.case_describer import (
    CaseDescriber,
    layer_of_source,
    path_of_source,
    rest_of,
)
from napari_brats.widgets.case_group import (
    DEFAULT_CONVENTION,
    convention_of,
    files_of,
    is_from_file,
    labels_of,
    tag_of,
)
from napari_brats.widgets.case_panel import CasePanel
from napari_brats.widgets.correct_panel import CorrectPanel
from napari_brats.widgets.correct_wiring import CorrectWiring
from napari_brats.widgets.provenance import provenance_of
from napari_brats.widgets.save_panel import SavePanel, SaveRequest
from napari_brats.widgets.viewer_bridge import ViewerBridge

if TYPE_CHECKING:
    from napari.layers import Layer

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
        self._bridge, self._case, self._save = bridge, case, save
        self._describer = CaseDescriber(bridge)
        self._offered: tuple[object, Path | None, str] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SHOW_CASE_MS)
        self._timer.timeout.connect(self._show_case)
        self._connect_case()
        CorrectWiring(bridge, correct)
        self._save.save_requested.connect(self._on_save)
        self._show_all()

    def _connect_case(self) -> None:
        bridge, panel = self._bridge, self._case
        bridge.cases_changed.connect(self._show_all)
        bridge.active_case_changed.connect(self._on_active_case)
        bridge.problem.connect(panel.show_error)
        panel.open_requested.connect(self._on_open)
        panel.case_activated.connect(bridge.activate)
        panel.modality_chosen.connect(self._on_modality)
        panel.convention_chosen.connect(self._on_convention)
        panel.resample_requested.connect(self._on_resample)
        panel.load_rest_requested.connect(self._on_load_rest)

    # -- showing

    def _show_all(self) -> None:
        self._timer.start()
        self._show_target()

    def _on_active_case(self) -> None:
        self._case.show_error("")  # it was about another case
        self._show_all()

    def _show_case(self) -> None:
        self._case.show_case(self._describer.describe())

    def _show_target(self) -> None:
        bridge = self._bridge
        key = bridge.active_case_key
        layer = bridge.label_layer(key) if key else None
        if layer is None:
            name = convention_of(bridge.open_case(key)) if key else DEFAULT_CONVENTION
            self._offer_target(None, None, name)
            return
        open_case = bridge.open_case(key)
        own = is_from_file(layer, open_case)
        files = files_of(open_case)
        taken = files is not None and files.label_map is not None
        source = tag_of(layer).reference.path
        path = case_saving.proposed_path(open_case.case_id, source, is_label_file=own, taken=taken)
        self._offer_target(layer, path, tag_of(layer).convention or convention_of(open_case))

    def _offer_target(self, layer: Layer | None, path: Path | None, convention: str) -> None:
        """Leave alone what the user has typed until there is something else to offer."""
        offer = (None if layer is None else layer.unique_id, path, convention)
        if offer != self._offered:
            self._offered = offer
            self._save.show_target(path, convention)

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

    def _on_save(self, request: SaveRequest) -> None:
        bridge, key = self._bridge, self._bridge.active_case_key
        case_id = bridge.open_case(key).case_id
        existing = [path for path in case_saving.targets(request, case_id) if path.exists()]
        if existing and not request.overwrite:
            self._save.ask_replace(request, existing)
            return
        try:
            self._save.show_saved(self._write(request, key))
        except BratsError as error:
            self._save.show_message(str(error), is_error=True)

    def _write(self, request: SaveRequest, key: str) -> tuple[Path, ...]:
        layer = self._bridge.label_layer(key)
        if layer is None:
            raise CaseError("There is no label map to save. Run a segmentation or make one first.")
        labels, reference = labels_of(layer), tag_of(layer).reference
        case_id = self._bridge.open_case(key).case_id
        return case_saving.write(request, case_id, labels, reference, provenance_of(layer, labels))

    def _tell(self, action: Callable[[], object]) -> None:
        """Do something; what is refused is said in the panel."""
        self._case.show_error("")
        try:
            action()
        except BratsError as error:
            self._case.show_error(str(error))
