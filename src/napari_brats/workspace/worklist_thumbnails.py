"""Small pictures of cases: one axial slice with the outline of the label map, as PNG."""

from __future__ import annotations

import hashlib
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_brats.core.geometry import display_order
from napari_brats.core.modalities import Modality
from napari_brats.core.progress import Job, Progress
from napari_brats.io.atomic import write_atomically
from napari_brats.io.case_files import CaseFiles, FileChoice
from napari_brats.io.layers import contrast_limits
from napari_brats.io.nifti import read_volume
from napari_brats.workspace.folders import KINDS, folder_of
from napari_brats.workspace.worklist_ahead import signature_of

SIZE = 128
"""Pixels along each edge."""

MAX_PICTURES = 5_000
"""About 100 MB; the oldest are deleted beyond."""

_OUTLINE = (255, 200, 40)
_ORDER = (Modality.T2F, Modality.T1C, Modality.T2W, Modality.T1N)
"""Which image is shown: oedema and core are seen best on the first."""

Mask = npt.NDArray[np.bool_]
Pixels = npt.NDArray[np.uint8]


def thumbnail_path(files: CaseFiles) -> Path:
    """Where the picture of a case lies, by the state of its files; it need not exist."""
    name = hashlib.sha256(repr((SIZE, signature_of(files))).encode()).hexdigest()[:32]
    return KINDS["thumbnails"].folder / f"{name}.png"


def make_thumbnail(files: CaseFiles) -> Job[Path]:
    """Draw the picture of a case unless it is there; its path. Reads one image and the label map.

    Raises
    ------
    BratsError
        If the image cannot be read, or the picture not be written.
    """
    yield Progress(0, 1, f"Drawing {files.case_id}")
    path = thumbnail_path(files)
    if not path.is_file():
        picture = draw(files)
        folder = folder_of("thumbnails")
        write_atomically(path, to_png(picture), overwrite=True, private=True)
        _keep_newest(folder)
    return path


def draw(files: CaseFiles) -> Pixels:
    """The picture, (SIZE, SIZE, 3) uint8.

    The axial slice is that with most of the label map, else the middle of what differs from the
    background. A label map on another grid is left out.
    """
    volume = read_volume(*_of(_shown(files)))
    order = display_order(volume.grid.affine)
    image = order.from_disk(volume.data)
    spacing_mm = order.spacing_from_disk(volume.grid.spacing_mm)
    low, high = contrast_limits(volume.data)
    mask = None
    if files.label_map is not None:
        labels = read_volume(*_of(files.label_map))
        if labels.grid.is_same(volume.grid):
            mask = order.from_disk(labels.data != 0)
    index = slice_to_show(image, mask)
    plane = np.clip((image[index].astype(np.float32) - low) / (high - low), 0, 1)
    rows, columns = fitted(plane.shape, spacing_mm[1:])
    gray = (_resampled(plane, rows, columns) * 255).astype(np.uint8)
    pixels = np.repeat(gray[..., None], 3, axis=2)
    if mask is not None:
        pixels[outline(_resampled(mask[index], rows, columns))] = _OUTLINE
    return pixels


def slice_to_show(image: npt.NDArray[Any], mask: Mask | None) -> int:
    """The index on axis 0: where most of ``mask`` is, else the middle of the foreground."""
    if mask is not None and mask.any():
        return int(np.count_nonzero(mask, axis=(1, 2)).argmax())
    step = max(1, min(image.shape) // 64)
    coarse = image[:, ::step, ::step]
    used = np.flatnonzero((coarse != image[0, 0, 0]).any(axis=(1, 2)))
    return int((used[0] + used[-1]) // 2) if used.size else image.shape[0] // 2


def fitted(
    shape: tuple[int, ...], spacing_mm: tuple[float, ...]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Row and column of a slice for each pixel's row and column, -1 beside it.

    The slice fills the picture along its longer edge, in millimetres, and is centred on the other.
    """
    lengths = [n * mm for n, mm in zip(shape, spacing_mm, strict=True)]
    places = (np.arange(SIZE) + 0.5 - SIZE / 2) * (max(lengths) / SIZE)
    indices = []
    for n, mm in zip(shape, spacing_mm, strict=True):
        index = np.floor(places / mm + n / 2).astype(np.intp)
        indices.append(np.where((index < 0) | (index >= n), -1, index))
    return indices[0], indices[1]


def outline(mask: Mask) -> Mask:
    """The pixels of ``mask`` that have a neighbour outside it."""
    framed = np.pad(mask, 1)
    inner = framed[:-2, 1:-1] & framed[2:, 1:-1] & framed[1:-1, :-2] & framed[1:-1, 2:]
    return mask & ~inner


def to_png(pixels: Pixels) -> bytes:
    """(H, W, 3) uint8 as PNG (ISO 15948): no filter, one block."""
    height, width = pixels.shape[:2]
    lines = np.concatenate([np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)], axis=1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes())), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _resampled(
    plane: npt.NDArray[Any], rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp]
) -> npt.NDArray[Any]:
    """The slice's nearest value for each pixel; 0 beside it."""
    picture = plane[np.ix_(rows, columns)]
    picture[rows < 0] = 0
    picture[:, columns < 0] = 0
    return picture


def _shown(files: CaseFiles) -> FileChoice:
    known = [files.modalities[m] for m in _ORDER if m in files.modalities]
    return [*known, *files.unassigned][0]


def _of(choice: FileChoice) -> tuple[Path, int | None]:
    return choice.path, choice.channel


def _keep_newest(folder: Path) -> None:
    """Delete the oldest pictures beyond `MAX_PICTURES`; now and then, not with each."""
    pictures = list(folder.glob("*.png"))
    if len(pictures) <= MAX_PICTURES:
        return
    pictures.sort(key=lambda path: path.stat().st_mtime)
    for path in pictures[: len(pictures) - MAX_PICTURES * 9 // 10]:
        path.unlink(missing_ok=True)
