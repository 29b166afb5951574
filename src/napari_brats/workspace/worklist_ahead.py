"""Cases read before they are asked for, and when such a reading is of no use any more."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from napari_brats.core.errors import BratsError
from napari_brats.core.progress import Job, Progress
from napari_brats.io.case_files import CaseFiles
from napari_brats.io.nifti import read_grid
from napari_brats.io.opening import Opened, key_of, open_files
from napari_brats.io.sidecar import record_path

MAX_BYTES = 1_500_000_000
"""A case that takes more is read when it is asked for: two of them may not fit into memory."""

_BYTES_PER_VOXEL = 4
"""float32, the largest that images are kept as but for rare files."""

Signature = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, eq=False)
class ReadCase:
    """A case as its files were when they were read.

    Attributes
    ----------
    key
        Of the case.
    signature
        Path, size and time of each file, before reading.
    opened
        Its layers; None where it was too large to be read ahead.
    """

    key: str
    signature: Signature
    opened: Opened | None


class LookAhead:
    """Holds one case that was read ahead; gives it away once."""

    def __init__(self) -> None:
        self._ready: ReadCase | None = None

    @property
    def key(self) -> str:
        """Of the case that is ready; empty if none is."""
        return "" if self._ready is None else self._ready.key

    def put(self, case: ReadCase) -> None:
        """Hold this case instead of the one before."""
        self._ready = case

    def take(self, files: CaseFiles) -> Opened | None:
        """The layers of a case if they are ready and its files are still the same.

        Whatever is held is let go: a case whose layers are in the viewer is painted on.
        """
        ready, self._ready = self._ready, None
        if ready is None or ready.key != key_of(files) or ready.signature != signature_of(files):
            return None
        return ready.opened

    def drop(self) -> None:
        """Let go of what is held."""
        self._ready = None


def read_ahead(files: CaseFiles, max_bytes: int = MAX_BYTES) -> Job[ReadCase]:
    """Read a case; one above ``max_bytes`` is not read. BratsError as in `open_files`."""
    yield Progress(0, 1, f"Reading {files.case_id} ahead")
    signature = signature_of(files)
    opened = open_files(files) if size_of(files) <= max_bytes else None
    return ReadCase(key_of(files), signature, opened)


def read_now(files: CaseFiles) -> Job[Opened]:
    """Read a case, however large. BratsError as in `open_files`."""
    yield Progress(0, 1, f"Reading {files.case_id}")
    return open_files(files)


def signature_of(files: CaseFiles) -> Signature:
    """Path, size and time of change of each file of a case, and of the label map's record."""
    signature = []
    for path in sorted(_paths(files)):
        try:
            status = path.stat()
        except OSError:
            signature.append((str(path), -1, -1))
        else:
            signature.append((str(path), status.st_size, status.st_mtime_ns))
    return tuple(signature)


def size_of(files: CaseFiles) -> int:
    """About how many bytes a case takes in memory, from the headers of its files.

    A file whose header cannot be read counts nothing: reading it will say why.
    """
    images = {choice.path for choice in (*files.modalities.values(), *files.unassigned)}
    total = 0
    for path in images:
        try:
            grid, channels = read_grid(path)
        except BratsError:
            continue
        total += math.prod(grid.shape) * channels * _BYTES_PER_VOXEL
    return total


def _paths(files: CaseFiles) -> set[Path]:
    paths = {choice.path for choice in (*files.modalities.values(), *files.unassigned)}
    if files.label_map is not None:  # its record tells its convention
        paths |= {files.label_map.path, record_path(files.label_map.path)}
    return paths
