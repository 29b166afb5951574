"""The label maps of an open case, as the sections "Metrics" and "Measures" read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from napari_brats.core.case import Volume
from napari_brats.io.save import as_label_map
from napari_brats.widgets import case_group
from napari_brats.widgets.case_group import OpenCase, tag_of

if TYPE_CHECKING:
    from napari.layers import Layer


@dataclass(frozen=True, eq=False)
class OpenLabelMap:
    """One labels layer of an open case.

    Attributes
    ----------
    map_id
        Stays the same when the layer is renamed.
    title
        Its name, with that of its file where it has one.
    details
        The title once more, and where it comes from.
    is_from_file
        Whether it was read from a label map file.
    is_in_hand
        Whether it is the one that is edited and saved.
    layer
        The layer itself.
    """

    map_id: str
    title: str
    details: str
    is_from_file: bool
    is_in_hand: bool
    layer: Layer

    def volume(self) -> Volume:
        """Its (X, Y, Z) labels as they are now, a copy that painting does not change, and its grid.

        GeometryError or LabelError if the layer holds no label map of its file's shape (any more).
        """
        volume = case_group.volume_of(self.layer)
        return replace(volume, data=np.array(as_label_map(volume.data), order="K"))


class LabelMapViewer(Protocol):
    """What the bridge to the viewer offers to those who read label maps live."""

    @property
    def active_case_key(self) -> str | None:
        """Key of the case whose label maps are read; None if none is open."""

    def label_maps(self, key: str) -> Sequence[OpenLabelMap]:
        """The label maps of an open case."""

    def images_of(self, key: str) -> Sequence[Volume]:
        """The images of an open case."""

    def case_id(self, key: str) -> str:
        """The name of an open case."""

    def is_painting(self) -> bool:
        """Whether a stroke is under way."""

    def go_to(self, key: str, voxel: tuple[int, int, int], layer: Any) -> None:
        """Move the views to a voxel (x, y, z) of a layer's file."""


def label_maps_of(case: OpenCase, in_hand: Layer | None) -> tuple[OpenLabelMap, ...]:
    """The label maps of a case, in the order of opening."""
    return tuple(_label_map(layer, case, layer is in_hand) for layer in case.labels)


def _label_map(layer: Layer, case: OpenCase, is_in_hand: bool) -> OpenLabelMap:
    tag = tag_of(layer)
    is_from_file = case_group.is_from_file(layer, case)
    path = tag.reference.path if is_from_file else None
    title = layer.name if path is None else f"{layer.name} ({path.name})"
    return OpenLabelMap(
        map_id=str(layer.unique_id),
        title=title,
        details=f"{title}\n{tag.reason if path is None else path}",  # a narrow list cuts titles
        is_from_file=is_from_file,
        is_in_hand=is_in_hand,
        layer=layer,
    )


def default_pair(maps: Iterable[OpenLabelMap]) -> tuple[OpenLabelMap, OpenLabelMap] | None:
    """Reference and prediction where the user chose none; None with fewer than two label maps.

    The reference is the first one read from a file, else the first; the prediction the one that
    is edited, else the newest other.
    """
    offered = list(maps)
    if len(offered) < 2:
        return None
    reference = next((m for m in offered if m.is_from_file), offered[0])
    others = [m for m in offered if m is not reference]
    return reference, next((m for m in others if m.is_in_hand), others[-1])
