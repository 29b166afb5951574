"""A ruler in mm as an overlay of napari's canvas: a tick each centimetre, a long one each five."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from napari._vispy.overlays.base import ViewerOverlayMixin, VispyCanvasOverlay
from napari._vispy.utils.visual import overlay_to_visual
from napari._vispy.visuals.text import Text
from napari.components.overlays.base import CanvasOverlay
from napari.utils.color import ColorValue
from vispy.scene.visuals import Compound, Line

if TYPE_CHECKING:
    from napari.components import ViewerModel

LENGTHS_MM = (1, 2, 5, 10, 20, 50, 100, 150, 200)
"""What a ruler may show; it is the longest that takes at most `SHARE` of the height."""

SHARE = 0.5
TICK_PX, LONG_TICK_PX = 5.0, 9.0
FONT_SIZE = 9.0
SHADOW = (0.0, 0.0, 0.0, 0.7)
"""Behind lines and text, which are thus legible on bright images and in the light theme."""


class RulerOverlay(CanvasOverlay):
    """A vertical ruler; see `ruler_of` for what it shows."""

    color: ColorValue = ColorValue("white")


def ruler_length_mm(px_per_mm: float, height_px: float) -> int:
    """The longest of `LENGTHS_MM` in half of ``height_px``; the shortest if none fits."""
    fitting = [length for length in LENGTHS_MM if length * px_per_mm <= SHARE * height_px]
    return fitting[-1] if fitting else LENGTHS_MM[0]


def ruler_lines(length_mm: int, px_per_mm: float) -> npt.NDArray[np.float64]:
    """(2 n, 2) canvas points, two per line: the ruler's edge and its ticks to the left of it.

    A tick each tenth of rulers below 5 cm, else each cm; longer at both ends and each fifth.
    """
    step = length_mm / 10 if length_mm < 50 else 10.0
    count = round(length_mm / step)
    lines = [((LONG_TICK_PX, 0.0), (LONG_TICK_PX, length_mm * px_per_mm))]
    for number in range(count + 1):
        is_long = number % 5 == 0 or number == count
        left = LONG_TICK_PX - (LONG_TICK_PX if is_long else TICK_PX)
        y = number * step * px_per_mm
        lines.append(((left, y), (LONG_TICK_PX, y)))
    return np.array(lines).reshape(-1, 2)


class VispyRulerOverlay(ViewerOverlayMixin, VispyCanvasOverlay):
    """Draws a `RulerOverlay`; napari makes one for each cell of its grid."""

    overlay: RulerOverlay

    def __init__(self, *, font_info: Any, **named: Any) -> None:
        self._shadow, self._text = (
            Text(
                pos=(0, 0),
                anchor_x="left",
                anchor_y="top",
                font_size=FONT_SIZE,
                font_info=font_info,
            )
            for _ in range(2)
        )
        self._halo, self._line = (
            Line(connect="segments", method="gl", width=width, antialias=True)
            for width in (3.5, 1.5)
        )
        parts = [self._shadow, self._text, self._halo, self._line]
        super().__init__(node=Compound(parts), font_info=font_info, **named)
        for emitter in self._emitters():
            emitter.connect(self._on_zoom)
        self.reset()

    def close(self) -> None:
        """Let go of the viewer's events, too."""
        for emitter in self._emitters():
            emitter.disconnect(self._on_zoom)
        super().close()

    def reset(self) -> None:
        """Draw everything."""
        super().reset()
        self._on_zoom()

    def _on_visible_change(self) -> None:
        super()._on_visible_change()
        self._on_zoom()

    def _on_zoom(self, event: object = None) -> None:
        del event
        px_per_mm = float(self.viewer.scene.camera.zoom)
        if not self.overlay.visible or not px_per_mm > 0:
            return
        length = ruler_length_mm(px_per_mm, cell_size_px(self.viewer)[0])
        lines = ruler_lines(length, px_per_mm)
        for line, color in ((self._halo, SHADOW), (self._line, self.overlay.color)):
            line.set_data(pos=lines, color=color)
        for text, color, shift in ((self._shadow, SHADOW, 1), (self._text, self.overlay.color, 0)):
            text.text = f"{length} mm"
            text.color = color
            width, _ = text.get_width_height()
            text.pos = (LONG_TICK_PX - width + shift, length * px_per_mm + 3 + shift)
        size = (LONG_TICK_PX, length * px_per_mm)
        if size != (self.x_size, self.y_size):
            self.x_size, self.y_size = size
            self._on_position_change()

    def _emitters(self) -> tuple[Any, ...]:
        canvas = self.viewer.canvas
        return self.viewer.scene.camera.events.zoom, canvas.events.size, canvas.grid.events.enabled


def cell_size_px(viewer: ViewerModel) -> tuple[float, float]:
    """Height and width of a canvas in its own pixels, or of each cell of its grid."""
    height, width = (float(side) for side in viewer.canvas.size)
    if viewer.canvas.grid.enabled:
        rows, columns = viewer.canvas.grid.actual_shape(viewer.layers)
        return height / rows, width / columns
    return height, width


overlay_to_visual[RulerOverlay] = VispyRulerOverlay
