"""What a network said of a region, on the grid of the label map that it made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from napari_brats.core.edits.refine import FloatArray
from napari_brats.core.edits.targets import Target
from napari_brats.core.labels import REGIONS, Label, Region
from napari_brats.widgets._results import AutomaticResult
from napari_brats.widgets.case_group import tag_of

_CHANNELS: Mapping[Target, int] = {region: index for index, region in enumerate(REGIONS)} | {
    Label.ET: REGIONS.index(Region.ET)
}


def probability_on(result: AutomaticResult | None, layer: Any, target: Target) -> FloatArray | None:
    """A view in display order; None where no run made the label map or none is about ``target``."""
    if result is None or result.segmentation.probabilities is None or target not in _CHANNELS:
        return None
    view: FloatArray = tag_of(layer).order.from_disk(
        result.segmentation.probabilities[_CHANNELS[target]]
    )
    return view
