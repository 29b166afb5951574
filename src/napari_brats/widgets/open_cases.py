"""Keeps track of which layers of the viewer are which case, and of the active one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from napari.layers import Image, Labels, Layer
from qtpy.QtCore import QObject, QTimer, Signal

from napari_brats.core.errors import CaseError
from napari_brats.io.layers import TAG, LayerTag, label_colormap
from napari_brats.widgets import case_group
from napari_brats.widgets.case_group import OpenCase, is_tagged, tag_of

if TYPE_CHECKING:
    from napari import Viewer

SETTLE_MS = 250
"""napari may read the files of one drop one by one; a label map is refused only after that."""


class OpenCases(QObject):
    """The open cases, whichever way their layers came."""

    changed = Signal()
    active_changed = Signal(str)
    labels_added = Signal(object)  # a Labels layer of a case
    layer_removed = Signal(object)
    opened = Signal(str)  # a case that was not there before
    problem = Signal(str)
    settled = Signal()  # all layers of a drop are there

    def __init__(self, viewer: Viewer, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._owners: dict[Layer, str] = {}
        self._cases: dict[str, OpenCase] = {}
        self._in_hand: dict[str, Labels] = {}
        self._active = ""
        self._is_stale = True
        self._is_held = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLE_MS)
        self._timer.timeout.connect(self._on_settled)
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)
        viewer.layers.selection.events.active.connect(self._on_selected)
        self._timer.start()

    def close(self) -> None:
        """Let go of the viewer."""
        self._timer.stop()
        events = self._viewer.layers.events
        events.inserted.disconnect(self._on_inserted)
        events.removed.disconnect(self._on_removed)
        self._viewer.layers.selection.events.active.disconnect(self._on_selected)

    def all(self) -> dict[str, OpenCase]:
        """Key -> case, in the order of opening."""
        self._settle()
        return self._cases

    @property
    def active_key(self) -> str:
        """Key of the active case; empty if none is open."""
        self._settle()
        return self._active

    @active_key.setter
    def active_key(self, key: str) -> None:
        if key != self._active:
            self._active = key
            self.active_changed.emit(key)

    def __getitem__(self, key: str) -> OpenCase:
        """The case; CaseError if it is not open (any more)."""
        try:
            return self.all()[key]
        except KeyError:
            raise CaseError(
                f"The case '{key}' is not open. Open: {', '.join(self._cases) or 'none'}. "
                f"Open its files again."
            ) from None

    def key_of(self, layer: Layer) -> str:
        """Key of the case that has the layer; empty if none has."""
        self._settle()
        return self._owners.get(layer, "")

    def label_layer(self, key: str) -> Labels | None:
        """The labels layer that is edited and saved: the one selected last, else the newest."""
        labels = self[key].labels
        active = self._viewer.layers.selection.active
        if active in labels:
            self._in_hand[key] = active
        in_hand = self._in_hand.get(key)
        if in_hand in labels:
            return in_hand
        return labels[-1] if labels else None

    def hide_others(self, key: str) -> None:
        """Show no layer of any other case than this one."""
        for other in self.all().values():
            for layer in other.layers if other.key != key else ():
                layer.visible = False

    def own(self, layer: Layer, key: str) -> None:
        """Say which case a layer belongs to that was just added for it."""
        self._owners[layer] = key
        self._is_stale = True
        self._settle()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Layers that come and go in this block are looked at together, at its end."""
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False
            self._is_stale = True
            self._settle()

    def disown(self, layers: Iterable[Layer]) -> None:
        """Let layers whose tags name another case by now join that one."""
        for layer in layers:
            self._owners.pop(layer, None)
        self._is_stale = True
        self._settle()

    def regroup(self) -> None:
        """Look at all layers again, because a tag was changed."""
        self._is_stale = True
        self._settle()

    def _on_inserted(self, event: Any) -> None:
        layer = event.value
        if case_group.MIRROR in layer.metadata:
            return
        if isinstance(layer, Labels) and not is_tagged(layer):
            self._tag_new_labels(layer)
        if isinstance(layer, Image) and is_tagged(layer):
            _open_contrast_range(layer)
        self._is_stale = True
        self._timer.start()

    def _on_removed(self, event: Any) -> None:
        """Group at once, unless more is to come.

        Left until the next layer goes, it would be done when that one is being deselected: in the
        middle of a removal of Qt's list of layers. Layers that go or move then end the process.
        """
        self.layer_removed.emit(event.value)
        self._is_stale = True
        self._timer.start()
        self._on_selected()

    def _on_selected(self, event: object = None) -> None:
        del event
        if self._is_held:
            return
        if key := self.key_of(self._viewer.layers.selection.active):
            self.active_key = key
            self.changed.emit()

    def _tag_new_labels(self, layer: Labels) -> None:
        """Tag a layer made with napari's own button, or by a script, if its case can be told."""
        cases = list(self.all().values())
        if not cases:
            return
        selected = self._viewer.layers.selection.active
        owner = self._cases.get(self._owners.get(selected, ""))
        name = selected.name if selected is not None else ""
        case = case_group.case_of_new_labels(layer, cases, owner, name)
        if case is None:
            self._tell_untold(layer)
            return
        tag = tag_of(case.reference)
        convention = case_group.convention_of(case)
        layer.metadata[TAG] = LayerTag(
            case.case_id, case.key, "label_map", None, tag.reference, tag.order, convention,
            "made by hand",
        )  # fmt: skip
        layer.colormap = label_colormap()
        self._owners[layer] = case.key

    def _tell_untold(self, layer: Labels) -> None:
        shape = layer.data.shape
        fits = any(case.reference.data.shape == shape for case in self._cases.values())
        why = (
            "it fits several open cases whose headers differ"
            if fits
            else f"its shape {shape} is that of no open case"
        )
        self.problem.emit(
            f"The new labels layer '{layer.name}' belongs to no case: {why}. It cannot be saved "
            f"with a case's geometry. Use 'New empty label map' in the section 'Correct' instead."
        )

    def _on_settled(self) -> None:
        """Refuse what fits no open case once all files of a drop have been read."""
        self._settle()
        for layer in tuple(self._viewer.layers):
            is_label_map = is_tagged(layer) and tag_of(layer).role == "label_map"
            if is_label_map and layer not in self._owners and self._cases:
                self._refuse(layer)
        self.settled.emit()

    def _refuse(self, layer: Layer) -> None:
        case = self._cases.get(self._active) or next(iter(self._cases.values()))
        theirs = tag_of(layer).reference
        grid = tag_of(case.reference).reference.grid
        self._viewer.layers.remove(layer)
        self._viewer.layers.selection.active = [case.reference, *case.labels][-1]
        self.problem.emit(
            f"The label map {theirs.path or layer.name} was not opened: its grid is\n"
            f"  {theirs.grid.describe()},\nthat of case {case.case_id}\n  {grid.describe()}.\n"
            f"They differ: {grid.difference(theirs.grid)}. Expected one grid. "
            f"Resample the label map, or open it with its own images."
        )

    def _settle(self) -> None:
        """Group the layers into cases if layers came or went since the last time."""
        if not self._is_stale or self._is_held:
            return
        self._is_stale = False
        former = self._cases
        self._cases = case_group.group(self._viewer.layers, self._owners, self._active)
        for case in self._cases.values():
            self._put_labels_on_top(case)
            for layer in case.labels:
                self.labels_added.emit(layer)
        if self._active not in self._cases:
            self.active_key = next(reversed(self._cases), "")
        for key in self._cases:
            if key not in former:
                self.opened.emit(key)
        self.changed.emit()

    def _put_labels_on_top(self, case: OpenCase) -> None:
        """A label map that was read before the images would lie hidden below them."""
        layers = self._viewer.layers
        top = max((layers.index(image) for image in case.images), default=-1)
        for layer in case.labels:
            if layers.index(layer) < top:
                layers.move(layers.index(layer), len(layers))


def _open_contrast_range(layer: Image) -> None:
    """Let the contrast slider reach all values; napari ends it at the first limits."""
    low, high = float(layer.data.min()), float(layer.data.max())
    if low < high:
        layer.contrast_limits_range = (low, high)
