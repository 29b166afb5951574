"""The post-processing options of the command line, and what they are where they are not given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_brats.cli.console import usage_error
from napari_brats.core.errors import BratsError

if TYPE_CHECKING:
    from napari_brats.inference.postprocess_options import PostprocessOptions
    from napari_brats.models.card import Card

_THRESHOLD = "Probability above which a voxel belongs to {}, 0 to 1."
_COMPONENT = "The same for {} alone."
_LARGEST = "Keep this many components of {}, the largest ones; 0 keeps all."

ThresholdWT = Annotated[float | None, typer.Option(help=_THRESHOLD.format("WT"))]
ThresholdTC = Annotated[float | None, typer.Option(help=_THRESHOLD.format("TC"))]
ThresholdET = Annotated[float | None, typer.Option(help=_THRESHOLD.format("ET"))]
MinComponent = Annotated[
    float | None, typer.Option(help="Drop components of a region smaller than this many mm^3.")
]
MinComponentWT = Annotated[float | None, typer.Option(help=_COMPONENT.format("WT"))]
MinComponentTC = Annotated[float | None, typer.Option(help=_COMPONENT.format("TC"))]
MinComponentET = Annotated[float | None, typer.Option(help=_COMPONENT.format("ET"))]
LargestWT = Annotated[int | None, typer.Option(help=_LARGEST.format("WT"))]
LargestTC = Annotated[int | None, typer.Option(help=_LARGEST.format("TC"))]
LargestET = Annotated[int | None, typer.Option(help=_LARGEST.format("ET"))]
EtToNcr = Annotated[
    float | None, typer.Option(help="ET of less than this many mm^3 in total becomes NCR.")
]
TcReach = Annotated[
    float | None,
    typer.Option(help="TC farther than this many mm from ET becomes ED; 0 leaves it."),
]
FillHoles = Annotated[
    bool | None, typer.Option("--fill-holes/--no-fill-holes", help="Fill the holes of WT and TC.")
]
Closing = Annotated[
    float | None, typer.Option(help="Radius in mm of the ball that closes gaps; 0 leaves them.")
]
Opening = Annotated[
    float | None, typer.Option(help="Radius in mm of the ball that takes off what is thinner.")
]
Smooth = Annotated[
    float | None,
    typer.Option(help="Standard deviation in mm of the Gaussian that smooths probabilities."),
]


def chosen_postprocessing(card: Card, parameters: Mapping[str, Any]) -> PostprocessOptions:
    """The options that the command line gives, and the tuned ones of the card for all others.

    Among the command's ``parameters``, ``min_component_mm3`` counts for the regions that have no
    limit of their own. A usage error for a value out of its range, or a card whose options cannot
    be used.
    """
    from napari_brats.inference.postprocess_options import PostprocessOptions, options_from_card

    names = {option.name for option in fields(PostprocessOptions)}
    chosen = {k: v for k, v in parameters.items() if k in names and v is not None}
    if (least := parameters["min_component_mm3"]) is not None:
        for region in ("wt", "tc", "et"):
            chosen.setdefault(f"min_component_{region}_mm3", least)
    try:
        return replace(options_from_card(card), **chosen)
    except BratsError as error:
        raise usage_error(str(error), "post-processing") from error
