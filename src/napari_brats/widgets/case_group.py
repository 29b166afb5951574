"""Which layer belongs to which open case: plain functions on layers and their tags."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_brats.core.case import Case, LabelVolume, Volume
from napari_brats.core.errors import CaseError
from napari_brats.core.labels import (
    CONVENTIONS,
    Convention,
    LabelMap,
    disk_to_labels,
    labels_to_disk,
)
from napari_brats.core.modalities import MODALITIES, Modality
from napari_brats.io.case_files import CaseFiles
from napari_brats.io.layers import CASES_TAG, TAG, LayerTag, layer_data_to_disk
from napari_brats.io.save import as_label_map

if TYPE_CHECKING:
    from napari.layers import Layer

MIRROR = "napari_brats_mirror"
"""Metadata key of the layers that show a label map a second time, side by side."""

DEFAULT_CONVENTION = "brats2023"
_NAPARI_BUTTON_SUFFIX = " - Labels"


@dataclass(eq=False)
class OpenCase:
    """The layers of one open case, in the order in which they were found."""

    key: str
    case_id: str
    images: list[Layer] = field(default_factory=list)
    labels: list[Layer] = field(default_factory=list)
    probabilities: list[Layer] = field(default_factory=list)

    @property
    def layers(self) -> list[Layer]:
        """All of them."""
        return [*self.images, *self.labels, *self.probabilities]

    @property
    def by_modality(self) -> dict[Modality, Layer]:
        """The image layers whose modality is known, in the modalities' order."""
        known = {tag_of(layer).modality: layer for layer in self.images}
        return {m: known[m] for m in MODALITIES if m in known}

    @property
    def reference(self) -> Layer:
        """The image whose header a new label map takes: T1C where there is one."""
        by_modality = self.by_modality
        return by_modality.get(Modality.T1C) or next(iter(by_modality.values()), self.images[0])

    def has_grid_of(self, tag: LayerTag) -> bool:
        """Whether one of its images lies on the grid of ``tag``."""
        return any(tag_of(i).reference.grid.is_same(tag.reference.grid) for i in self.images)


def is_tagged(layer: Layer) -> bool:
    """Whether the layer is ours (and no mirror of another one)."""
    return isinstance(layer.metadata.get(TAG), LayerTag) and MIRROR not in layer.metadata


def tag_of(layer: Layer) -> LayerTag:
    """The layer's tag."""
    tag: LayerTag = layer.metadata[TAG]
    return tag


def retag(layer: Layer, **changes: Any) -> LayerTag:
    """Give the layer a tag with these fields changed, and return it."""
    tag = replace(tag_of(layer), **changes)
    layer.metadata[TAG] = tag
    return tag


def group(layers: Iterable[Layer], owners: dict[Layer, str], active: str) -> dict[str, OpenCase]:
    """The open cases of these layers.

    Parameters
    ----------
    layers
        The viewer's, tagged or not.
    owners
        Layer -> case key as found before; new layers that join a case are added, gone ones removed.
    active
        Key of the active case: a label map that fits several cases joins this one.

    Returns
    -------
    Key -> case. Tagged layers that fit no case are in none of them.
    """
    tagged = [layer for layer in layers if is_tagged(layer)]
    for gone in set(owners) - set(tagged):
        del owners[gone]
    cases: dict[str, OpenCase] = {}
    for layer in tagged:
        if layer in owners and tag_of(layer).role == "image":
            case = cases.setdefault(owners[layer], OpenCase(owners[layer], tag_of(layer).case_id))
            case.images.append(layer)
    for layer in tagged:
        if tag_of(layer).role == "image" and layer not in owners:
            _join_image(layer, cases, owners)
    for layer in tagged:
        if tag_of(layer).role != "image":
            _join_other(layer, cases, owners, active)
    return cases


def case_of_new_labels(
    layer: Layer, cases: Sequence[OpenCase], selected: OpenCase | None, selected_name: str
) -> OpenCase | None:
    """The case that an untagged labels layer belongs to; None if that cannot be told.

    Parameters
    ----------
    layer
        Just inserted, e.g. by napari's own "new labels" button.
    cases
        All open cases.
    selected, selected_name
        The case and name of the layer that was selected at that moment: napari's button makes the
        new layer on that one and names it after it.
    """
    fitting = [case for case in cases if _covers(layer, case.reference)]
    if selected in fitting and layer.name.startswith(selected_name + _NAPARI_BUTTON_SUFFIX):
        return selected
    if not fitting or any(not _same_header(fitting[0], case) for case in fitting[1:]):
        return None
    return selected if selected in fitting else fitting[0]


def convention_of(case: OpenCase) -> str:
    """Name of the convention of a case: its newest label map's, else what its naming suggests."""
    chosen = [tag_of(layer).convention for layer in [*reversed(case.labels), *case.images]]
    files = files_of(case)
    hints = [*chosen, files.convention_hint if files is not None else None]
    return next((name for name in hints if name), DEFAULT_CONVENTION)


def files_of(case: OpenCase) -> CaseFiles | None:
    """The files of the whole case, as found when it was opened; None for one made in memory."""
    return next((files for files in listed_by(case) if files.case_id == case.case_id), None)


def listed_by(case: OpenCase) -> tuple[CaseFiles, ...]:
    """All cases found in what was opened, the longest list that one of its layers carries."""
    lists = (layer.metadata.get(CASES_TAG, ()) for layer in case.layers)
    return max(lists, key=len, default=())


def build_case(open_case: OpenCase) -> Case:
    """The case as a value; its arrays are views of the layers' own.

    CaseError if none of its modalities is known.
    """
    if not open_case.by_modality:
        raise CaseError(
            f"No modality of case {open_case.case_id} is known. Choose in the section 'Case' "
            f"which file is T1N, T1C, T2W and T2F."
        )
    convention = convention_of(open_case)
    label_map = None
    paths = [tag_of(layer).reference.path for layer in open_case.images]
    for layer in open_case.labels:
        tag = tag_of(layer)
        if tag.reference.path is not None and tag.reference.path not in paths:
            table = CONVENTIONS[tag.convention or convention]
            label_map = LabelVolume(volume_of(layer), table, tag.reason)
    volumes = {m: volume_of(layer) for m, layer in open_case.by_modality.items()}
    return Case(open_case.case_id, volumes, label_map, CONVENTIONS[convention])


def is_from_file(layer: Layer, open_case: OpenCase) -> bool:
    """Whether a label map layer was read from a label map file, not made on an image."""
    path = tag_of(layer).reference.path
    return path is not None and path not in [tag_of(i).reference.path for i in open_case.images]


def read_again(open_case: OpenCase, convention: Convention) -> dict[Layer, LabelMap]:
    """What the case's label map files say in another convention, edits by hand included.

    LabelError if one holds values that ``convention`` does not know.
    """
    again = {}
    for layer in open_case.labels:
        if is_from_file(layer, open_case):
            former = CONVENTIONS[tag_of(layer).convention or DEFAULT_CONVENTION]
            again[layer] = disk_to_labels(labels_to_disk(labels_of(layer), former), convention)
    return again


def volume_of(layer: Layer) -> Volume:
    """The layer's array in its file's voxel order, with that file's grid and header; no copy."""
    tag = tag_of(layer)
    return replace(tag.reference, data=layer_data_to_disk(np.asarray(layer.data), tag))


def labels_of(layer: Layer) -> LabelMap:
    """The label map of a labels layer in its file's voxel order; a view for uint8 data."""
    return as_label_map(volume_of(layer).data)


def _join_image(layer: Layer, cases: dict[str, OpenCase], owners: dict[Layer, str]) -> None:
    tag = tag_of(layer)
    for case in cases.values():
        taken = tag.modality is not None and tag.modality in case.by_modality
        if case.case_id == tag.case_id and not taken:
            break
    else:
        case = OpenCase(_free_key(tag.case_id, cases), tag.case_id)
        cases[case.key] = case
    case.images.append(layer)
    owners[layer] = case.key


def _free_key(case_id: str, cases: dict[str, OpenCase]) -> str:
    number, key = 1, case_id
    while key in cases:
        number += 1
        key = f"{case_id} ({number})"
    return key


def _join_other(
    layer: Layer, cases: dict[str, OpenCase], owners: dict[Layer, str], active: str
) -> None:
    tag = tag_of(layer)
    key = owners.get(layer)
    if key not in cases:
        owners.pop(layer, None)
        fitting = [case for case in cases.values() if case.has_grid_of(tag)]
        # Its own case first, then the active one, then the one opened last.
        fitting.sort(key=lambda case: (case.case_id == tag.case_id, case.key == active))
        if not fitting:
            return
        key = owners[layer] = fitting[-1].key
    case = cases[key]
    (case.labels if tag.role == "label_map" else case.probabilities).append(layer)


def _covers(layer: Layer, image: Layer) -> bool:
    return bool(
        layer.data.shape == image.data.shape
        and np.allclose(layer.scale, image.scale)
        and np.allclose(layer.translate, image.translate, atol=1e-3)
    )


def _same_header(one: OpenCase, other: OpenCase) -> bool:
    a, b = (tag_of(case.reference).reference for case in (one, other))
    fields = ("qform_code", "sform_code", "xyzt_units")
    return a.grid.is_same(b.grid) and all(int(a.header[f]) == int(b.header[f]) for f in fields)
