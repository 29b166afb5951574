"""What a tool is about to do, drawn over a label map: a region, or a line being drawn.

A preview is an overlay of the layer, not a layer of its own: it takes no cell of a grid, is in no
list of layers, and nobody can save it. Every canvas that shows the layer draws it on its own slice.
"""

# ruff: noqa: SLF001 (a layer's overlays have no public name)

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from napari._vispy.overlays.base import LayerOverlayMixin, VispySceneOverlay
from napari._vispy.utils.visual import overlay_to_visual
from napari.components.overlays import SceneOverlay
from napari.layers import Labels
from napari.layers.base._base_constants import Blending
from vispy.scene import Node
from vispy.scene.visuals import Image, Line
from vispy.visuals.transforms import MatrixTransform, STTransform

from napari_brats.core.boxes import Box
from napari_brats.core.labels import Mask

NAME = "napari_brats_tool"
COLOR = (1.0, 1.0, 1.0)
"""No label has it; the preview's border is drawn over a darker one, so it shows on white, too."""
INSIDE, BORDER = 0.18, 0.95
"""Opacity of a region and of the voxels at its edge."""

RGBA = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class RegionPreview:
    """Voxels that a tool would paint: a mask of one box of the label map."""

    box: Box
    mask: Mask

    def on_slice(self, axis: int, index: int) -> tuple[tuple[int, int], RGBA] | None:
        """The picture of one slice and where it begins; None where nothing is on it."""
        side = self.box[axis]
        if not side.start <= index < side.stop:
            return None
        mask = self.mask.take(index - side.start, axis)
        if not mask.any():
            return None
        rows, columns = (s for k, s in enumerate(self.box) if k != axis)
        return (rows.start, columns.start), region_picture(mask)


@dataclass(frozen=True, eq=False)
class LinePreview:
    """A closed line on one slice: (N, 2) in voxels, (row, column)."""

    axis: int
    index: int
    points: npt.NDArray[np.float64]


Preview = RegionPreview | LinePreview


def region_picture(mask: Mask) -> RGBA:
    """RGBA of a 2-D mask: light inside, clear at the voxels that have a neighbour outside."""
    padded = np.pad(mask, 1)
    inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    picture = np.zeros((*mask.shape, 4), np.float32)
    picture[..., :3] = COLOR
    picture[..., 3] = np.where(mask, np.where(inner, INSIDE, BORDER), 0)
    return picture


class ToolOverlay(SceneOverlay):
    """What is previewed on a layer."""

    blending: Blending = Blending.TRANSLUCENT_NO_DEPTH
    preview: Any = None


class _VispyToolOverlay(LayerOverlayMixin, VispySceneOverlay):
    """Draws the preview on the slice that one canvas shows."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(node=Node(), **arguments)
        self._image = Image(parent=self.node, method="subdivide")
        self._image.transform = STTransform()
        self._image.set_gl_state("translucent", depth_test=False)
        self._line = Line(parent=self.node, method="agg", width=2, color=(*COLOR, 1))
        half = MatrixTransform()  # napari's own shift of what lies on a layer: centres of voxels
        half.translate((0.5, 0.5))
        self.node.transform = half
        self.overlay.events.preview.connect(self._draw)
        self.layer.events.set_data.connect(self._draw)
        self.reset()

    def _on_blending_change(self) -> None:
        """The parts of the node keep their own."""

    def reset(self) -> None:
        super().reset()
        self._draw()

    def close(self) -> None:
        self.overlay.events.preview.disconnect(self._draw)
        self.layer.events.set_data.disconnect(self._draw)
        super().close()

    def _draw(self, event: object = None) -> None:
        del event
        self._image.visible = self._line.visible = False
        displayed = self.layer._slice_input.displayed
        if len(displayed) != 2 or self.overlay.preview is None:
            return
        axis = next(k for k in range(self.layer.ndim) if k not in displayed)
        index = self.layer._get_pt_not_disp()[axis]
        is_transposed = displayed[0] > displayed[1]
        if isinstance(self.overlay.preview, RegionPreview):
            self._draw_region(self.overlay.preview, axis, index, is_transposed)
        else:
            self._draw_line(self.overlay.preview, axis, index, is_transposed)

    def _draw_region(self, region: RegionPreview, axis: int, index: int, transposed: bool) -> None:
        found = region.on_slice(axis, index)
        if found is None:
            return
        start, picture = found
        if transposed:
            start, picture = start[::-1], picture.transpose(1, 0, 2)
        self._image.set_data(picture)
        self._image.transform.translate = (start[1] - 0.5, start[0] - 0.5, 0, 0)
        self._image.visible = True

    def _draw_line(self, line: LinePreview, axis: int, index: int, transposed: bool) -> None:
        if (line.axis, line.index) != (axis, index) or len(line.points) < 2:
            return
        points = line.points if transposed else line.points[:, ::-1]
        self._line.set_data(pos=np.concatenate([points, points[:1]]))
        self._line.visible = True


overlay_to_visual[ToolOverlay] = _VispyToolOverlay


def show_preview(layers: Iterable[Labels], preview: Preview | None) -> None:
    """Draw a preview on the label map and its twins; None removes it.

    A layer in a volume is left alone: nothing is drawn there, and to draw the volume anew for each
    move of the mouse would take seconds without a graphics card.
    """
    for layer in layers:
        overlay = layer._overlays.get(NAME)
        shown = None if layer._slice_input.ndisplay == 3 else preview
        if overlay is None:
            if shown is None:
                continue
            overlay = layer._overlays[NAME] = ToolOverlay()
        if overlay.preview is not shown:
            overlay.preview = shown
            overlay.visible = shown is not None
