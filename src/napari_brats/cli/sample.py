"""``napari-brats sample``: a synthetic case on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise usage_error(f"Cannot write into {folder}: {error.strerror}.", "DIR") from error
    from napari_brats.phantom import write_sample

    say(str(write_sample(folder, overwrite)))
