"""What the commands over cases ask alike: a modality, a device, a folder that can be written to."""

from __future__ import annotations

import tempfile
from pathlib import Path

from napari_brats.cli.console import usage_error
from napari_brats.core.errors import BratsError
from napari_brats.core.modalities import MODALITIES, Modality


def grid_modality(name: str) -> Modality:
    """The modality of ``--grid``; a usage error if there is none of that name."""
    if name.upper() not in MODALITIES:
        raise usage_error(
            f"There is no modality '{name}'. Known: {', '.join(MODALITIES)}.", "--grid"
        )
    return Modality(name.upper())


def usable_device(name: str) -> str:
    """The device that ``--device`` means here; a usage error if it is unknown or not there."""
    from napari_brats.inference.devices import resolve_device

    try:
        return resolve_device(name)
    except BratsError as error:
        raise usage_error(str(error), "--device") from error


def writable_folder(folder: Path) -> Path:
    """``--output``, made if needed; a usage error if nothing can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        raise usage_error(
            f"Cannot write into {folder}: {error.strerror}. Choose another folder.", "--output"
        ) from error
