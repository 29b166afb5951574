"""Pictures of cases."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from napari_brats.core.progress import drain
from napari_brats.io.discover import discover
from napari_brats.workspace import worklist_thumbnails
from napari_brats.workspace.worklist_thumbnails import (
    SIZE,
    draw,
    fitted,
    make_thumbnail,
    outline,
    slice_to_show,
    thumbnail_path,
    to_png,
)


def decoded(png: bytes) -> np.ndarray:
    """A crude reader of what `to_png` writes."""
    width, height = struct.unpack(">II", png[16:24])
    start = png.index(b"IDAT")
    length = struct.unpack(">I", png[start - 4 : start])[0]
    lines = np.frombuffer(zlib.decompress(png[start + 4 : start + 4 + length]), np.uint8)
    return lines.reshape(height, 1 + 3 * width)[:, 1:].reshape(height, width, 3)


def test_the_slice_with_most_of_the_label_map():
    mask = np.zeros((3, 4, 4), bool)
    mask[1, 0, 0] = mask[2, 0, :2] = True
    assert slice_to_show(np.zeros(mask.shape), mask) == 2


def test_without_a_label_map_the_middle_of_what_is_not_background():
    image = np.zeros((10, 4, 4))
    image[4:9, 1, 1] = 5
    assert slice_to_show(image, None) == 6
    assert slice_to_show(image, np.zeros(image.shape, bool)) == 6
    assert slice_to_show(np.zeros((10, 4, 4)), None) == 5


def test_the_outline_of_a_block_is_its_frame():
    mask = np.zeros((5, 5), bool)
    mask[1:4, 1:4] = True
    expected = mask.copy()
    expected[2, 2] = False
    assert (outline(mask) == expected).all()


def test_a_slice_is_fitted_in_millimetres(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(worklist_thumbnails, "SIZE", 8)
    rows, columns = fitted((4, 2), (1.0, 1.0))
    assert rows.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert columns.tolist() == [-1, -1, 0, 0, 1, 1, -1, -1]
    rows, columns = fitted((2, 4), (2.0, 1.0))
    assert rows.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert columns.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]


def test_png_holds_the_pixels():
    pixels = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    png = to_png(pixels)
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert (decoded(png) == pixels).all()


def test_a_case_is_drawn_with_the_outline_of_its_label_map(make_case):
    without = draw(discover(make_case())[0])
    assert without.shape == (SIZE, SIZE, 3)
    assert (without[..., 0] == without[..., 2]).all()  # gray
    yellow = (draw(discover(make_case(mask=True))[0]) == worklist_thumbnails._OUTLINE).all(axis=2)
    assert 0 < yellow.sum() < SIZE * SIZE / 4


def test_a_picture_is_drawn_once_and_anew_when_the_label_map_changes(
    make_case, monkeypatch: pytest.MonkeyPatch
):
    files = discover(make_case())[0]
    path = drain(make_thumbnail(files))
    assert path == thumbnail_path(files)
    assert path.stat().st_mode & 0o077 == 0
    drawn = []
    real = worklist_thumbnails.draw
    monkeypatch.setattr(worklist_thumbnails, "draw", lambda f: drawn.append(f) or real(f))
    assert drain(make_thumbnail(files)) == path
    assert drawn == []
    again = discover(make_case(mask=True))[0]
    assert drain(make_thumbnail(again)) != path
    assert len(drawn) == 1


def test_old_pictures_go(make_case, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(worklist_thumbnails, "MAX_PICTURES", 2)
    for number in range(3):
        files = discover(make_case(f"BraTS2021_0000{number}"))[0]
        path = drain(make_thumbnail(files))
    assert path.is_file()
    assert len(list(path.parent.glob("*.png"))) == 1
