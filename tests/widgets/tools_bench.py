"""The tools on a label map of a case with two modalities, and mouse events for them; no window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nibabel as nib
import numpy as np
from napari.components import ViewerModel
from napari.layers import Image, Labels
from napari.utils._proxies import ReadOnlyWrapper
from napari.utils.interactions import (
    mouse_double_click_callbacks,
    mouse_move_callbacks,
    mouse_press_callbacks,
    mouse_release_callbacks,
)
from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QApplication

from napari_brats.core.case import Volume
from napari_brats.core.geometry import Grid
from napari_brats.core.labels import CONVENTIONS, Label
from napari_brats.core.modalities import Modality
from napari_brats.core.progress import drain
from napari_brats.io.layers import label_map_to_layer, volume_to_layer
from napari_brats.widgets.case_group import OpenCase
from napari_brats.widgets.label_tools import LabelTools
from napari_brats.widgets.tool_previews import NAME
from napari_brats.widgets.tools_control import ToolsController
from napari_brats.widgets.tools_panel import ToolsPanel
from napari_brats.widgets.tools_pointer import ToolPointer

SHAPE = (8, 20, 20)


GRID = Grid(
    SHAPE, np.array([[0, 0, -1, 0], [0, -1, 0, 0], [-2, 0, 0, 0], [0, 0, 0, 1]], np.float64)
)


"""Voxels of 2 mm3, stored as they are shown."""


BRAIN = (slice(1, 7), slice(1, 19), slice(1, 19))


BRIGHT = (slice(2, 6), slice(4, 12), slice(4, 12))


"""A block of 4 x 8 x 8 voxels that both modalities show brighter than the rest of the brain."""


class Bench:
    """A case of two modalities in a viewer model, with the tools on its label map."""

    def __init__(self) -> None:
        self.viewer = ViewerModel()
        self.case = OpenCase("case", "case")
        self.active_case_key = "case"
        self.tools = LabelTools(self.viewer, owner := QObject())
        self.owner = owner
        self.pointer = ToolPointer(lambda: self.tools.target, owner)
        self.pointer.follow(self.viewer)
        self.panel = ToolsPanel()
        self.control = ToolsController(self.panel, self, owner)
        self.layer = self._add_label_map()
        self.steps: list[tuple[str, int]] = []
        self.tools.step_made.connect(lambda step: self.steps.append((step.tool, step.voxels)))

    def _add_label_map(self) -> Labels:
        reference = Volume(np.zeros(SHAPE, np.uint8), GRID, nib.Nifti1Header())
        labels = np.zeros(SHAPE, np.uint8)
        convention = CONVENTIONS["brats2023"]
        data, attributes, _ = label_map_to_layer(labels, reference, convention, "case", "case")
        layer = self.viewer.add_layer(Labels(data, **attributes))
        self.case.labels.append(layer)
        self.tools.follow(layer)
        self.tools.target = layer
        layer.selected_label = int(Label.ED)
        return layer

    def open_case(self, key: str) -> OpenCase:
        assert key == "case"
        return self.case

    def add_image(self, modality: Modality, factor: float) -> None:
        image = np.zeros(SHAPE, np.float32)
        image[BRAIN] = 100.0
        image[BRIGHT] = 200.0
        volume = Volume(image * factor, GRID, nib.Nifti1Header(), Path(f"{modality}.nii"))
        data, attributes, _kind = volume_to_layer(volume, "case", "case", modality)
        self.case.images.append(Image(data, **attributes))

    def press(self, *places: tuple[float, float, float], **options: Any) -> None:
        """Press at the first voxel, drag over the others, release at the last."""
        self._send(mouse_press_callbacks, "mouse_press", places[0], **options)
        for place in places[1:]:
            self._send(mouse_move_callbacks, "mouse_move", place, **options)
        self._send(mouse_release_callbacks, "mouse_release", places[-1], **options)

    def double_click(self, place: tuple[float, float, float]) -> None:
        self.press(place)
        self._send(mouse_double_click_callbacks, "mouse_double_click", place)

    def _send(
        self,
        callbacks: Callable[[Any, Any], None],
        kind: str,
        voxel: tuple[float, float, float],
        pixel: tuple[float, float] = (0.0, 0.0),
        modifiers: tuple[str, ...] = (),
    ) -> None:
        event = SimpleNamespace(
            type=kind,
            button=1,
            position=np.array(voxel) * self.layer.scale,
            pos=pixel,
            modifiers=modifiers,
            dims_displayed=list(self.viewer.dims.displayed),
            view_direction=None,
            is_dragging=kind == "mouse_move",
            handled=False,
        )
        for axis in self.viewer.dims.not_displayed:
            self.viewer.dims.set_point(axis, event.position[axis])
        for listener in (self.viewer, self.layer):  # in napari's order
            callbacks(listener, ReadOnlyWrapper(event))

    @property
    def preview(self) -> Any:
        overlay = self.layer._overlays.get(NAME)
        return overlay.preview if overlay is not None and overlay.visible else None

    @property
    def message(self) -> str:
        return self.panel.message.text()


def run_now(job: Any, *, on_returned: Any, on_finished: Any, **_: Any) -> None:
    on_returned(drain(job))
    on_finished()


def block() -> np.ndarray:
    labels = np.zeros(SHAPE, bool)
    labels[BRIGHT] = True
    return labels


def press_key(key: Qt.Key, kind: QEvent.Type = QEvent.Type.KeyPress) -> None:
    """In the panel, or wherever the focus is."""
    QApplication.sendEvent(QObject(), QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier))
