"""The volumes of a case's regions and labels, told after every edit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal

from napari_brats.core.errors import BratsError
from napari_brats.core.labels import Label, label_volumes_ml, region_volumes_ml
from napari_brats.widgets import case_group

if TYPE_CHECKING:
    from napari.layers import Layer

INTERVAL_MS = 30
"""Volumes follow edits at most this often."""


class CaseVolumes(QObject):
    """Measures the label map in hand of the active case when it is asked to, at most so often."""

    changed = Signal(str, object)  # key, dict[Region, float] (empty: no label map)
    labels_changed = Signal(object)  # dict[Label, float] (empty: no label map)
    problem = Signal(str)

    def __init__(
        self,
        active_key: Callable[[], str],
        label_layer: Callable[[str], Layer | None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._active_key, self._label_layer = active_key, label_layer
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self._report)

    def report_soon(self) -> None:
        """Tell them when the edits at hand are done."""
        if not self._timer.isActive():
            self._timer.start()

    def close(self) -> None:
        """Tell no more."""
        self._timer.stop()

    def _report(self) -> None:
        key = self._active_key()
        layer = self._label_layer(key) if key else None
        try:
            by_label = {} if layer is None else _volumes_ml(layer)
            self.changed.emit(key, region_volumes_ml(by_label) if by_label else {})
            self.labels_changed.emit(by_label)
        except BratsError as error:
            self.problem.emit(str(error))


def _volumes_ml(layer: Layer) -> dict[Label, float]:
    volume = case_group.volume_of(layer)
    return label_volumes_ml(volume.data, volume.grid.voxel_mm3)
