"""Volumes and label maps as napari layers, and back: the only place that converts axis order.

Layers are plain tuples ``(data, attributes, kind)``; napari itself is not imported. Their arrays
are views of the file's own array on the (I, P, L) grid: axis 0 runs superior to inferior, axis 1
anterior to posterior, axis 2 right to left, so that all three views stand upright.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from napari_brats.core.case import Case, LabelVolume, Volume
from napari_brats.core.errors import GeometryError
from napari_brats.core.geometry import AxisOrder, Grid, display_order
from napari_brats.core.labels import REGIONS, Convention, Label, LabelMap
from napari_brats.core.modalities import Modality, Shares
from napari_brats.core.window_level import brain_sample
from napari_brats.io.case_files import FileChoice
from napari_brats.io.nifti import header_only

TAG = "napari_brats"
"""``layer.metadata[TAG]`` is the layer's `LayerTag`."""

CASES_TAG = "napari_brats_cases"
"""``layer.metadata[CASES_TAG]``: the cases found in the path that was opened (`CaseFiles`)."""

AXIS_LABELS = ("I", "P", "L")
UNITS = ("mm", "mm", "mm")

RGBA = tuple[float, float, float, float]
LayerData = tuple[npt.NDArray[Any], dict[str, Any], str]

LABEL_COLORS: Mapping[Label, RGBA] = {
    Label.NCR: (0.835, 0.369, 0.000, 1.0),
    Label.ED: (0.941, 0.894, 0.259, 1.0),
    Label.ET: (0.000, 0.447, 0.698, 1.0),
    Label.RC: (0.000, 0.620, 0.451, 1.0),
    Label.NET: (0.800, 0.475, 0.655, 1.0),
    Label.CYST: (0.337, 0.706, 0.914, 1.0),
}
"""RGBA from Okabe and Ito (2008), a palette that colour-blind people can tell apart."""

Role = Literal["image", "label_map", "probability"]


@dataclass(frozen=True, eq=False)
class LayerTag:
    """What a layer is and where it goes when it is saved.

    Attributes
    ----------
    case_id
        The case it belongs to.
    case_key
        Tells open cases of one id apart (see `case_key`).
    role
        Image, label map or probability.
    modality
        Of an image layer; None if unknown or for other roles.
    reference
        Grid and header to save with; its ``data`` may be an array of zeros that takes no memory.
    order
        How the layer's array lies against the file's.
    convention
        Name of the convention a label map is written in; None for other roles.
    reason
        Why it was taken for that modality or convention, for the user.
    shares
        How probable each modality is where the voxels were asked; empty where names or users told.
    """

    case_id: str
    case_key: str
    role: Role
    modality: Modality | None
    reference: Volume
    order: AxisOrder
    convention: str | None = None
    reason: str = ""
    shares: Shares = ()


def case_key(case_id: str, path: Path | None) -> str:
    """What tells two open cases of one id apart: the id and the folder its files lie in."""
    return case_id if path is None else f"{path.absolute().parent}/{case_id}"


def case_to_layers(
    case: Case, key: str = "", choices: Mapping[Modality, FileChoice] | None = None
) -> list[LayerData]:
    """All layers of a case, bottom first: T1C (else the first) alone visible, the label map on top.

    Modalities on other grids than the reference are placed where they lie against it. ``key`` is
    by default what `case_key` makes of the reference; the reasons of ``choices`` go into the tags.
    """
    key = key or case_key(case.case_id, case.reference.path)
    top = Modality.T1C if Modality.T1C in case.volumes else case.modalities[0]
    layers = []
    for modality in sorted(case.modalities, key=lambda m: m is top):
        told = (choices or {}).get(modality)
        reason, shares = (told.reason, told.shares) if told else ("", ())
        volume, origin = case.volumes[modality], case.reference.grid
        data, attributes, kind = volume_to_layer(
            volume, case.case_id, key, modality, reason=reason, shares=shares, origin=origin
        )
        layers.append((data, attributes | {"visible": modality is top}, kind))
    if case.label_map is not None:
        layers.append(label_volume_to_layer(case.label_map, case.case_id, key, case.reference.grid))
    return layers


def volume_to_layer(
    volume: Volume,
    case_id: str,
    key: str,
    modality: Modality | None = None,
    *,
    name: str = "",
    reason: str = "",
    shares: Shares = (),
    origin: Grid | None = None,
) -> LayerData:
    """An image layer named by its modality (else ``name``); its array is a view of the volume's."""
    order = display_order(volume.grid.affine)
    reference = header_only(volume)
    tag = LayerTag(case_id, key, "image", modality, reference, order, None, reason, shares)
    attributes = _attributes(volume.grid, tag, origin) | {
        "name": str(modality or name or case_id),
        "colormap": "gray",
        "contrast_limits": contrast_limits(volume.data),
    }
    return order.from_disk(volume.data), attributes, "image"


def label_volume_to_layer(
    labels: LabelVolume, case_id: str, key: str, origin: Grid | None = None
) -> LayerData:
    """The layer of a label map that was read from a file; it is saved with its own header."""
    return label_map_to_layer(
        labels.volume.data,
        labels.volume,
        labels.convention,
        case_id,
        key,
        reason=labels.reason,
        origin=origin,
    )


def label_map_to_layer(
    labels: LabelMap,
    reference: Volume,
    convention: Convention,
    case_id: str,
    key: str,
    *,
    name: str = "label map",
    reason: str = "",
    origin: Grid | None = None,
) -> LayerData:
    """A Labels layer of (X, Y, Z) internal labels with named, fixed colours.

    Its array is a view of ``labels``: painting in napari changes ``labels``.
    """
    _require_shape(labels, reference.grid)
    order = display_order(reference.grid.affine)
    header = header_only(reference)
    tag = LayerTag(case_id, key, "label_map", None, header, order, convention.name, reason)
    attributes = _attributes(reference.grid, tag, origin) | {
        "name": name,
        "opacity": 0.5,
        "colormap": label_colormap(),
        "features": {
            "index": [int(label) for label in Label],
            "label": [label.title for label in Label],
        },
    }
    return order.from_disk(labels), attributes, "labels"


def probabilities_to_layers(
    probabilities: npt.NDArray[Any], reference: Volume, case_id: str, key: str
) -> list[LayerData]:
    """One hidden layer per region from (3, X, Y, Z) probabilities, see `map_to_layer`."""
    return [
        map_to_layer(data, f"{region} probability", reference, case_id, key)
        for region, data in zip(REGIONS, probabilities, strict=True)
    ]


def map_to_layer(
    data: npt.NDArray[Any], name: str, reference: Volume, case_id: str, key: str
) -> LayerData:
    """A hidden image layer of (X, Y, Z) values in 0..1 that a network gave; a view of them."""
    _require_shape(data, reference.grid)
    order = display_order(reference.grid.affine)
    tag = LayerTag(case_id, key, "probability", None, header_only(reference), order)
    attributes = _attributes(reference.grid, tag, None) | {
        "name": name,
        "colormap": "magma",
        "blending": "additive",
        "contrast_limits": (0.0, 1.0),
        "visible": False,
    }
    return order.from_disk(data), attributes, "image"


def layer_data_to_disk(data: npt.NDArray[Any], tag: LayerTag) -> npt.NDArray[Any]:
    """The (X, Y, Z) view, in the reference's voxel order, of a layer's (I, P, L) array.

    GeometryError if the layer no longer has one voxel for each of the reference.
    """
    shape = tag.reference.grid.shape
    expected = tuple(shape[axis] for axis in tag.order.axes)
    found = getattr(data, "shape", "of several scales")
    if found != expected:
        raise GeometryError(
            f"The layer's array has the shape {found}, but the file it belongs to "
            f"({tag.reference.path or 'in memory'}) is {expected} on the display grid. Expected "
            f"one voxel for each of the file. Undo the crop or resampling, or make a new layer."
        )
    return tag.order.to_disk(np.asarray(data))


def label_colormap() -> dict[int | None, RGBA]:
    """The fixed colours as napari takes them: label -> RGBA; all other values are transparent."""
    clear = (0.0, 0.0, 0.0, 0.0)
    colors: dict[int | None, RGBA] = {None: clear, 0: clear}
    return colors | {int(label): color for label, color in LABEL_COLORS.items()}


def contrast_limits(data: npt.NDArray[Any]) -> tuple[float, float]:
    """The 0.5 and 99.5 percentile of `brain_sample`; a constant image gives a range of 1."""
    inside = brain_sample(data)
    low, high = (float(v) for v in np.percentile(inside.astype(np.float64), (0.5, 99.5)))
    return (low, high) if high > low else (low, low + 1.0)


def _attributes(grid: Grid, tag: LayerTag, origin: Grid | None) -> dict[str, Any]:
    return {
        "scale": tag.order.spacing_from_disk(grid.spacing_mm),
        "translate": _offset_mm(grid, tag.order, origin),
        "axis_labels": AXIS_LABELS,
        "units": UNITS,
        "metadata": {TAG: tag},
    }


def _offset_mm(grid: Grid, order: AxisOrder, origin: Grid | None) -> tuple[float, float, float]:
    """Where the first displayed voxel lies against that of ``origin``, along the latter's axes."""
    if origin is None or origin.is_same(grid):
        return 0.0, 0.0, 0.0
    base = display_order(origin.affine)
    gap = _first_voxel_mm(grid, order) - _first_voxel_mm(origin, base)
    offset = []
    for axis, flip in zip(base.axes, base.flips, strict=True):
        direction = origin.affine[:3, axis] / origin.spacing_mm[axis]
        offset.append(float(direction @ gap) * (-1 if flip else 1))
    return offset[0], offset[1], offset[2]


def _first_voxel_mm(grid: Grid, order: AxisOrder) -> npt.NDArray[np.float64]:
    index = order.index_to_disk((0, 0, 0), grid.shape)
    position: npt.NDArray[np.float64] = grid.affine[:3, :3] @ index + grid.affine[:3, 3]
    return position


def _require_shape(data: npt.NDArray[Any], grid: Grid) -> None:
    if data.shape != grid.shape:
        raise GeometryError(
            f"The array has the shape {data.shape}, its reference grid {grid.describe()}. "
            f"Expected one voxel for each of the grid."
        )
