"""What the commands over cases ask alike: a modality, a device, a folder that can be written to."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_brats.cli.console import usage_error
from napari_brats.core.errors import BratsError, BundleError
from napari_brats.core.modalities import MODALITIES, Modality

if TYPE_CHECKING:
    from napari_brats.models.bundle import Bundle

Cases = Annotated[
    list[Path],
    typer.Argument(
        metavar="CASE", help="Case folders, folders of cases, files of a case, 4-D files."
    ),
]
OutputFolder = Annotated[
    Path, typer.Option(metavar="DIR", help="Folder to write to; made if it is not there.")
]
Device = Annotated[str, typer.Option(metavar="NAME", help="auto, cpu, cuda, cuda:N or mps.")]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace files that are already there.")
]
Assignments = Annotated[
    list[str] | None,
    typer.Option(metavar="T1N=PATH", help="Which file is which modality, as for segment."),
]
OntoGrid = Annotated[
    str | None,
    typer.Option(metavar="T1C", help="Resample the modalities onto the grid of this one."),
]


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


def known_device(name: str) -> str:
    """``--device`` as it is, for workers elsewhere; a usage error if it is unknown."""
    from napari_brats.inference.devices import DEVICE_PATTERN

    if not DEVICE_PATTERN.fullmatch(name):
        raise usage_error(
            f"'{name}' is not a device. Expected auto, cpu, cuda, cuda:N (N a number) or mps.",
            "--device",
        )
    return name


def usable_bundle(name: str | None) -> Bundle:
    """The bundle of that name or path; a usage error if there is none, or it cannot segment."""
    from napari_brats.models.bundle import DEFAULT_BUNDLE, load_bundle

    try:
        bundle = load_bundle(name or DEFAULT_BUNDLE)
    except BundleError as error:
        raise usage_error(str(error), "--bundle") from error
    if bundle.card.task != "segment":
        raise usage_error(
            f"Bundle '{bundle.card.name}' is for another task ('{bundle.card.task}'). "
            f"'napari-brats bundles' lists what each is for.",
            "--bundle",
        )
    return bundle


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
