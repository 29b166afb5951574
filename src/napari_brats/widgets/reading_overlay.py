"""Letters, slice, ruler, scale bar and names of all cells of one canvas, drawn in one go.

An overlay of napari per letter and cell takes a program of the graphics card each: 30 ms to make
and some 1 ms of every frame. Here all of them are pieces of one texture.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari._vispy.overlays.base import ViewerOverlayMixin, VispyBaseOverlay
from napari._vispy.utils.visual import overlay_to_visual
from napari.components.overlays.base import CanvasOverlay

from napari_brats.widgets.reading_pieces import (
    Pen,
    Pixels,
    ruler_piece,
    scale_bar_piece,
    text_piece,
)
from napari_brats.widgets.reading_quads import Quads
from napari_brats.widgets.reading_ruler import bar_length_mm, ruler_length_mm

if TYPE_CHECKING:
    from napari.components import ViewerModel

MARGIN_PX = 5.0
LETTER_PT, NAME_PT = 14.0, 12.0

NAMED = "brats_named"
"""In the metadata of a layer whose name is written where it is seen; in a grid all are."""


class ReadingOverlay(CanvasOverlay):
    """What stands at the edges of each cell.

    Attributes
    ----------
    letters
        Of the edges ``left``, ``right``, ``top`` and ``bottom``.
    slice_text, slice_pt
        Plane and slice, and how large they are written.
    has_ruler, has_scale_bar
        Whether they are shown.
    """

    position: Any = "everywhere"  # napari leaves alone what has none of its own places
    letters: dict[str, str] = {}  # noqa: RUF012 (pydantic copies it)
    slice_text: str = ""
    slice_pt: float = 10.0
    has_ruler: bool = False
    has_scale_bar: bool = False


@dataclass(frozen=True)
class Cell:
    """A cell of the canvas in its pixels, and the name of what it shows, if that is written."""

    left: float
    top: float
    width: float
    height: float
    name: str = ""


Placed = tuple[Pixels, float, float]
"""A piece, and where its left and top edges are in pixels of the canvas."""


def cells_of(viewer: ViewerModel) -> list[Cell]:
    """The cells of napari's grid that show something, in its order; else the whole canvas."""
    height, width = (float(side) for side in viewer.canvas.size)
    grid = viewer.canvas.grid
    if not grid.enabled or not viewer.layers:
        named = (la.name for la in viewer.layers if la.visible and la.metadata.get(NAMED))
        return [Cell(0, 0, width, height, next(named, ""))]
    rows, columns = grid.actual_shape(viewer.layers)
    gap = grid._compute_canvas_spacing((width, height), viewer.layers)  # noqa: SLF001
    wide, high = (width - gap * (columns - 1)) / columns, (height - gap * (rows - 1)) / rows
    group_of, occupied = grid._viewbox_groups(viewer.layers)  # noqa: SLF001
    cells = []
    for number, group in enumerate(occupied[: rows * columns]):
        row, column = divmod(number, columns)
        first = next(la for i, la in enumerate(viewer.layers) if group_of[i] == group)
        cells.append(Cell(column * (wide + gap), row * (high + gap), wide, high, first.name))
    return cells


def place(overlay: ReadingOverlay, cell: Cell, px_per_mm: float, pen: Pen) -> Iterator[Placed]:
    """The pieces of one cell."""
    scale, right, bottom = pen.scale, cell.left + cell.width, cell.top + cell.height
    inner_right, free_px, under = right - MARGIN_PX, cell.width, cell.top
    for edge, letter in overlay.letters.items():
        if not letter:
            continue
        piece = text_piece(letter, LETTER_PT, pen)
        high, wide = piece.shape[0] / scale, piece.shape[1] / scale
        middle_x, middle_y = (
            cell.left + (cell.width - wide) / 2,
            cell.top + (cell.height - high) / 2,
        )
        yield {
            "left": (piece, cell.left + MARGIN_PX, middle_y),
            "right": (piece, inner_right - wide, middle_y),
            "top": (piece, middle_x, cell.top + MARGIN_PX),
            "bottom": (piece, middle_x, bottom - MARGIN_PX - high),
        }[edge]
        if edge == "right":
            inner_right -= wide + MARGIN_PX
        if edge == "top":
            free_px, under = middle_x - cell.left - MARGIN_PX, cell.top + MARGIN_PX + high + 2
    below = cell.top + MARGIN_PX
    texts = ((overlay.slice_text, overlay.slice_pt), (cell.name, NAME_PT))
    if any(text_piece(*each, pen).shape[1] / scale > free_px for each in texts if each[0]):
        below = under  # beside the letter there is no room
    for text, size_pt in texts:
        if text:
            piece = text_piece(text, size_pt, pen)
            yield piece, cell.left + MARGIN_PX, below
            below += piece.shape[0] / scale + 2
    if overlay.has_ruler:
        piece = ruler_piece(ruler_length_mm(px_per_mm, cell.height), px_per_mm, pen)
        high, wide = piece.shape[0] / scale, piece.shape[1] / scale
        yield piece, inner_right - wide, cell.top + (cell.height - high) / 2
    if overlay.has_scale_bar:
        piece = scale_bar_piece(bar_length_mm(px_per_mm), px_per_mm, pen)
        high, wide = piece.shape[0] / scale, piece.shape[1] / scale
        yield piece, right - MARGIN_PX - wide, bottom - MARGIN_PX - high


class VispyReadingOverlay(ViewerOverlayMixin, VispyBaseOverlay):
    """Draws a `ReadingOverlay`: when it is next drawn, not with each change."""

    overlay: ReadingOverlay

    def __init__(self, *, font_info: Any, **named: Any) -> None:
        self._is_stale = True
        super().__init__(node=Quads(self._fill), font_info=font_info, **named)
        for emitter in self._emitters():
            emitter.connect(self._make_stale)
        self.reset()

    def close(self) -> None:
        """Let go of the viewer's events, too."""
        for emitter in self._emitters():
            emitter.disconnect(self._make_stale)
        super().close()

    def _on_visible_change(self) -> None:
        super()._on_visible_change()
        self._make_stale()

    def _on_box_change(self) -> None:
        """napari has arranged its cells anew."""
        self._make_stale()

    def _make_stale(self, event: object = None) -> None:
        del event
        self._is_stale = True
        self.node.update()

    def _fill(self, scale: float) -> list[Placed] | None:
        """What is to be drawn, on a screen of this scale; None if nothing has changed."""
        px_per_mm = float(self.viewer.scene.camera.zoom)
        if not self._is_stale or not px_per_mm > 0:
            return None
        self._is_stale = False
        pen = Pen(self._font_info.face, scale)
        return [
            piece
            for cell in cells_of(self.viewer)
            for piece in place(self.overlay, cell, px_per_mm, pen)
        ]

    def _emitters(self) -> tuple[Any, ...]:
        canvas, layers = self.viewer.canvas, self.viewer.layers.events
        camera, grid = self.viewer.scene.camera.events, canvas.grid.events
        own = self.overlay.events
        return (
            own.letters, own.slice_text, own.slice_pt, own.has_ruler, own.has_scale_bar,
            camera.zoom, canvas.events.size, grid.enabled, layers.renamed,
        )  # fmt: skip


overlay_to_visual[ReadingOverlay] = VispyReadingOverlay
