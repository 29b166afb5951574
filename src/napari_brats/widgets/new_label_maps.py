"""Layers of label maps that were not read from a file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_brats.core.case import Segmentation
from napari_brats.core.labels import CONVENTIONS, LabelMap
from napari_brats.io.layers import LayerData, label_map_to_layer
from napari_brats.widgets.case_group import OpenCase, convention_of, tag_of

if TYPE_CHECKING:
    from napari.layers import Layer


def segmentation_to_layer(segmentation: Segmentation, key: str) -> LayerData:
    """What a network made of the case of this key."""
    return label_map_to_layer(
        segmentation.labels,
        segmentation.reference,
        segmentation.convention,
        segmentation.case_id,
        key,
        name=f"{segmentation.case_id} segmentation",
        reason="made by the network",
    )


def empty_label_map_to_layer(open_case: OpenCase, key: str) -> LayerData:
    """An empty label map on the case's reference image, in the convention of the case."""
    reference = tag_of(open_case.reference).reference
    labels = np.zeros(reference.grid.shape, np.uint8, order="F")
    table = CONVENTIONS[convention_of(open_case)]
    return label_map_to_layer(
        labels, reference, table, open_case.case_id, key, reason="made by hand"
    )


def third_label_map_to_layer(
    open_case: OpenCase, key: str, labels: LabelMap, like: Layer, reason: str
) -> LayerData:
    """A label map made of others, (X, Y, Z) on the grid of the label map ``like``.

    Its header is that of an image on that grid: with the one of ``like``, saving would propose to
    replace that file.
    """
    theirs = tag_of(like).reference
    images = [tag_of(image).reference for image in open_case.images]
    fitting = (image for image in images if image.grid.is_same(theirs.grid))
    reference = next(fitting, replace(theirs, path=None))
    table = CONVENTIONS[convention_of(open_case)]
    name = f"{open_case.case_id} third mask"
    return label_map_to_layer(
        labels, reference, table, open_case.case_id, key, name=name, reason=reason
    )
