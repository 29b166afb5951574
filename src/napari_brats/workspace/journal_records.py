"""The records a journal consists of, and what of them a damaged file still tells.

A record is ``NBJ1``, its kind, the lengths of its facts (JSON) and of its array (zlib), a CRC-32 of
all that and of both, the facts, the array. A reader stops at the first record that is not whole:
what comes after a gap would mix states of different times.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_brats.core.boxes import Box
from napari_brats.core.labels import LabelMap

_MAGIC = b"NBJ1"
_FRAME = struct.Struct(">4scIII")  # magic, kind, length of facts, of array, CRC
BASE, EDIT = b"B", b"E"


@dataclass(frozen=True, eq=False)
class Entry:
    """One record: the whole label map at first, then boxes of it as they became.

    Attributes
    ----------
    kind
        `BASE` or `EDIT`.
    facts
        What is said about it, fit for JSON.
    box
        Which part of the label map ``labels`` is.
    labels
        (X, Y, Z) uint8.
    """

    kind: bytes
    facts: Mapping[str, Any]
    box: Box
    labels: LabelMap


def pack(entry: Entry) -> bytes:
    """The bytes of a record."""
    box = [[side.start, side.stop] for side in entry.box]
    facts = json.dumps({**entry.facts, "box": box}, default=str).encode()
    array = zlib.compress(entry.labels.tobytes(order="F"), 1)
    checksum = _checksum(entry.kind, facts, array)
    frame = _FRAME.pack(_MAGIC, entry.kind, len(facts), len(array), checksum)
    return frame + facts + array


def unpack(data: bytes) -> Iterator[Entry]:
    """The records of a file, as far as they are whole, in their order."""
    start = 0
    while True:
        found = _unpack_one(data, start)
        if found is None:
            return
        entry, start = found
        yield entry


def whole_bytes(data: bytes) -> int:
    """How many bytes of a file are whole records; fewer than it has if its end is damaged."""
    start = 0
    while (found := _unpack_one(data, start)) is not None:
        start = found[1]
    return start


def _unpack_one(data: bytes, start: int) -> tuple[Entry, int] | None:
    if len(data) - start < _FRAME.size:
        return None
    magic, kind, facts_size, array_size, checksum = _FRAME.unpack_from(data, start)
    middle = start + _FRAME.size + facts_size
    end = middle + array_size
    if magic != _MAGIC or kind not in (BASE, EDIT) or end > len(data):
        return None
    facts, array = data[start + _FRAME.size : middle], data[middle:end]
    if _checksum(kind, facts, array) != checksum:
        return None
    told = json.loads(facts)
    x, y, z = (slice(*side) for side in told.pop("box"))
    shape = tuple(side.stop - side.start for side in (x, y, z))
    labels = np.frombuffer(zlib.decompress(array), np.uint8).reshape(shape, order="F")
    return Entry(kind, told, (x, y, z), labels), end


def _checksum(kind: bytes, facts: bytes, array: bytes) -> int:
    sizes = struct.pack(">cII", kind, len(facts), len(array))
    return zlib.crc32(array, zlib.crc32(facts, zlib.crc32(sizes)))
