"""The steps that were made on one label map: small in memory, undone and redone in any number."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_brats.core.boxes import Box, bounding_box

DEFAULT_LIMIT_BYTES = 512 * 2**20
COMPRESSED_FROM_BYTES = 2048
OVERHEAD_BYTES = 1000
"""About what Python needs for a step beside its arrays."""

Labels = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Change:
    """What a step did: where in ``box``, and the labels before and after; reversible.

    Attributes
    ----------
    box
        The smallest one around what changed.
    voxels
        How many changed.
    """

    box: Box
    voxels: int
    _dtype: np.dtype[Any]
    _where: bytes
    _before: bytes
    _after: bytes

    @classmethod
    def between(cls, box: Box, before: Labels, after: Labels) -> Change | None:
        """The step from ``before`` to ``after``, both of the shape of ``box``; None if equal."""
        where = before != after
        inner = bounding_box(where)
        if inner is None:
            return None
        where, before, after = where[inner], before[inner], after[inner]
        x, y, z = (
            slice(outer.start + part.start, outer.start + part.stop)
            for outer, part in zip(box, inner, strict=True)
        )
        old, new = before[where], after[where].astype(before.dtype, copy=False)
        packed = np.packbits(where).tobytes()
        return cls((x, y, z), old.size, before.dtype, _pack(packed), _store(old), _store(new))

    @classmethod
    def nothing(cls, box: Box, dtype: np.dtype[Any]) -> Change:
        """A step that leaves ``box`` as it is: a decision that can be undone like any other."""
        none = np.zeros([side.stop - side.start for side in box], np.bool_)
        return cls(box, 0, dtype, _pack(np.packbits(none).tobytes()), _pack(b""), _pack(b""))

    @property
    def nbytes(self) -> int:
        """What it takes in memory, about."""
        return OVERHEAD_BYTES + len(self._where) + len(self._before) + len(self._after)

    @property
    def label(self) -> int | None:
        """The label that all its voxels became; None if they became several, or there is none."""
        new = self.values_after()
        return int(new[0]) if new.size and (new == new[0]).all() else None

    def where(self) -> npt.NDArray[np.bool_]:
        """The voxels of the box that changed."""
        shape = tuple(side.stop - side.start for side in self.box)
        bits = np.frombuffer(_unpack(self._where), np.uint8)
        return np.unpackbits(bits, count=int(np.prod(shape))).reshape(shape).view(np.bool_)

    def values_before(self) -> Labels:
        """Their labels before, in the order of `where`; one alone if they were all the same."""
        return np.frombuffer(_unpack(self._before), self._dtype)

    def values_after(self) -> Labels:
        """Their labels after, in the order of `where`; one alone if they are all the same."""
        return np.frombuffer(_unpack(self._after), self._dtype)

    def undo(self, labels: Labels) -> None:
        """Put the labels before into the whole label map."""
        labels[self.box][self.where()] = self.values_before()

    def redo(self, labels: Labels) -> None:
        """Put the labels after into the whole label map."""
        labels[self.box][self.where()] = self.values_after()


@dataclass(frozen=True, eq=False)
class Record:
    """One step of a history.

    Attributes
    ----------
    change
        What it did.
    tool
        What made it, in words for people.
    label
        The label that was painted; None if there were several.
    finished
        When it was.
    seconds
        How long it took, from the first voxel to the last.
    """

    change: Change
    tool: str
    label: int | None
    finished: datetime
    seconds: float = 0.0


class History(Sequence[Record]):
    """The records of one label map, oldest first, and how many of them are done.

    As many as ``limit_bytes`` hold; then the oldest go, but the last one always stays.
    """

    def __init__(self, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._records: list[Record] = []
        self._done = 0
        self._nbytes = 0
        self._dropped = 0

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, index: Any) -> Any:
        return self._records[index]

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records)

    @property
    def done(self) -> int:
        """How many records are done; those after them were undone and can be redone."""
        return self._done

    @property
    def dropped(self) -> int:
        """How many of the oldest went because the limit was reached."""
        return self._dropped

    @property
    def nbytes(self) -> int:
        """What the records take in memory, about."""
        return self._nbytes

    @property
    def limit_bytes(self) -> int:
        """What they may take."""
        return self._limit_bytes

    @limit_bytes.setter
    def limit_bytes(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._keep_limit()

    @property
    def last(self) -> Record | None:
        """The record that was done last; None if none is."""
        return self._records[self._done - 1] if self._done else None

    def add(self, record: Record) -> None:
        """Note a step that was just made; what was undone cannot be redone any more."""
        self.forget_undone()
        self._records.append(record)
        self._done += 1
        self._nbytes += record.change.nbytes
        self._keep_limit()

    def forget_undone(self) -> None:
        """Let nothing be redone."""
        self._nbytes -= sum(record.change.nbytes for record in self._records[self._done :])
        del self._records[self._done :]

    def clear(self) -> None:
        """Forget everything."""
        self._records.clear()
        self._done = self._nbytes = self._dropped = 0

    def move_to(self, done: int, labels: Labels) -> tuple[Record, ...]:
        """Undo or redo in ``labels`` until ``done`` records are done; those moved, in order."""
        done = min(max(done, 0), len(self._records))
        if done < self._done:
            moved = tuple(reversed(self._records[done : self._done]))
            for record in moved:
                record.change.undo(labels)
        else:
            moved = tuple(self._records[self._done : done])
            for record in moved:
                record.change.redo(labels)
        self._done = done
        return moved

    def _keep_limit(self) -> None:
        surplus = 0
        while self._nbytes > self._limit_bytes and surplus < self._done - 1:
            self._nbytes -= self._records[surplus].change.nbytes
            surplus += 1
        if surplus:
            del self._records[:surplus]
            self._done -= surplus
            self._dropped += surplus


def _store(values: Labels) -> bytes:
    if (values == values[0]).all():
        values = values[:1]
    return _pack(values.tobytes())


def _pack(data: bytes) -> bytes:
    """A byte that says whether the rest is compressed, and the rest."""
    if len(data) >= COMPRESSED_FROM_BYTES:
        return b"z" + zlib.compress(data, 1)
    return b" " + data


def _unpack(packed: bytes) -> bytes:
    return zlib.decompress(packed[1:]) if packed[:1] == b"z" else packed[1:]
