"""Runs the shape tools on the label map in hand, each as one undo step."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_brats.core.edits.edit import Edit
from napari_brats.core.edits.planes import Plane
from napari_brats.core.errors import BratsError
from napari_brats.core.labels import Label
from napari_brats.widgets._worker import RunningJob, run_job
from napari_brats.widgets.keys import SHAPE_KEYS
from napari_brats.widgets.shape_tools_job import ShapeTask, shape_job
from napari_brats.widgets.shape_tools_panel import BUTTONS, ShapeRequest, ShapeToolsPanel

NO_CHANGE = "Nothing to do: {tool} changes nothing {where}."
NO_LABEL = "Choose a label first: {tool} needs one of the labels, or a region."
DID = "{tool}: {voxels:,} voxels, {ml:.2f} ml. Ctrl+Z undoes it."
FORBIDDEN = "{tool}: what it would change is locked, or may not be painted over."
MOVED_ON = "The label map was edited while {tool} was computed. Nothing was changed; try again."


class ShapeTools(Protocol):
    """What the tools of the label map must offer here."""

    changed: Signal

    @property
    def target(self) -> Any:
        """The labels layer in hand; None without one."""

    @property
    def label(self) -> int:
        """The label that is painted with."""

    def apply(self, layer: Any, edit: Edit, *, tool: str) -> int:
        """Write one undo step under the rules in force; how many voxels changed."""


class ShapeViewer(Protocol):
    """What the bridge to the viewer must offer here."""

    tools: ShapeTools

    def plane_looked_at(self, layer: Any) -> Plane:
        """The slice of the layer that is shown."""


class ShapeToolsController(QObject):
    """One tool runs at a time; a button pressed meanwhile waits for nothing and does nothing."""

    def __init__(self, panel: ShapeToolsPanel, viewer: ShapeViewer, parent: QObject) -> None:
        super().__init__(parent)
        self._panel, self._viewer = panel, viewer
        self._job: RunningJob | None = None
        panel.requested.connect(self.run)
        viewer.tools.changed.connect(self.show_tools)
        self.show_tools()

    @property
    def actions(self) -> dict[str, Any]:
        """Key -> what it does."""
        return {
            key: lambda name=name: self.run(self._panel.request(name))
            for name, key in SHAPE_KEYS.items()
            if name in BUTTONS
        }

    def show_tools(self) -> None:
        """Show which label is in hand, and whether there is a label map."""
        self._panel.show_label(self._viewer.tools.label)
        self._panel.set_enabled(self._viewer.tools.target is not None and self._job is None)

    def run(self, request: ShapeRequest) -> None:
        """Do what a button asks for."""
        layer = self._viewer.tools.target
        if layer is None or self._job is not None:
            return
        target = request.region or _known_label(self._viewer.tools.label)
        if target is None:
            self._panel.message.show_error(NO_LABEL.format(tool=BUTTONS[request.tool][0]))
            return
        self._panel.message.clear_message()
        x, y, z = (float(abs(edge)) for edge in layer.scale)
        task = ShapeTask(
            np.array(layer.data),
            (x, y, z),
            target,
            self._viewer.plane_looked_at(layer),
            request,
        )
        self._job = run_job(
            shape_job(task),
            on_returned=lambda edit: self._write(layer, task, edit),
            on_failed=self._on_failed,
            on_finished=self._on_finished,
            owner=self._panel,
        )
        self.show_tools()

    def cancel(self) -> None:
        """Compute no more."""
        if self._job is not None:
            self._job.cancel()

    def _write(self, layer: Any, task: ShapeTask, edit: Edit | None) -> None:
        title = BUTTONS[task.request.tool][0]
        if edit is None:
            where = "on this slice" if task.request.this_slice else "in the volume"
            self._panel.message.show_note(NO_CHANGE.format(tool=title, where=where))
        elif layer is not self._viewer.tools.target or not np.array_equal(
            layer.data[edit.box], task.labels[edit.box]
        ):
            self._panel.message.show_error(MOVED_ON.format(tool=title))
        else:
            voxels = self._viewer.tools.apply(layer, edit, tool=title)
            ml = voxels * float(np.prod(task.spacing_mm)) / 1000
            text = DID if voxels else FORBIDDEN
            self._panel.message.show_note(text.format(tool=title, voxels=voxels, ml=ml))

    def _on_failed(self, error: BratsError) -> None:
        self._panel.message.show_error(str(error))

    def _on_finished(self) -> None:
        self._job = None
        self.show_tools()


def _known_label(label: int) -> Label | None:
    return Label(label) if label and label in tuple(Label) else None
