"""Files that belong together: written all or not at all, and never over others unasked."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from napari_brats.core.errors import SaveError


def refuse_existing(folder: Path, names: Sequence[str]) -> None:
    """SaveError naming those of ``names`` that are in ``folder`` already."""
    there = [name for name in names if (folder / name).exists()]
    if there:
        raise SaveError(
            f"{', '.join(there)} in {folder} would be replaced. Choose another folder (command "
            f"line: --output), or agree to replace them (--overwrite)."
        )


@contextmanager
def all_or_nothing(output: Path, owner: str = "", first: str = "") -> Iterator[Path]:
    """A folder in ``output`` whose files move there at the end; none does after an error.

    Parameters
    ----------
    output
        Where the files go.
    owner
        Whose files they are (a case id). What a process that was killed left unfinished for the
        same owner is removed.
    first
        The name of the file that moves first: a record, so that no file is there unclaimed.
    """
    prefix = f".unfinished-{_short(owner)}-" if owner else ".unfinished-"
    try:
        if owner:
            _remove_leftovers(output, prefix)
        unfinished = tempfile.TemporaryDirectory(dir=output, prefix=prefix)
    except OSError as error:
        raise SaveError(
            f"Nothing can be written to {output}: {error.strerror or error}. Check that it exists, "
            f"has space left, and that you may write there, or choose another folder."
        ) from error
    with unfinished as name:
        folder = Path(name)
        yield folder
        for path in sorted(folder.iterdir(), key=lambda path: (path.name != first, path.name)):
            path.replace(output / path.name)


def _short(owner: str) -> str:
    """Itself; a digest where a folder's name would become too long for the disk."""
    return owner if len(owner) <= 60 else hashlib.sha256(owner.encode()).hexdigest()


def _remove_leftovers(output: Path, prefix: str) -> None:
    random_end = re.compile(re.escape(prefix) + "[a-z0-9_]{8}")  # as tempfile makes it
    for path in output.iterdir():
        if random_end.fullmatch(path.name):
            shutil.rmtree(path, ignore_errors=True)
