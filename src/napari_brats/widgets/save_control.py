"""Saves the label map in hand: proposes where, asks before anything is replaced, writes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from qtpy.QtCore import QObject, Signal

from napari_brats.core.errors import BratsError, CaseError
from napari_brats.io.atomic import backup_name
from napari_brats.io.save import image_path
from napari_brats.widgets import case_saving
from napari_brats.widgets.case_group import (
    DEFAULT_CONVENTION,
    convention_of,
    files_of,
    is_from_file,
    tag_of,
)
from napari_brats.widgets.kept_label_maps import KeptLabelMap, KeptLabelMaps
from napari_brats.widgets.provenance import EDITING, provenance_of, session_of
from napari_brats.widgets.save_panel import SavePanel, SaveRequest
from napari_brats.widgets.viewer_bridge import ViewerBridge
from napari_brats.workspace.settings import read_settings


class SaveController(QObject):
    """Connects the section "Save" with the label maps of the bridge."""

    saved = Signal(object)  # path of the label map

    def __init__(self, panel: SavePanel, bridge: ViewerBridge, kept: KeptLabelMaps) -> None:
        super().__init__(bridge)
        self._panel, self._bridge, self._kept = panel, bridge, kept
        self._offered: tuple[object, Path | None, str] | None = None
        panel.save_requested.connect(self._on_save)

    def show_target(self) -> None:
        """Offer to save the label map in hand, where it came from."""
        bridge = self._bridge
        key = bridge.active_case_key
        layer = bridge.label_layer(key) if key else None
        kept = self._kept.get(layer)
        if kept is None:
            name = convention_of(bridge.open_case(key)) if key else DEFAULT_CONVENTION
            self._offer((None, None, name))
        else:
            request = self.request_of(kept)
            self._offer((layer.unique_id, request.path, request.convention))

    def request_of(self, kept: KeptLabelMap) -> SaveRequest:
        """How a label map is saved unless the user says otherwise."""
        open_case = self._bridge.open_case(self._bridge.key_of(kept.layer))
        tag, files = tag_of(kept.layer), files_of(open_case)
        path = kept.path or case_saving.proposed_path(
            open_case.case_id,
            tag.reference.path,
            is_label_file=is_from_file(kept.layer, open_case),
            taken=files is not None and files.label_map is not None,
        )
        return SaveRequest(image_path(path), tag.convention or convention_of(open_case))

    def replaced_by(self, kept: KeptLabelMap, request: SaveRequest) -> tuple[Path, ...]:
        """Files that are there already and were not written by this window."""
        path = image_path(request.path)
        if path in kept.saved_here:
            return ()
        return tuple(p for p in case_saving.targets(request, kept.case_id) if p.exists())

    def changed_before(self, kept: KeptLabelMap, request: SaveRequest) -> tuple[Path, ...]:
        """Files of the case, or the target, that changed on disk since they were opened."""
        key = self._bridge.key_of(kept.layer)
        return self._kept.changed_files(key, image_path(request.path))

    def save(self, kept: KeptLabelMap, request: SaveRequest) -> tuple[Path, ...]:
        """Write a label map and what belongs to it; the files.

        A file that was there and that this window did not write is kept as ``<name>.bak``.
        SaveError, LabelError or GeometryError if it cannot be written; the former file and the
        journal are then unharmed.
        """
        path = image_path(request.path)
        labels = kept.labels()
        is_ours = path in kept.saved_here and path not in self.changed_before(kept, request)
        sessions = list(kept.sessions)
        if kept.log.events:
            sessions.append(session_of(kept.log, read_settings().editor))
        written = case_saving.write(
            replace(request, overwrite=request.overwrite or path in kept.saved_here),
            kept.case_id,
            labels,
            tag_of(kept.layer).reference,
            {**provenance_of(kept.layer, labels), EDITING: sessions},
            backup=not is_ours,
        )
        kept.sessions = sessions
        self._kept.note_saved(kept, path, labels)
        self.saved.emit(path)
        return written

    def _offer(self, offer: tuple[object, Path | None, str]) -> None:
        """Leave alone what the user has typed until there is something else to offer."""
        if offer == self._offered:
            return
        if self._offered is not None and offer[0] != self._offered[0]:
            self._panel.message.clear_message()  # it was about another label map
        self._offered = offer
        self._panel.show_target(offer[1], offer[2])

    def _on_save(self, request: SaveRequest) -> None:
        try:
            kept = self._in_hand()
            if not request.overwrite:
                existing = self.replaced_by(kept, request)
                changed = self.changed_before(kept, request)
                if existing or changed:
                    self._panel.ask_replace(request, existing, changed)
                    return
            path = image_path(request.path)
            is_kept = path.exists() and path not in kept.saved_here
            former = backup_name(path) if is_kept else None
            self._panel.show_saved(self.save(kept, request), former)
        except BratsError as error:
            self._panel.show_message(str(error), is_error=True)

    def _in_hand(self) -> KeptLabelMap:
        key = self._bridge.active_case_key
        layer = self._bridge.label_layer(key) if key else None
        kept = self._kept.get(layer)
        if kept is None:
            raise CaseError("There is no label map to save. Run a segmentation or make one first.")
        return kept
