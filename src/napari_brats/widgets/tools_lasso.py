"""The lasso: a closed line drawn by hand, filled on its slice."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QObject, Signal

from napari_brats.core.edits.slices import outline_filled
from napari_brats.widgets.tool_previews import LinePreview
from napari_brats.widgets.tools_pointer import Place

STEP_VOXELS = 0.2
"""The line gets a new point when the mouse moved that far."""

ERASE_KEY = "Control"
EMPTY = "The lasso went round no voxel. Drag it round what it should fill."


class Lasso(QObject):
    """Draws the line while the button is down, and hands over what it goes round."""

    previewed = Signal(object, object)  # Labels, LinePreview | None
    said = Signal(str)
    taken = Signal(object, object)  # Labels, Edit

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._start: Place | None = None
        self._points: list[npt.NDArray[np.float64]] = []

    def press(self, place: Place) -> None:
        """Begin a line."""
        self._start, self._points = place, [place.on_slice]

    def move(self, place: Place) -> None:
        """Draw it on."""
        if self._start is None or self._start.plane is None:
            return
        point = np.delete(place.position, self._start.plane.axis)
        if np.abs(point - self._points[-1]).max() < STEP_VOXELS:
            return
        self._points.append(point)
        plane = self._start.plane
        line = LinePreview(plane.axis, plane.index, np.array(self._points))
        self.previewed.emit(self._start.layer, line)

    def release(self, place: Place) -> None:
        """Close it and fill what it goes round."""
        start, points = self._start, self._points
        self.drop()
        if start is None or start.plane is None:
            return
        layer, plane = start.layer, start.plane
        label = 0 if ERASE_KEY in place.modifiers else int(layer.selected_label)
        edit = outline_filled(layer.data, plane.axis, plane.index, points, label)
        if edit is None:
            self.said.emit(EMPTY)
        else:
            self.taken.emit(layer, edit)

    def double_click(self, place: Place) -> None:
        """Nothing more than two clicks."""

    def drop(self) -> None:
        """Forget the line. Harmless when there is none."""
        start, self._start, self._points = self._start, None, []
        if start is not None:
            self.previewed.emit(start.layer, None)
