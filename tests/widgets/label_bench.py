"""A label map with its tools on a viewer model without a window."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.components import ViewerModel
from qtpy.QtCore import QObject

from napari_brats.core.edits.edit import Edit
from napari_brats.widgets.label_tools import LabelTools, Step

SHAPE = (6, 9, 8)


SCALE = (5.0, 1.0, 1.0)

BOX = (slice(1, 3), slice(2, 4), slice(0, 2))


class Bench:
    """A label map that is followed, and what is told of it."""

    def __init__(self, shape: tuple[int, int, int] = SHAPE, scale: Any = SCALE) -> None:
        self.viewer = ViewerModel()
        self.owner = QObject()
        self.tools = LabelTools(self.viewer, self.owner)
        self.layer = self.viewer.add_labels(np.zeros(shape, np.uint8), scale=scale)
        self.tools.follow(self.layer)
        self.tools.target = self.layer
        self.tools.set_brush_mm(1.0)
        self.steps: list[Step] = []
        self.refusals: list[str] = []
        self.tools.step_made.connect(self.steps.append)
        self.tools.refused.connect(self.refusals.append)

    def stroke(self, *points: tuple[float, ...], label: int = 2, layer: Any = None) -> None:
        """Move the brush over voxels with the button held, as napari's mouse binding does."""
        layer = layer or self.layer
        layer.mode = "paint" if label else "erase"
        with layer.block_history():
            for last, point in zip((points[0], *points), points, strict=False):
                layer._draw(label, np.array(last), np.array(point))

    def told(self) -> list[tuple[str, str, int | None, int]]:
        """Tool, kind, label and voxels of the steps."""
        return [(s.tool, s.kind, s.label, s.voxels) for s in self.steps]


def edit_to(label: int) -> Edit:
    return Edit(BOX, np.full((2, 2, 2), label, np.uint8))
