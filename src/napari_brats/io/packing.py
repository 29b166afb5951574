"""gzip by libdeflate: the same bytes as zlib unpacks, in a quarter of the time.

It unpacks one member into one buffer, whose size the member's trailer tells. Whatever it refuses
(several members, a damaged file, a size that no gzip file can unpack to) is left to zlib, which can
say what is wrong.
"""

from __future__ import annotations

import gzip
import zlib

import deflate

GZIP_MAGIC = b"\x1f\x8b"
GZIP_WINDOW = 31
"""zlib's word for "a gzip header and trailer, checked"."""

MAX_RATIO = 1032
"""Deflate cannot shrink anything further than this."""


def pack(content: bytes, *, floats: bool = False) -> bytes:
    """``content`` as one gzip member without a time: the same content gives the same bytes.

    Label maps are packed at level 6, which takes about as long as level 1 to a third less;
    ``floats`` at level 1, which takes half the time of level 6 to the same size
    (docs/performance.md).
    """
    return bytes(deflate.gzip_compress(content, 1 if floats else 6))


def unpack(packed: bytes, size: int) -> bytes | bytearray:
    """What a gzip file unpacks to; a bytearray where it is one whole member of ``size`` or more.

    ``size`` is how many bytes are expected; fewer come back where there are fewer. zlib.error,
    EOFError or gzip.BadGzipFile if the file is damaged.
    """
    told = int.from_bytes(packed[-4:], "little")  # of what stands behind a member, it is nonsense
    if size <= told <= min(2 * size + (1 << 20), MAX_RATIO * len(packed)):
        try:
            content: bytes | bytearray = deflate.gzip_decompress(packed, told)
        except deflate.DeflateError:
            content = b""
        if len(content) == told:
            return content
    content = zlib.decompress(packed, GZIP_WINDOW, max(size, 1))
    if len(content) < size:  # several gzip members one after the other
        content = gzip.decompress(packed)
    return content
