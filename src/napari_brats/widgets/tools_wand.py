"""The wand: a region that grows from a click, shown before it is painted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QObject, QTimer, Signal

from napari_brats.core.edits.edit import Edit
from napari_brats.core.edits.grow import Growth, start_growth
from napari_brats.core.edits.similar import Appearance, strictness_to_limit
from napari_brats.core.labels import Mask
from napari_brats.widgets.tool_previews import RegionPreview
from napari_brats.widgets.tools_panel import ToolsPanel
from napari_brats.widgets.tools_pointer import Place

if TYPE_CHECKING:
    from napari.layers import Labels

STRICTNESS_PER_PIXEL = 0.25
"""Dragging down is stricter, up looser; the whole range is 400 pixels."""

OUTSIDE = "Nothing to grow from: no modality shows anything there. Click inside the brain."
SHOWN = "Wand: {voxels:,} voxels ({ml:.2f} ml). Enter or a double click takes it, Escape drops it."


class Wand(QObject):
    """Grows while the strictness changes. Shows the region, and hands it over when it is taken."""

    previewed = Signal(object, object)  # Labels, RegionPreview | None
    said = Signal(str)
    taken = Signal(object, object)  # Labels, Edit

    def __init__(
        self,
        panel: ToolsPanel,
        appearance: Callable[[Labels], Appearance | None],
        parent: QObject,
    ) -> None:
        """``appearance`` gives None, and says why, while there is none to grow on."""
        super().__init__(parent)
        self._panel, self._appearance = panel, appearance
        self._layer: Labels | None = None
        self._growth: Growth | None = None
        self._region: Mask | None = None
        self._seed: Place | None = None
        self._pressed: tuple[Place, float] | None = None  # and the strictness at that moment
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)  # once for all the moves that wait
        self._timer.timeout.connect(self._grow)
        panel.strictness_changed.connect(self._on_strictness)
        panel.scope_changed.connect(self.start_again)

    @property
    def is_showing(self) -> bool:
        """Whether there is a preview to take or to drop."""
        return self._growth is not None

    def press(self, place: Place) -> None:
        """Grow from here; inside the preview, change its strictness instead."""
        self._pressed = (place, float(self._panel.strictness))
        if not self._is_inside(place):
            self.drop()
            self._seed = place
            self.start_again()

    def move(self, place: Place) -> None:
        """Stricter downwards, looser upwards."""
        if self._pressed is not None and self._growth is not None:
            start, strictness = self._pressed
            down = place.pixel[1] - start.pixel[1]
            self._panel.set_strictness(strictness + down * STRICTNESS_PER_PIXEL)

    def release(self, place: Place) -> None:
        """Leave it as it is shown."""
        del place
        self._pressed = None

    def double_click(self, place: Place) -> None:
        """Take what is shown."""
        del place
        self._pressed = None
        self.take()

    def take(self) -> None:
        """Hand over the region that is shown."""
        self._timer.stop()
        self._grow()
        layer, growth, region = self._layer, self._growth, self._region
        self.drop()
        if layer is not None and growth is not None and region is not None:
            after = np.array(layer.data[growth.box])
            after[region] = layer.selected_label
            self.taken.emit(layer, Edit(growth.box, after))

    def drop(self) -> None:
        """Forget it. Harmless when there is none."""
        layer, was_showing = self._layer, self.is_showing
        self._timer.stop()
        self._seed = self._layer = self._growth = self._region = None
        if was_showing:
            self.previewed.emit(layer, None)

    def start_again(self) -> None:
        """Grow from the last click anew: there is something to grow on now, or the reach changed.

        Nothing where there was no click, or while there is nothing to grow on.
        """
        place = self._seed
        appearance = None if place is None else self._appearance(place.layer)
        if place is None or appearance is None:
            return
        growth = self._growth_from(place, appearance)
        if growth is None:
            self.drop()
            self.said.emit(OUTSIDE)
            return
        self._layer, self._growth = place.layer, growth
        self._grow()

    def _growth_from(self, place: Place, appearance: Appearance) -> Growth | None:
        if place.voxel is None:
            return None
        x, y, z = (float(abs(edge)) for edge in place.layer.scale)
        return start_growth(
            appearance,
            place.layer.data.shape,
            place.voxel,
            (x, y, z),
            reach_mm=self._panel.reach_mm,
            axis=place.plane.axis if self._panel.on_slice else None,
        )

    def _is_inside(self, place: Place) -> bool:
        if self._growth is None or self._region is None or place.voxel is None:
            return False
        at = [i - side.start for i, side in zip(place.voxel, self._growth.box, strict=True)]
        inside = all(0 <= i < n for i, n in zip(at, self._region.shape, strict=True))
        return inside and bool(self._region[tuple(at)])

    def _on_strictness(self) -> None:
        if self._growth is not None:
            self._timer.start()

    def _grow(self) -> None:
        if self._growth is None:
            return
        self._region = self._growth.region(strictness_to_limit(self._panel.strictness))
        voxels = int(np.count_nonzero(self._region))
        self.previewed.emit(self._layer, RegionPreview(self._growth.box, self._region))
        ml = voxels * float(np.prod(np.abs(self._layer.scale))) / 1000
        self.said.emit(SHOWN.format(voxels=voxels, ml=ml))
