"""``napari-brats export``: a bundle for other runtimes."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from napari_brats import INTENDED_USE
from napari_brats.cli.console import ProgressReport, say, usage_error
from napari_brats.core.errors import BundleError


class Format(StrEnum):
    """What a bundle can be written as."""

    ONNX = "onnx"


def export(
    bundle: Annotated[
        str,
        typer.Argument(
            metavar="BUNDLE", help="A name that 'napari-brats bundles' lists, or a card's path."
        ),
    ],
    form: Annotated[
        Format, typer.Option("--format", help="What to write; opset 17, float32.")
    ] = Format.ONNX,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The file to write; default: NAME.onnx, here."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the file if it is there.")
    ] = False,
) -> None:
    """Write a network as an ONNX model and compare its output with torch's.

    How to feed it is told in docs/export.md. Needs the extra: pip install 'napari-brats[export]'.

    Research use only. Not a medical device: not for diagnosis or treatment.
    """
    from napari_brats.models.bundle import load_bundle
    from napari_brats.models.export import OPSET, TOLERANCE, export_onnx

    try:
        chosen = load_bundle(bundle)
    except BundleError as error:
        raise usage_error(str(error), "BUNDLE") from error
    path = output or Path(f"{chosen.card.name}.{form}")
    with ProgressReport(1) as report:
        made = report.follow(export_onnx(chosen, path, overwrite=overwrite))
    say(f"{made.path}  opset {OPSET}, float32, sizes in multiples of {made.multiple} voxels")
    for agreement in made.agreements:
        size = "x".join(str(n) for n in agreement.size)
        say(
            f"  agrees with torch on {agreement.what} ({size}): largest difference "
            f"{agreement.difference:.1g} of {agreement.magnitude:.3g} (allowed: {TOLERANCE:g})"
        )
    say(INTENDED_USE)
