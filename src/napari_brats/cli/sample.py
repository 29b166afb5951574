"""``napari-brats sample``: a synthetic case on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_brats._sample_data import SAMPLE_CASE_ID, sample_directory
from napari_brats.cli.console import say, usage_error


def sample(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder to write the case folder into.")
    ],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files that are there.")
    ] = False,
) -> None:
    """Write the synthetic sample case (four modalities and its label map) into DIR.

    Its images are made by a program: no patient's image is in it.
    """
    target = folder / SAMPLE_CASE_ID
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise usage_error(f"Cannot write into {target}: {error.strerror}.", "DIR") from error
    say(str(_copy_sample(folder, overwrite)))


def _copy_sample(folder: Path, overwrite: bool) -> Path:
    """Copy the sample that the package carries into ``folder``; make it anew if it has none."""
    from napari_brats.io.atomic import write_atomically

    try:
        source = sample_directory() / SAMPLE_CASE_ID
    except FileNotFoundError:
        from napari_brats.phantom import write_sample

        return write_sample(folder, overwrite)
    target = folder / SAMPLE_CASE_ID
    for path in sorted(source.iterdir()):
        write_atomically(target / path.name, path.read_bytes(), overwrite=overwrite)
    return target
