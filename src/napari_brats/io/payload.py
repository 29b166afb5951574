"""The bytes inside an image file, unpacked by what they are and not by what the file is called.

Downloads go wrong in ways that leave a file with the right name: an HTML error page, a Git LFS
pointer, half an archive, an archive that a browser already unpacked. Each is told by its content.
"""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from napari_brats.core.errors import CaseError
from napari_brats.io.packing import GZIP_MAGIC, GZIP_WINDOW, MAX_RATIO, unpack

_HEAD_BYTES = 1 << 16


def read_head(path: Path, size: int) -> bytes:
    """The first ``size`` unpacked bytes of a file, or all there are; reads only its beginning.

    CaseError if the file cannot be opened, is empty, or is no image but a web page or LFS pointer.
    """
    raw = _read(path, _HEAD_BYTES)
    if not raw.startswith(GZIP_MAGIC):
        _refuse_text(path, raw)
        return raw[:size]
    try:
        head = zlib.decompressobj(GZIP_WINDOW).decompress(raw, size)
    except zlib.error as error:
        raise _damaged(path, str(error)) from error
    _refuse_text(path, head)
    return head


def read_all(path: Path, size: int) -> bytes | bytearray:
    """All unpacked bytes of a file that must hold at least ``size``; unpacked in one piece.

    CaseError if it holds fewer, or if its gzip stream is damaged.
    """
    raw = _read(path, -1)
    content = _unpack(path, raw, size) if raw.startswith(GZIP_MAGIC) else raw
    if len(content) < size:
        raise CaseError(
            f"{path} is cut off: it holds {len(content)} bytes, but its header announces {size}. "
            f"Copy or download the file again."
        )
    return content


def _unpack(path: Path, raw: bytes, size: int) -> bytes | bytearray:
    if size > len(raw) * MAX_RATIO:
        raise CaseError(
            f"{path} is cut off or its header is damaged: {len(raw)} packed bytes cannot hold the "
            f"{size} bytes that its header announces. Copy or download the file again."
        )
    try:
        return unpack(raw, size)
    except (zlib.error, EOFError, gzip.BadGzipFile) as error:
        raise _damaged(path, str(error)) from error


def _read(path: Path, size: int) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(size)
    except FileNotFoundError:
        raise CaseError(f"{path} does not exist. Check the path.") from None
    except IsADirectoryError:
        raise _folder(path) from None
    except OSError as error:
        if path.is_dir():  # Windows answers PermissionError for a folder
            raise _folder(path) from None
        raise CaseError(
            f"{path} cannot be read: {error.strerror or error}. "
            f"Expected a readable image file. Check its permissions and the disk it lies on."
        ) from error
    if not raw:
        raise CaseError(
            f"{path} is empty (0 bytes). Expected an image. Copy or download the file again."
        )
    return raw


def _folder(path: Path) -> CaseError:
    return CaseError(f"{path} is a folder. Expected one image file (.nii, .nii.gz, .mha).")


def _refuse_text(path: Path, head: bytes) -> None:
    start = head[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        raise CaseError(
            f"{path} is a web page (HTML), not an image: the download failed, most likely because "
            f"it needs a login. Expected NIfTI data. Download the file again."
        )
    if start.startswith(b"version https://git-lfs"):
        raise CaseError(
            f"{path} is a Git LFS pointer, not the image itself. Expected NIfTI data. "
            f"Fetch the content with 'git lfs pull' in its repository."
        )


def _damaged(path: Path, reason: str) -> CaseError:
    return CaseError(
        f"{path} is a damaged or cut-off gzip file ({reason}). Expected a whole .nii.gz. "
        f"Copy or download the file again."
    )
