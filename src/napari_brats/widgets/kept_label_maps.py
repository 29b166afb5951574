"""What is known of each open label map beyond its layer: its journal, its steps, its files."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QMutex, QMutexLocker, QObject

from napari_brats import __version__
from napari_brats.core.errors import BratsError
from napari_brats.core.labels import Label, LabelMap
from napari_brats.core.progress import Job, Progress
from napari_brats.widgets._worker import run_job
from napari_brats.widgets.case_group import is_from_file, labels_of, tag_of
from napari_brats.widgets.label_tools import Step
from napari_brats.widgets.provenance import earlier_sessions, latest_note
from napari_brats.widgets.viewer_bridge import ViewerBridge
from napari_brats.workspace.editing import EditingLog
from napari_brats.workspace.file_stamps import FileStamp, has_changed, stamp_of, with_digest
from napari_brats.workspace.journal import Journal, journal_key

if TYPE_CHECKING:
    from napari.layers import Labels, Layer

KEPT = "napari_brats_kept"
"""``layer.metadata[KEPT]``: what a closed panel knew of the layer, for the next one."""


@dataclass(eq=False)
class KeptLabelMap:
    """One open label map.

    Attributes
    ----------
    layer
        Its layer.
    case_id
        Of its case.
    journal
        What it was when opened or saved, and its edits since, on disk.
    log
        The steps and the active time since.
    is_result
        Whether a program made it and nobody saved it yet.
    path
        The file it was last saved to, or read from; None before that.
    sessions
        What its records tell of earlier editing, oldest first.
    saved_here
        Files that this window wrote, so that nobody is asked again whether they may be replaced.
    is_let_go
        Whether the user said that it may be closed; any further step takes that back.
    """

    layer: Labels
    case_id: str
    journal: Journal
    log: EditingLog = field(default_factory=EditingLog)
    is_result: bool = False
    path: Path | None = None
    sessions: list[Any] = field(default_factory=list)
    saved_here: set[Path] = field(default_factory=set)
    is_let_go: bool = False
    _mutex: QMutex = field(default_factory=QMutex, repr=False)

    def labels(self) -> LabelMap:
        """(X, Y, Z) as they are now, a view; LabelError or GeometryError if they are none."""
        return labels_of(self.layer)

    def unsaved_voxels(self) -> int:
        """How many voxels differ from what was opened or saved; all labelled ones of a result."""
        try:
            labels = self.labels()
        except BratsError:  # cannot be saved as it is, but is somebody's work
            return int(np.count_nonzero(self.layer.data))
        with QMutexLocker(self._mutex):
            base = np.zeros_like(labels) if self.is_result else self.journal.base()
            return int(np.count_nonzero(labels != base))

    def prepare(self) -> None:
        """Make the journal ready for its first write; from any thread."""
        with QMutexLocker(self._mutex):
            self.journal.prepare()

    def write(self) -> None:
        """Bring the journal up to date, from any thread; SaveError or LabelError if that fails."""
        with QMutexLocker(self._mutex):
            if not self.is_let_go:
                self.journal.write(self.labels(), self._facts(), list(self.log.events))

    def note_saved(self, path: Path, labels: LabelMap) -> None:
        """``labels`` are safe in ``path`` now: journal and log begin anew."""
        with QMutexLocker(self._mutex):
            self.journal.start_from(labels)
        self.log.clear()
        self.is_result = False
        self.path = path
        self.saved_here.add(path)

    def forget_edits(self) -> None:
        """Delete the journal: what is in it is not wanted any more."""
        with QMutexLocker(self._mutex):
            self.journal.delete()

    def close_journal(self) -> None:
        """Leave the journal to whoever opens the case next."""
        with QMutexLocker(self._mutex):
            self.journal.close()

    def _facts(self) -> dict[str, Any]:
        """What a journal needs to know to restore it, fit for JSON."""
        return {
            "convention": tag_of(self.layer).convention,
            "active_s": self.log.active_s,
            "made_with": latest_note(self.layer),
        }


class KeptLabelMaps(QObject):
    """All open label maps of a window, and the files that its cases were read from."""

    def __init__(self, bridge: ViewerBridge, parent: QObject) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._kept: dict[Layer, KeptLabelMap] = {}
        self._stamps: dict[Path, FileStamp] = {}
        bridge.labels_added.connect(self._on_labels_added)
        bridge.cases_changed.connect(self._on_cases_changed)
        bridge.tools.step_made.connect(self._on_step)
        bridge.tools.edited.connect(self._on_activity)
        bridge.activity.connect(self._on_activity)
        for key in bridge.keys():  # noqa: SIM118 (no mapping)
            for layer in bridge.open_case(key).labels:
                self._on_labels_added(layer)

    def __iter__(self) -> Iterator[KeptLabelMap]:
        return iter(tuple(self._kept.values()))

    def get(self, layer: object) -> KeptLabelMap | None:
        """That of a layer; None if it is no label map of a case."""
        return self._kept.get(layer)

    def pop(self, layer: object) -> KeptLabelMap | None:
        """That of a layer which was removed; it is forgotten."""
        return self._kept.pop(layer, None)

    def put_back(self, kept: KeptLabelMap) -> None:
        """Know one again whose layer is about to be added again."""
        self._kept[kept.layer] = kept

    def unsaved(self, maps: Iterable[KeptLabelMap] | None = None) -> list[tuple[KeptLabelMap, int]]:
        """Those with unsaved edits, of all or of some, and how many voxels that are."""
        counted = [(kept, kept.unsaved_voxels()) for kept in (self if maps is None else maps)]
        return [(kept, voxels) for kept, voxels in counted if voxels]

    def key_of(self, layer: Layer) -> str:
        """What the journals of label maps with this layer's header are called."""
        tag = tag_of(layer)
        source = tag.reference.path
        told = f"in memory: {tag.case_id}" if source is None else str(source.absolute())
        return journal_key(told, tag.reference.grid)

    def note_saved(self, kept: KeptLabelMap, path: Path, labels: LabelMap) -> None:
        """``labels`` are safe in ``path`` now: journal and log begin anew."""
        kept.note_saved(path, labels)
        self._stamps.pop(path, None)
        self._stamp(path)

    def changed_files(self, key: str, target: Path) -> tuple[Path, ...]:
        """Which files of a case, or the target of a save, changed on disk since they were read."""
        paths = {tag_of(layer).reference.path for layer in self._bridge.open_case(key).images}
        known = sorted(path for path in {*paths, target} if path in self._stamps)
        return tuple(path for path in known if has_changed(path, self._stamps[path]))

    def forget_edits(self, *, for_good: bool = False) -> None:
        """Delete all journals; ``for_good``: until the next step none is written again."""
        for kept in self:
            kept.is_let_go = kept.is_let_go or for_good
            kept.forget_edits()

    def hand_over(self) -> None:
        """Leave what is known with the layers, for the next panel. Harmless when called twice."""
        for kept in self:
            kept.layer.metadata[KEPT] = kept
        self._kept.clear()

    def _on_labels_added(self, layer: Labels) -> None:
        if layer in self._kept:
            return
        former = layer.metadata.pop(KEPT, None)
        if isinstance(former, KeptLabelMap):
            self._kept[layer] = former
            return
        key = self._bridge.key_of(layer)
        try:
            labels = labels_of(layer)
        except BratsError:  # saving will say what is wrong with it
            labels = np.zeros(tag_of(layer).reference.grid.shape, np.uint8)
        case = self._bridge.open_case(key)
        own = is_from_file(layer, case)
        path = tag_of(layer).reference.path if own else None
        facts = {"program": __version__, "is_from_file": own, "made": tag_of(layer).reason}
        self._kept[layer] = KeptLabelMap(
            layer,
            case.case_id,
            Journal(self.key_of(layer), labels, facts),
            is_result=not own and bool(labels.any()),
            path=path,
            sessions=[] if path is None else earlier_sessions(path),
        )

    def _on_cases_changed(self) -> None:
        for key in self._bridge.keys():  # noqa: SIM118
            for layer in self._bridge.open_case(key).layers:
                self._stamp(tag_of(layer).reference.path)

    def _stamp(self, path: Path | None) -> None:
        if path is None or path in self._stamps or (stamp := stamp_of(path)) is None:
            return
        self._stamps[path] = stamp
        run_job(
            _digest(path, stamp),
            on_returned=lambda found: self._stamps.update({path: found}),
            owner=self.parent(),
        )

    def _on_step(self, step: Step) -> None:
        kept = self._kept.get(step.layer)
        if kept is not None:
            kept.is_let_go = False
            kept.log.add(
                step.kind,
                time=step.finished.isoformat(timespec="seconds"),
                tool=step.tool,
                label=_label_name(step.label),
                voxels=step.voxels,
            )

    def _on_activity(self, layer: object = None) -> None:
        key = self._bridge.active_case_key
        in_hand = layer or (self._bridge.label_layer(key) if key else None)
        if (kept := self._kept.get(in_hand)) is not None:
            kept.log.tick(time.monotonic())


def _label_name(label: int | None) -> str | None:
    """For the record; None if a step painted several labels."""
    if label is None:
        return None
    return (Label(label).name if label else "erased") if label in tuple(Label) else str(label)


def _digest(path: Path, stamp: FileStamp) -> Job[FileStamp]:
    yield Progress(0, 1, f"Reading {path.name}")
    return with_digest(path, stamp)


def restored_facts(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """How a label map was made, as its journal tells."""
    made = facts.get("made_with")
    return made if isinstance(made, Mapping) else {}
