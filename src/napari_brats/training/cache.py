"""Prepared cases on disk: made once, found again by content, and never held in memory.

An entry is one file of three arrays in numpy's own format, one after the other: the image, the
labels, and the voxels to centre patches on. It is named by what it was made from, so that a
corrected label map, another spacing or another version of the preprocessing makes a new one. The
folder may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy

from napari_brats.core.errors import CaseError, SaveError
from napari_brats.core.geometry import Spacing
from napari_brats.core.labels import LabelMap
from napari_brats.core.modalities import Modality
from napari_brats.inference.preprocess import PREPROCESSING_VERSION
from napari_brats.io.atomic import write_atomically
from napari_brats.io.case_files import CaseFiles, FileChoice
from napari_brats.io.sidecar import recorded_convention
from napari_brats.training.dataset import TrainingCase
from napari_brats.training.prepare import load_labelled, prepare_case
from napari_brats.workspace.folders import make_private

LOGGER = logging.getLogger(__name__)
LAYOUT_VERSION = 1
_DTYPES: tuple[np.dtype[Any], ...] = (np.dtype(np.float16), np.dtype(np.uint8), np.dtype(np.int16))


class _Place(NamedTuple):
    """Where an array lies in an entry, in bytes, and its shape."""

    start: int
    shape: tuple[int, ...]
    end: int


class CachedCase(TrainingCase):
    """A prepared case that lies in a file.

    Each look at one of its arrays maps the file anew (some ten microseconds): a thousand cases hold
    no file open, and what other processes are given of it is the path.
    """

    _path: Path
    _places: list[_Place]

    def __init__(self, case_id: str, path: Path) -> None:
        object.__setattr__(self, "case_id", case_id)
        object.__setattr__(self, "_path", path)
        object.__setattr__(self, "_places", _places(path))

    @property
    def image(self) -> npt.NDArray[np.float16]:
        """(C, X, Y, Z), mapped and not to be written to."""
        return self._mapped(0)

    @property
    def labels(self) -> LabelMap:
        """(X, Y, Z), mapped and not to be written to."""
        return self._mapped(1)

    @property
    def centres(self) -> tuple[npt.NDArray[np.int64], ...]:
        """Voxels to centre on, one (N, 3) array per label."""
        table = self._mapped(2).astype(np.int64)
        return tuple(table[table[:, 0] == label, 1:] for label in np.unique(table[:, 0]))

    def __reduce__(self) -> tuple[type[CachedCase], tuple[str, Path]]:
        return CachedCase, (self.case_id, self._path)

    def _mapped(self, number: int) -> Any:
        place = self._places[number]
        if place.start == place.end:  # of an empty array nothing can be mapped
            return np.empty(place.shape, _DTYPES[number])
        return np.memmap(self._path, _DTYPES[number], "r", place.start, place.shape)


def cached_case(
    files: CaseFiles,
    modalities: Sequence[Modality],
    spacing_mm: Spacing,
    directory: Path,
    *,
    flatten: bool = False,
) -> TrainingCase:
    """The prepared case of ``files``, from ``directory`` where an entry of the same content lies.

    Any number of processes may ask at once. A damaged entry is made anew. Where none can be
    written (no room, no permission), the case comes in memory and the log says so.

    Raises
    ------
    CaseError, GeometryError, LabelError
        If the case cannot be trained on; see `load_labelled` and `prepare_case`.
    """
    files.require_usable()
    path = directory / f"{_key(files, modalities, spacing_mm, flatten)}.npy"
    if _is_whole(path):
        return CachedCase(files.case_id, path)
    loaded = load_labelled(files)
    for note in loaded.notes:
        LOGGER.warning("Case %s: %s", files.case_id, note)
    case = prepare_case(loaded, modalities, spacing_mm, flatten=flatten)
    try:
        make_private(directory)
        write_atomically(path, _payload(case), overwrite=True)
    except (OSError, SaveError) as error:
        LOGGER.warning("Prepared case %s is kept in memory: %s", files.case_id, error)
        return case
    return CachedCase(files.case_id, path)


def _key(
    files: CaseFiles, modalities: Sequence[Modality], spacing_mm: Spacing, flatten: bool
) -> str:
    """All that decides the prepared case. The files count by every byte, not by name or date.

    Reading them costs a hundredth of preparing them, and a date can lie.
    """
    digests: dict[Path, str] = {}

    def content(choice: FileChoice) -> list[Any]:
        if choice.path not in digests:
            digests[choice.path] = _sha256(choice.path)
        return [digests[choice.path], choice.channel]

    label_map = files.label_map
    facts = {
        "versions": [PREPROCESSING_VERSION, LAYOUT_VERSION],
        "modalities": list(modalities),
        "spacing_mm": list(spacing_mm),
        "flatten": flatten,
        "images": {m: content(choice) for m, choice in files.modalities.items()},
        "label_map": label_map and content(label_map),
        "convention": [
            files.convention_hint,
            files.naming,
            label_map and recorded_convention(label_map.path),
        ],
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise CaseError(
            f"{path} cannot be read ({error.strerror}). Check that it is there and may be opened."
        ) from error


def _payload(case: TrainingCase) -> bytes:
    rows = [
        np.column_stack([np.full(len(points), label), points])
        for label, points in enumerate(case.centres)
    ]
    centres = np.concatenate([np.empty((0, 4)), *rows])
    buffer = io.BytesIO()
    arrays: tuple[npt.NDArray[Any], ...] = (case.image, case.labels, centres)
    for array, dtype in zip(arrays, _DTYPES, strict=True):
        npy.write_array(buffer, array.astype(dtype, "C"), (1, 0), allow_pickle=False)
    return buffer.getvalue()


def _is_whole(path: Path) -> bool:
    """Whether an entry is there, of the expected arrays, neither shorter nor longer than they."""
    try:
        places = _places(path)
        image, labels, centres = (place.shape for place in places)
        size = path.stat().st_size
    except (OSError, ValueError):
        return False
    return (
        image[1:] == labels and len(image) == 4 and centres[1:] == (4,) and places[-1].end == size
    )


def _places(path: Path) -> list[_Place]:
    """Of the arrays in an entry; ValueError if it is none."""
    places = []
    with path.open("rb") as file:
        for dtype in _DTYPES:
            npy.read_magic(file)
            shape, fortran, found = npy.read_array_header_1_0(file)
            if fortran or found != dtype:
                raise ValueError(f"{path} holds {found} where {dtype} was expected.")
            start = file.tell()
            end = file.seek(start + math.prod(shape) * dtype.itemsize)
            places.append(_Place(start, shape, end))
    return places
