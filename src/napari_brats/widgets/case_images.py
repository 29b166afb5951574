"""The image layers of an open case: which modality each is, further ones, resampled ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from napari_brats.core.case import Case
from napari_brats.core.modalities import Modality, Shares
from napari_brats.io.fill_in import verdicts
from napari_brats.io.layers import LayerData, case_key, label_volume_to_layer, volume_to_layer
from napari_brats.widgets import case_group
from napari_brats.widgets.case_group import OpenCase, tag_of
from napari_brats.widgets.open_cases import OpenCases

if TYPE_CHECKING:
    from napari.components import LayerList
    from napari.layers import Layer

AddLayer = Callable[[LayerData, str], Any]
"""Adds a layer for the case of this key and returns it."""


class CaseImages:
    """Corrects which layer is which modality, and exchanges layers of open cases."""

    def __init__(self, layers: LayerList, open_cases: OpenCases, add_layer: AddLayer) -> None:
        self._layers = layers
        self._open = open_cases
        self._add = add_layer
        self._seen: WeakSet[Layer] = WeakSet()
        open_cases.settled.connect(self._on_settled)

    def assign_modality(self, key: str, modality: Modality, layer: Layer | None) -> None:
        """Take ``layer`` for ``modality``; the layer taken before gets the other's place."""
        former = self._open[key].by_modality.get(modality)
        if layer is former:
            if layer is not None and tag_of(layer).shares:  # chosen again: yes, that is right
                _name_as(layer, modality)
                self._open.regroup()
            return
        place = tag_of(layer).modality if layer is not None else None
        if former is not None:
            _name_as(former, place)
        if layer is not None:
            _name_as(layer, modality)
        self._open.regroup()

    def recognise(self, key: str) -> None:
        """Take images whose names told no modality for what their voxels show.

        Only images that just came are looked at, with those recognised before: files that are
        dropped together may come one by one. What a user chose is left as it is.
        """
        images = self._open[key].images
        fresh = [layer for layer in images if layer not in self._seen]
        self._seen.update(fresh)
        if all(tag_of(layer).modality or tag_of(layer).shares for layer in fresh):
            return
        tags = {layer: tag_of(layer) for layer in images}
        asked = [la for la, t in tags.items() if t.shares or (la in fresh and not t.modality)]
        known = {t.modality: case_group.volume_of(la) for la, t in tags.items() if la not in asked}
        told = {modality: volume for modality, volume in known.items() if modality is not None}
        found = verdicts(told, [case_group.volume_of(layer) for layer in asked])
        for layer, verdict in zip(asked, found, strict=True):
            _name_as(layer, verdict.modality, verdict.reason, verdict.shares)
        self._open.regroup()

    def add(self, key: str, modality: Modality, path: Path) -> None:
        """Open one more file of a case, for ``modality``; CaseError if it cannot be read."""
        from napari_brats.io.nifti import read_volume

        open_case = self._open[key]
        volume = read_volume(path)
        origin = tag_of(open_case.reference).reference.grid
        data = volume_to_layer(volume, open_case.case_id, key, None, name=path.name, origin=origin)
        self.assign_modality(key, modality, self._add(data, key))

    def replace(self, key: str, case: Case) -> None:
        """Put what was resampled in ``case`` in place of the layers of the same modality."""
        open_case = self._open[key]
        former = open_case.by_modality
        for modality, volume in case.volumes.items():
            if modality in former and tag_of(former[modality]).reference.grid.is_same(volume.grid):
                continue
            data = volume_to_layer(
                volume,
                case.case_id,
                case_key(case.case_id, volume.path),
                modality,
                reason="resampled onto one grid",
                shares=tag_of(former[modality]).shares if modality in former else (),
                origin=case.reference.grid,
            )
            if modality in former:
                self._layers.remove(former[modality])
            self._add(data, key)
        self._replace_label_map(key, open_case, case)

    def _replace_label_map(self, key: str, former: OpenCase, case: Case) -> None:
        labels = case.label_map
        for layer in tuple(former.labels):
            old = tag_of(layer).reference.grid
            if labels is not None and not old.is_same(labels.volume.grid):
                self._layers.remove(layer)
                self._add(label_volume_to_layer(labels, case.case_id, key), key)
                return

    def _on_settled(self) -> None:
        for key in tuple(self._open.all()):
            self.recognise(key)


def _name_as(
    layer: Layer, modality: Modality | None, reason: str | None = None, shares: Shares = ()
) -> None:
    """Name a layer by its modality; without a reason, the user wants it so."""
    if reason is None:
        reason = "chosen by the user" if modality else ""
    path = tag_of(layer).reference.path
    case_group.retag(layer, modality=modality, reason=reason, shares=shares)
    layer.name = str(modality or (path.name if path else "image"))
