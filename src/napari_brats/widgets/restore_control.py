"""Finds edits that a crash left unsaved when their case is opened again, and brings them back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QObject, QTimer

from napari_brats.core.errors import BratsError
from napari_brats.core.labels import CONVENTIONS
from napari_brats.core.progress import Job, Progress
from napari_brats.io.layers import label_map_to_layer
from napari_brats.widgets import provenance
from napari_brats.widgets._worker import run_job
from napari_brats.widgets.case_group import DEFAULT_CONVENTION, retag, tag_of
from napari_brats.widgets.kept_label_maps import KeptLabelMap, KeptLabelMaps, restored_facts
from napari_brats.widgets.restore_panel import RestoreOffer, RestorePanel
from napari_brats.widgets.viewer_bridge import ViewerBridge
from napari_brats.workspace.editing import steps_in_effect
from napari_brats.workspace.journal import (
    LeftOver,
    delete_journal,
    digest_of,
    find_journals,
    journals_in_use,
    read_journal,
)

if TYPE_CHECKING:
    from napari.layers import Labels, Layer

LOOK_AFTER_MS = 400
"""Layers come one by one; their case is looked at when they are all there."""

RESTORE_TOOL = "Restored edits"


@dataclass(frozen=True, eq=False)
class _Found:
    """A left-over journal and where it belongs: the label map, or a layer to make a new one on."""

    left: LeftOver
    case_key: str
    owner: Layer
    kept: KeptLabelMap | None


class RestoreController(QObject):
    """Offers left-over journals of the open cases, one after the other."""

    def __init__(
        self, panel: RestorePanel, bridge: ViewerBridge, kept: KeptLabelMaps, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._panel, self._bridge, self._kept = panel, bridge, kept
        self._asked: set[Path] = set()
        self._known_keys: set[str] = set()
        self._found: list[_Found] = []
        self._removed: list[tuple[KeptLabelMap, str]] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(LOOK_AFTER_MS)
        self._timer.timeout.connect(self._look)
        bridge.cases_changed.connect(self._timer.start)
        bridge.layer_removed.connect(self._on_removed)
        panel.restore_requested.connect(self._on_restore)
        panel.discard_requested.connect(self._on_discard)
        panel.later_requested.connect(self._on_later)
        panel.put_back_requested.connect(self._on_put_back)
        panel.let_go_requested.connect(self._on_let_go)
        self._timer.start()

    def cancel(self) -> None:
        """Look no more; what was removed with unsaved edits stays in its journal."""
        self._timer.stop()
        for kept, _ in self._removed:
            kept.close_journal()
        self._removed.clear()

    # -- looking for journals

    def _look(self) -> None:
        owners: dict[str, Layer] = {}
        for key in self._bridge.keys():  # noqa: SIM118 (no mapping)
            case = self._bridge.open_case(key)
            for layer in [*case.images, *case.labels]:
                owners[self._kept.key_of(layer)] = layer
        new = set(owners) - self._known_keys
        self._known_keys = set(owners)
        self._found = [f for f in self._found if self._bridge.key_of(f.owner)]
        self._asked = {path for path in self._asked if path.name.split(".", 1)[0] in owners}
        self._settle_removed()
        self._show_next()
        if not new:
            return
        paths = [path for path in find_journals(new) if path not in self._asked]
        mine = {kept.journal.path for kept in self._kept}
        if journals_in_use(new) and not mine - {None}:
            self._panel.show_note(
                "This case is being edited in another window, too. Edits of both are kept apart; "
                "whoever saves last is asked before the other's file is replaced."
            )
        self._asked.update(paths)
        if paths:
            run_job(_read(paths), on_returned=lambda f: self._on_read(f, owners), owner=self._panel)

    def _on_read(self, read: list[LeftOver | str], owners: dict[str, Layer]) -> None:
        for left in read:
            if isinstance(left, str):
                self._panel.show_note(left)
                continue
            owner = owners[left.path.name.split(".", 1)[0]]
            if key := self._bridge.key_of(owner):
                self._found.append(_Found(left, key, owner, self._same_map(left, key)))
        self._show_next()

    def _same_map(self, left: LeftOver, case_key: str) -> KeptLabelMap | None:
        """The open label map that is still what the journal began with."""
        for layer in self._bridge.open_case(case_key).labels:
            kept = self._kept.get(layer)
            if kept is None or kept.unsaved_voxels():
                continue
            base = kept.journal.base()
            if base.shape == left.base.shape and digest_of(base) == left.base_digest:
                return kept
        return None

    # -- deciding

    def _show_next(self) -> None:
        if not self._found:
            self._panel.show_offer(None)
            return
        found = self._found[0]
        left = found.left
        ml = left.voxels * tag_of(found.owner).reference.grid.voxel_mm3 / 1000
        steps = len(steps_in_effect(left.events))
        case_id = self._bridge.case_id(found.case_key)
        offer = RestoreOffer(
            left.path, case_id, left.written, left.voxels, ml, steps, _target(found),
            left.is_damaged,
        )  # fmt: skip
        self._panel.show_offer(offer, len(self._found) - 1)

    def _take(self, path: Path) -> _Found | None:
        found = next((f for f in self._found if f.left.path == path), None)
        if found is not None:
            self._found.remove(found)
        return found

    def _on_restore(self, path: Path) -> None:
        found = self._take(path)
        if found is None:
            return
        try:
            layer = self._restore(found)
        except BratsError as error:
            self._found.insert(0, found)
            self._panel.show_trouble(str(error))
            return
        kept = self._kept.get(layer)
        if kept is not None:
            self._take_over(kept, found.left)
        self._panel.show_note(
            f"Restored {found.left.voxels:,} voxels {_target(found)}. They are not saved yet."
        )
        self._show_next()

    def _restore(self, found: _Found) -> Labels:
        """Put the edits where they belong; the layer."""
        left, bridge = found.left, self._bridge
        if found.case_key != bridge.active_case_key:
            bridge.activate(found.case_key)
        convention = str(left.facts.get("convention") or DEFAULT_CONVENTION)
        if found.kept is not None:
            layer = found.kept.layer
            bridge.tools.write(layer, tag_of(layer).order.from_disk(left.labels), tool=RESTORE_TOOL)
            retag(layer, convention=convention)
            return layer
        tag = tag_of(found.owner)
        data = label_map_to_layer(
            np.array(left.base, order="F"), tag.reference, CONVENTIONS[convention], tag.case_id,
            found.case_key, name="restored label map", reason="restored from unsaved edits",
        )  # fmt: skip
        layer = bridge.layers.add_label_map(found.case_key, data)
        if made := restored_facts(left.facts):
            provenance.note(layer, left.base, made)
        bridge.tools.write(layer, tag_of(layer).order.from_disk(left.labels), tool=RESTORE_TOOL)
        return layer

    def _take_over(self, kept: KeptLabelMap, left: LeftOver) -> None:
        """Go on with the journal of the layer; the former file goes when that one is on disk."""
        kept.is_result = kept.path is None
        kept.log.active_s += float(left.facts.get("active_s") or 0.0)
        if kept.log.events:  # the step that restored stands for all that it brought back
            restored = {**kept.log.events[-1], "steps": steps_in_effect(left.events)}
            kept.log.events[-1] = restored
        if self._write(kept):
            delete_journal(left.path)

    def _write(self, kept: KeptLabelMap) -> bool:
        """Whether the edits of a label map are on disk now."""
        try:
            kept.write()
        except BratsError as error:
            self._panel.show_trouble(str(error))
            return False
        return True

    def _on_discard(self, path: Path) -> None:
        if self._take(path) is not None:
            delete_journal(path)
        self._show_next()

    def _on_later(self, path: Path) -> None:
        self._take(path)
        self._show_next()

    # -- label maps that were closed with unsaved edits

    def _on_removed(self, layer: Layer) -> None:
        kept = self._kept.pop(layer)
        if kept is None:
            return
        voxels = 0 if kept.is_let_go else kept.unsaved_voxels()
        if not voxels or not kept.log.events:
            kept.forget_edits()
            return
        self._write(kept)
        words = f"The label map '{layer.name}' of case {kept.case_id} was closed with {voxels:,} "
        self._removed.append((kept, f"{words}voxels that are not saved."))
        self._timer.start()

    def _settle_removed(self) -> None:
        """Offer to put back what was closed alone; a whole case must be opened again for that."""
        open_cases = {self._bridge.case_id(key) for key in self._bridge.keys()}  # noqa: SIM118
        for entry in [entry for entry in self._removed if entry[0].case_id not in open_cases]:
            self._removed.remove(entry)
            entry[0].close_journal()
            self._panel.show_note(f"{entry[1]} Open the case again to restore them.")
        self._show_removed()

    def _on_put_back(self) -> None:
        kept, _ = self._removed.pop()
        self._kept.put_back(kept)
        self._bridge.layers.put_back(kept.layer)
        self._show_removed()

    def _on_let_go(self) -> None:
        kept, _ = self._removed.pop()
        kept.forget_edits()
        self._show_removed()

    def _show_removed(self) -> None:
        self._panel.show_removed(self._removed[-1][1] if self._removed else "")


def _target(found: _Found) -> str:
    if found.kept is not None:
        return f"into '{found.kept.layer.name}'"
    if found.left.facts.get("is_from_file"):
        return "into a new label map, because the one they were made on has changed since"
    return "into a new label map"


def _read(paths: Sequence[Path]) -> Job[list[LeftOver | str]]:
    """The journals that hold something; in words why others cannot be read."""
    found: list[LeftOver | str] = []
    for number, path in enumerate(paths):
        yield Progress(number, len(paths), "Looking for unsaved edits")
        try:
            left = read_journal(path)
        except BratsError as error:
            found.append(str(error))
            continue
        if left.voxels or (left.base.any() and not left.facts.get("is_from_file")):
            found.append(left)
        else:
            delete_journal(path)
    return found
