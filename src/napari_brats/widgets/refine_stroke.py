"""The mouse of the tool "Refine": a thin line drawn over a slice."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QObject, Signal

from napari_brats.widgets.tools_pointer import Place

NOT_KEYS = frozenset({"Shift", "Alt"})
"""Held while the stroke begins: what it passes does not belong."""

Voxels = npt.NDArray[np.int_]


class RefineStroke(QObject):
    """Emits the voxels that a stroke passes, (N, 3), and whether they belong to the region."""

    drawing = Signal(object, object, bool)  # Labels, Voxels so far
    drawn = Signal(object, object, bool)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._start: Place | None = None
        self._points: list[npt.NDArray[np.float64]] = []

    def press(self, place: Place) -> None:
        """Begin a stroke; in a canvas that shows a volume, none."""
        self.drop()
        if place.plane is not None:
            self._start, self._points = place, [place.position]

    def move(self, place: Place) -> None:
        """Draw it on."""
        if self._start is not None:
            self._points.append(place.position)
            self._tell(self.drawing)

    def release(self, place: Place) -> None:
        """Hand it over."""
        if self._start is not None:
            self._points.append(place.position)
            self._tell(self.drawn)
        self.drop()

    def double_click(self, place: Place) -> None:
        """Nothing more than two clicks."""

    def drop(self) -> None:
        """Forget the stroke. Harmless when there is none."""
        self._start, self._points = None, []

    def _tell(self, signal: Signal) -> None:
        start = self._start
        voxels = passed_voxels(np.array(self._points), start.layer.data.shape)
        if len(voxels):
            signal.emit(start.layer, voxels, not NOT_KEYS & set(start.modifiers))


def passed_voxels(points: npt.NDArray[np.float64], shape: tuple[int, ...]) -> Voxels:
    """The voxels of an array of ``shape`` that a line through (N, 3) points passes, each once."""
    legs = [
        np.linspace(begin, end, 2 + int(2 * np.abs(end - begin).max()))
        for begin, end in pairwise(points)
    ]
    voxels = np.unique(np.round(np.concatenate([points, *legs])).astype(int), axis=0)
    inside: Voxels = voxels[((voxels >= 0) & (voxels < shape)).all(axis=1)]
    return inside
