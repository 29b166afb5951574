"""The one place that touches the napari viewer: cases in, layers out, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari.layers import Labels, Layer
from qtpy.QtCore import QObject, Signal

from napari_brats.core.case import Case, Segmentation, Volume
from napari_brats.core.edits.planes import Plane
from napari_brats.core.labels import LabelMap
from napari_brats.core.modalities import Modality
from napari_brats.io.layers import LayerData
from napari_brats.io.opening import Opened
from napari_brats.widgets import case_group, provenance
from napari_brats.widgets.case_group import OpenCase, tag_of
from napari_brats.widgets.case_images import CaseImages
from napari_brats.widgets.case_layers import CaseLayers
from napari_brats.widgets.case_volumes import CaseVolumes
from napari_brats.widgets.diameters_layer import DiametersLayer
from napari_brats.widgets.error_overlay import (
    COMPARISON_COLORS,
    COMPARISON_TITLES,
    ErrorOverlay,
)
from napari_brats.widgets.key_bindings import KeyBindings
from napari_brats.widgets.label_tools import LabelTools
from napari_brats.widgets.layout import Layout
from napari_brats.widgets.looked_at import plane_looked_at
from napari_brats.widgets.modality_view import ModalityView
from napari_brats.widgets.open_cases import OpenCases
from napari_brats.widgets.open_label_maps import OpenLabelMap, label_maps_of
from napari_brats.widgets.overlay_look import OverlayLook
from napari_brats.widgets.reading_views import ReadingViews
from napari_brats.widgets.tools_pointer import ToolPointer

if TYPE_CHECKING:
    from napari import Viewer

PLUGIN, SAMPLE = "napari-brats", "synthetic_glioma"


class ViewerBridge(QObject):
    """Knows which layers are which case, and does with them what the panels ask for.

    `tools` paints, `view` chooses what is looked at, `layers` adds and removes layers of cases,
    `images` says which image is which modality, `volumes` measures what is painted, `errors` and
    `comparison` show what differs, `diameters` lines; `key_bindings` binds keys, `reading` serves
    the canvases, `look` says how labels look.
    """

    cases_changed = Signal()
    active_case_changed = Signal(str)
    edited = Signal(str)  # key of the case whose label map was changed
    problem = Signal(str)
    labels_added = Signal(object)  # a labels layer of a case; told again whenever layers change
    layer_removed = Signal(object)
    activity = Signal()  # somebody scrolls or zooms

    def __init__(self, viewer: Viewer, parent: QObject | None = None) -> None:
        """Act on this viewer, or on the one behind the proxy that napari hands to plugins.

        The proxy gives a layer a new face each time it is asked for, so that one layer would be
        taken for two.
        """
        super().__init__(parent)
        viewer = getattr(viewer, "__wrapped__", viewer)
        self._viewer = viewer
        self.tools = LabelTools(viewer, self)
        self.view = ModalityView(viewer, self.tools, self)
        self.reading = ReadingViews(viewer, self)
        self.look = OverlayLook(self)
        self._open = OpenCases(viewer, self)
        self.layers = CaseLayers(viewer.layers, self._open)
        self.images = CaseImages(viewer.layers, self._open, self.layers.add)
        self.volumes = CaseVolumes(lambda: self._open.active_key, self.label_layer, self)
        self.errors = ErrorOverlay(viewer, self.view.leave_side_by_side, self)
        self.comparison = ErrorOverlay(
            viewer, self.view.leave_side_by_side, self, COMPARISON_COLORS, COMPARISON_TITLES
        )
        self.diameters = DiametersLayer(viewer, self)
        self.key_bindings = KeyBindings(viewer)
        self.pointer = ToolPointer(lambda: self.tools.target, self)
        self.pointer.follow(viewer)
        self._is_closed = False
        self._connect()
        self._open.regroup()

    def _connect(self) -> None:
        for canvases in (self.reading.add, self.pointer.follow):
            self.view.canvas_made.connect(canvases)
        for canvases in (self.reading.remove, self.pointer.unfollow):
            self.view.canvas_going.connect(canvases)
        self._open.changed.connect(self._on_cases_changed)
        self._open.active_changed.connect(self.active_case_changed)
        self._open.opened.connect(self._on_opened)
        self._open.labels_added.connect(self.tools.follow)
        self._open.layer_removed.connect(self.tools.unfollow)
        self._open.labels_added.connect(self.labels_added)
        self._open.layer_removed.connect(self.layer_removed)
        self._viewer.dims.events.current_step.connect(self._on_activity)
        self._viewer.scene.camera.events.zoom.connect(self._on_activity)
        for part in (self._open, self.volumes):
            part.problem.connect(self.problem)
        self.tools.edited.connect(self._on_edited)

    def close(self) -> None:
        """Let go of the viewer. Harmless when called twice."""
        if self._is_closed:
            return
        self._is_closed = True
        self._viewer.dims.events.current_step.disconnect(self._on_activity)
        self._viewer.scene.camera.events.zoom.disconnect(self._on_activity)
        parts = (self.volumes, self._open, self.view, self.tools, self.reading, self.look)
        drawn = (self.errors, self.comparison, self.diameters)
        for part in (*parts, self.pointer, *drawn, self.key_bindings):
            part.close()

    # -- which cases are open

    def keys(self) -> tuple[str, ...]:
        """Keys of the open cases, in the order of opening."""
        return tuple(self._open.all())

    def cases(self) -> Mapping[str, Case]:
        """The open cases as values; those without a single known modality are left out."""
        return {k: case_group.build_case(c) for k, c in self._open.all().items() if c.by_modality}

    def open_case(self, key: str) -> OpenCase:
        """The layers of a case; CaseError if it is not open (any more)."""
        return self._open[key]

    def key_of(self, layer: Layer) -> str:
        """Key of the case that a layer belongs to; empty if it belongs to none."""
        return self._open.key_of(layer)

    def case(self, key: str) -> Case:
        """The case as a value. No copies: painting changes its label map.

        CaseError if it is not open (any more), or none of its modalities is known.
        """
        return case_group.build_case(self._open[key])

    @property
    def active_case_key(self) -> str | None:
        """Key of the case that run, save and volumes are about; None if none is open."""
        return self._open.active_key or None

    def activate(self, key: str) -> None:
        """Make a case the active one, show its layers and hide those of the others."""
        chosen = self._open[key]
        self.view.leave_side_by_side()
        self._open.active_key = key
        self._open.hide_others(key)
        for layer in chosen.labels:
            layer.visible = True
        if self._viewer.layers.selection.active not in chosen.layers:
            self._viewer.layers.selection.active = self.label_layer(key) or chosen.reference
        self._on_cases_changed()
        self.view.show(self.view.shown or Modality.T1C)
        self.view.look_at(chosen)

    def set_convention(self, key: str, name: str) -> None:
        """Read the case's label map files in another convention, and write in that one.

        LabelError, and nothing changed, if a label map holds values that it does not know.
        """
        for layer, labels in self.layers.read_as(key, name).items():
            self.set_layer_labels(layer, labels)
        self.layers.set_convention(key, name)

    # -- layers of a case

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Open files or folders with this plugin's reader."""
        for path in paths:
            self._viewer.open(str(path), plugin=PLUGIN)

    def open_sample(self) -> None:
        """Open the synthetic case that ships with the plugin."""
        self._viewer.open_sample(PLUGIN, SAMPLE)

    def add_case(self, case: Case) -> str:
        """Add a case as layers and make it the active one; its key."""
        key = self.layers.add_case(case)
        self.activate(key)
        return key

    def exchange_case(self, opened: Opened, former: str = "") -> str:
        """Show a case that was read already, in place of the one with the key ``former``; its key.

        The layout stays. What was in the former case's layers is gone; its image layers go on.
        """
        layout = self.view.layout
        self.view.set_layout(Layout.SINGLE)
        key = self.layers.exchange(opened, former)
        self.activate(key)
        self.view.set_layout(layout)
        return key

    def close_case(self, key: str) -> None:
        """Take a case's layers out of the viewer; nothing if it is not open."""
        self.layers.close(key)

    def add_segmentation(self, key: str, segmentation: Segmentation) -> Labels:
        """Add a network's result as a new labels layer, selected; older label maps are hidden."""
        return self.layers.add_segmentation(key, segmentation)

    def add_maps(self, key: str, layers: Sequence[LayerData]) -> None:
        """Add images of what a network says of each voxel; what is selected stays selected."""
        self.layers.add_maps(key, layers)

    def go_to(self, key: str, voxel: tuple[int, int, int], layer: Layer | None = None) -> None:
        """Move the views to a voxel (x, y, z) of a layer of the case, and make it the active one.

        By default of the case's reference. CaseError if the case is not open (any more).
        """
        if key != self._open.active_key:
            self.activate(key)
        self.view.go_to(layer or self._open[key].reference, voxel)

    def new_label_map(self, key: str) -> Labels:
        """Add an empty labels layer on the case's reference image, selected."""
        return self.layers.add_empty_label_map(key)

    def label_layer(self, key: str) -> Labels | None:
        """The labels layer that is edited and saved: the one selected last, else the newest."""
        return self._open.label_layer(key)

    def label_maps(self, key: str) -> tuple[OpenLabelMap, ...]:
        """The label maps of a case, in the order of opening."""
        return label_maps_of(self._open[key], self.label_layer(key))

    def images_of(self, key: str) -> tuple[Volume, ...]:
        """The images of a case, whether their modality is known or not; no copies."""
        return tuple(case_group.volume_of(layer) for layer in self._open[key].images)

    def case_id(self, key: str) -> str:
        """The name of a case."""
        return self._open[key].case_id

    def is_painting(self) -> bool:
        """Whether a stroke is under way: its end is told as an edit, too."""
        return self.tools.is_painting

    def plane_looked_at(self, layer: Layer) -> Plane:
        """The slice of a layer in the canvas that the mouse was over last; in 3-D, across it."""
        return self.pointer.plane(layer) or plane_looked_at(self._viewer, layer)

    def layer_labels(self, layer: Layer) -> LabelMap | None:
        """The (X, Y, Z) internal labels of a layer in file order, a view; None once removed."""
        return case_group.labels_of(layer) if layer in self._viewer.layers else None

    def set_layer_labels(
        self, layer: Labels, labels: LabelMap, made_with: Mapping[str, Any] | None = None
    ) -> None:
        """Write (X, Y, Z) labels into a layer, as one step of its own undo history.

        With ``made_with``, what its provenance shall say, they were made automatically: such
        writes with no edit between them are one step together.
        """
        data = tag_of(layer).order.from_disk(labels)
        self.tools.write(layer, data, is_automatic=made_with is not None)
        if made_with is not None:
            provenance.note(layer, labels, made_with)

    def _on_activity(self, event: object = None) -> None:
        del event
        self.activity.emit()

    def _on_opened(self, key: str) -> None:
        self.view.leave_side_by_side()
        self._open.hide_others(key)
        if len(self._open.all()) > 1:  # napari looks at the first one by itself
            self.view.look_at(self._open[key])

    def _on_edited(self, layer: Layer) -> None:
        key = self._open.key_of(layer)
        if key:
            self.edited.emit(key)
        if key == self._open.active_key and not self.tools.is_painting:
            self.volumes.report_soon()  # counting a volume takes longer than a mouse event may
        self.view.refresh_twins()

    def _on_cases_changed(self) -> None:
        """Tell letters, tools and view which case and label map they are about."""
        key = self._open.active_key
        case = self._open[key] if key else None
        layer = self.label_layer(key) if key else None
        self.tools.target = layer
        self.view.set_case(case, layer)
        self.reading.show_for(case, layer)
        self.look.show_for(layer)
        self.volumes.report_soon()
        self.cases_changed.emit()
