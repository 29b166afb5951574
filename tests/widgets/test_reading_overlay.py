"""Where letters, texts, rulers and bars stand, and how they are drawn: crisp, upright, legible."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtWidgets import QApplication

from napari_brats.widgets.reading_overlay import (
    MARGIN_PX,
    NAMED,
    Cell,
    ReadingOverlay,
    cells_of,
    place,
)
from napari_brats.widgets.reading_pieces import Pen, ruler_piece, scale_bar_piece, text_piece
from napari_brats.widgets.reading_quads import stacked

YELLOW = (255, 210, 74)


def _is_yellow(picture: np.ndarray) -> np.ndarray:
    return (np.abs(picture[..., :3].astype(int) - YELLOW).max(axis=-1) < 40) & (picture[..., 3] > 0)


def test_text_lies_on_a_box(qapp: QApplication) -> None:
    piece = text_piece("L", 14.0, Pen())
    assert piece[0, 0].tolist() == [0, 0, 0, 200]
    yellow = _is_yellow(piece)
    assert yellow[:, : piece.shape[1] // 2].sum() > yellow[:, piece.shape[1] // 2 :].sum()
    rows = np.nonzero(yellow)[0]
    assert yellow[rows.max()].sum() > yellow[rows.min()].sum()  # the foot of an L is below


def test_a_screen_of_twice_as_many_pixels_has_pieces_of_twice_the_size(qapp: QApplication) -> None:
    small, large = (text_piece("Axial 7 / 9", 10.0, Pen(scale=scale)) for scale in (1.0, 2.0))
    for one, two in zip(small.shape[:2], large.shape[:2], strict=True):
        assert abs(two - 2 * one) <= 2


def test_a_ruler_is_as_long_as_it_says(qapp: QApplication) -> None:
    piece = ruler_piece(50, 4.0, Pen())
    column = _is_yellow(piece[:, -4:]).any(axis=1)
    line = np.nonzero(column[:204])[0]
    assert abs(np.ptp(line) - 50 * 4.0) <= 2


def test_a_scale_bar_is_as_long_as_it_says(qapp: QApplication) -> None:
    piece = scale_bar_piece(20, 5.0, Pen())
    row = _is_yellow(piece).sum(axis=1).max()
    assert abs(row - 100) <= 3


def test_everything_stands_in_its_cell(qapp: QApplication) -> None:
    overlay = ReadingOverlay(
        letters={"left": "R", "right": "L", "top": "A", "bottom": ""},
        slice_text="Axial 7 / 9",
        has_ruler=True,
        has_scale_bar=True,
    )
    cell = Cell(300, 200, 290, 180, "T1C")
    for scale in (1.0, 1.25, 2.0):
        placed = list(place(overlay, cell, 1.0, Pen(scale=scale)))
        assert len(placed) == 3 + 2 + 1 + 1  # no letter where there is no direction
        for piece, left, top in placed:
            height, width = piece.shape[0] / scale, piece.shape[1] / scale
            assert cell.left + MARGIN_PX <= left <= cell.left + cell.width - MARGIN_PX - width + 1
            assert cell.top + MARGIN_PX <= top <= cell.top + cell.height - MARGIN_PX - height + 1


@pytest.mark.parametrize(("width", "is_beside"), [(290, True), (130, False)])
def test_the_slice_stands_below_the_letter_where_there_is_no_room_beside_it(
    qapp: QApplication, width: float, is_beside: bool
) -> None:
    overlay = ReadingOverlay(letters={"top": "A"}, slice_text="Axi 78/155", slice_pt=8.0)
    (letter, x, y), (_, left, top) = place(overlay, Cell(0, 0, width, 180), 1.0, Pen())
    assert (left, y) == (MARGIN_PX, MARGIN_PX)
    assert x > left
    assert top == (MARGIN_PX if is_beside else MARGIN_PX + letter.shape[0] + 2)


def test_pictures_are_stacked_once_each() -> None:
    one, two = np.full((2, 3, 4), 1, np.uint8), np.full((1, 5, 4), 2, np.uint8)
    whole, tops = stacked([one, two, one])
    assert whole.shape == (3, 5, 4)
    assert tops == {id(one): 0, id(two): 2}
    assert whole[:, :, 0].tolist() == [[1, 1, 1, 0, 0], [1, 1, 1, 0, 0], [2, 2, 2, 2, 2]]


def test_cells_follow_the_grid_and_name_what_they_show() -> None:
    viewer = ViewerModel()
    viewer.canvas.size = (400, 600)
    for name in ("a", "b", "c"):
        viewer.add_image(np.zeros((4, 4)), name=name)
    assert cells_of(viewer) == [Cell(0, 0, 600, 400)]
    viewer.layers["b"].metadata[NAMED] = True
    assert cells_of(viewer) == [Cell(0, 0, 600, 400, "b")]
    viewer.canvas.grid.enabled = True
    assert cells_of(viewer) == [
        Cell(0, 0, 300, 200, "a"), Cell(300, 0, 300, 200, "b"), Cell(0, 200, 300, 200, "c"),
    ]  # fmt: skip
    viewer.layers["a"].visible = False
    assert [cell.name for cell in cells_of(viewer)] == ["b", "c"]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_what_is_placed_is_drawn_there(make_napari_viewer: Callable[..., Any], theme: str) -> None:
    viewer = make_napari_viewer(show=True)
    viewer.theme = theme
    viewer.add_image(np.zeros((40, 40)))
    overlay = ReadingOverlay(letters={"left": "L"}, visible=True)
    viewer.canvas.overlays["brats_reading"] = overlay
    picture = viewer.screenshot(canvas_only=True, flash=False)
    (visual,) = viewer.window._qt_viewer.canvas._viewer_overlay_to_visual[overlay]
    visual._make_stale()
    scale = visual.node.transforms.pixel_scale
    ((piece, left, top),) = visual._fill(scale)
    first_row, first_column = round(top * scale), round(left * scale)
    drawn = picture[first_row:, first_column:][: piece.shape[0], : piece.shape[1]]
    assert (_is_yellow(drawn) == _is_yellow(piece)).mean() > 0.99
    assert _is_yellow(piece).sum() > 20
