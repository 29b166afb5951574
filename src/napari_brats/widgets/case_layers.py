"""Adds layers of cases to the viewer, exchanges them for another case's, and removes them."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from napari.layers import Labels, Layer
from qtpy.QtCore import QTimer

from napari_brats.core.case import Case, Segmentation
from napari_brats.core.labels import CONVENTIONS, LabelMap
from napari_brats.io.layers import LayerData, case_to_layers
from napari_brats.io.opening import Opened
from napari_brats.widgets import case_group, provenance
from napari_brats.widgets.case_exchange import exchange_images
from napari_brats.widgets.case_group import tag_of
from napari_brats.widgets.new_label_maps import (
    empty_label_map_to_layer,
    segmentation_to_layer,
    third_label_map_to_layer,
)
from napari_brats.widgets.open_cases import OpenCases

if TYPE_CHECKING:
    from napari.components import LayerList

COLLECT_MS = 500
"""The garbage of a closed case is collected once the next one is on the screen."""


class CaseLayers:
    """The layers of the open cases, as they come and go."""

    def __init__(self, layers: LayerList, open_cases: OpenCases) -> None:
        self._layers = layers
        self._open = open_cases

    def add(self, data: LayerData, key: str = "") -> Any:
        """Add a layer, of the open case with this key where one is given; the layer."""
        array, attributes, kind = data
        layer = Layer.create(array, attributes, kind)
        self._layers.append(layer)
        if key:
            self._open.own(layer, key)
        return layer

    def add_case(self, case: Case) -> str:
        """Add all layers of a case; its key."""
        layers = [self.add(data) for data in case_to_layers(case)]
        for layer in layers:
            case_group.retag(layer, convention=tag_of(layer).convention or case.convention.name)
        return self._open.key_of(layers[0])

    def exchange(self, opened: Opened, former: str = "") -> str:
        """Show a case that was read already in place of the one with the key ``former``; its key.

        What was in the former case's layers is gone; its image layers go on.
        """
        going = self._open.all().get(former)
        with self._open.held():
            kept = exchange_images(going, opened.layers) if going else {}
            self._open.disown(kept.values())
            stays = set(kept.values())  # the rest goes first, or else napari numbers the new names
            self._remove([la for la in going.layers if la not in stays] if going else ())
            layers = [kept.get(i) or self.add(data) for i, data in enumerate(opened.layers)]
        return self._open.key_of(layers[0])

    def close(self, key: str) -> None:
        """Take a case's layers out of the viewer; nothing if it is not open."""
        if open_case := self._open.all().get(key):
            with self._open.held():
                self._remove(open_case.layers)

    def add_segmentation(self, key: str, segmentation: Segmentation) -> Labels:
        """Add a network's result as a new labels layer, selected; older label maps are hidden."""
        layer = self.add_label_map(key, segmentation_to_layer(segmentation, key))
        provenance.note(layer, segmentation.labels, segmentation.provenance)
        return layer

    def add_label_map(self, key: str, data: LayerData) -> Labels:
        """Add a label map of a case as a layer, selected; older label maps are hidden."""
        for older in self._open[key].labels:
            older.visible = False  # two masks on top of each other cannot be read
        return self.add(data, key)

    def add_empty_label_map(self, key: str) -> Labels:
        """Add an empty labels layer on the case's reference image, selected."""
        return self.add(empty_label_map_to_layer(self._open[key], key), key)

    def add_third_mask(self, key: str, labels: LabelMap, like: Labels, reason: str) -> Labels:
        """Add (X, Y, Z) labels made of others, on the grid of ``like``, selected."""
        return self.add(third_label_map_to_layer(self._open[key], key, labels, like, reason))

    def add_maps(self, key: str, layers: Sequence[LayerData]) -> None:
        """Add images of what a network says of each voxel; what is selected stays selected."""
        selected = self._layers.selection.active
        for data in layers:
            self.add(data, key)
        self._layers.selection.active = selected

    def put_back(self, layer: Layer) -> None:
        """Add a layer again that was removed."""
        self._layers.append(layer)

    def read_as(self, key: str, convention: str) -> dict[Labels, LabelMap]:
        """The label maps of a case as its files read in another convention, (X, Y, Z) each.

        LabelError if a label map holds values that the convention does not know.
        """
        return case_group.read_again(self._open[key], CONVENTIONS[convention])

    def set_convention(self, key: str, name: str) -> None:
        """Say in the tags of a case's layers which convention the user chose."""
        open_case = self._open[key]
        for layer in [*open_case.labels, *open_case.images]:
            case_group.retag(layer, convention=name)
        for layer in open_case.labels:
            case_group.retag(layer, reason="convention chosen by the user")
        self._open.regroup()

    def _remove(self, layers: Iterable[Layer]) -> None:
        """Take layers out of the viewer.

        napari collects garbage after each layer, which takes 0.3 s beside torch's many objects;
        once for all does. (On Windows it has to be each: drivers fall over what is left.)
        """
        if os.name != "nt":
            gc.freeze()
        try:
            for layer in layers:
                self._layers.remove(layer)
        finally:
            gc.unfreeze()
        QTimer.singleShot(COLLECT_MS, gc.collect)
