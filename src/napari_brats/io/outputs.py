"""Files that belong together: written all or not at all, and never over others unasked."""

from __future__ import annotations

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
def all_or_nothing(output: Path) -> Iterator[Path]:
    """A folder in ``output`` whose files move there at the end; none does after an error."""
    try:
        unfinished = tempfile.TemporaryDirectory(dir=output, prefix=".unfinished-")
    except OSError as error:
        raise SaveError(
            f"Nothing can be written to {output}: {error.strerror or error}. Check that it exists, "
            f"has space left, and that you may write there, or choose another folder."
        ) from error
    with unfinished as name:
        folder = Path(name)
        yield folder
        for path in sorted(folder.iterdir()):
            path.replace(output / path.name)
