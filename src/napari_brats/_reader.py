"""The reader contribution: whatever a user opens, as layers of a case."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from napari_brats.io.discover import recognises

PathOrPaths = str | Sequence[str]
ReadFunction = Callable[[PathOrPaths], list[tuple[Any, ...]]]


def napari_get_reader(path: PathOrPaths) -> ReadFunction | None:
    """The function that reads ``path``; None, by its name alone, if it is not ours."""
    paths = _paths(path)
    if not paths or not all(recognises(one) for one in paths):
        return None
    return read


def read(path: PathOrPaths) -> list[tuple[Any, ...]]:
    """The layers of a folder, a file or several files of a case; see `io.opening.open_paths`.

    What the user should know about them comes as warnings, which napari shows.
    """
    from napari_brats.io.opening import open_paths

    opened = open_paths(_paths(path))
    for warning in opened.warnings:
        warnings.warn(warning, UserWarning, stacklevel=2)
    return list(opened.layers)


def _paths(path: PathOrPaths) -> list[Path]:
    return [Path(path)] if isinstance(path, str | Path) else [Path(one) for one in path]
