"""The writer contributions: layers go out with the geometry of the file they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from napari_brats.core.errors import SaveError


def write_labels(path: str, data: Any, attributes: Mapping[str, Any]) -> list[str]:
    """Save a Labels layer as its case's label map; a file that is there is kept as a backup.

    SaveError if nothing tells which case it belongs to; else as `io.save.save_label_map`.
    """
    from napari_brats.core.labels import convention_by_name
    from napari_brats.io.layers import layer_data_to_disk
    from napari_brats.io.save import as_label_map, save_label_map

    tag = _tag(path, attributes)
    if tag.convention is None:
        raise SaveError(
            f"{path} was not saved: the layer '{attributes.get('name')}' holds {tag.role} values "
            f"of case {tag.case_id} and no label convention. Expected a label map of the case. "
            f"Make a labels layer in the BraTS panel and copy the voxels there."
        )
    labels = as_label_map(layer_data_to_disk(data, tag))
    convention = convention_by_name(tag.convention)
    return [str(save_label_map(Path(path), labels, tag.reference, convention, backup=True))]


def write_image(path: str, data: Any, attributes: Mapping[str, Any]) -> list[str]:
    """Save an Image layer with type and scaling of its file; the rest as `write_labels`."""
    from napari_brats.io.layers import layer_data_to_disk
    from napari_brats.io.save import save_probability, save_volume

    tag = _tag(path, attributes)
    if tag.role == "label_map":
        return write_labels(path, data, attributes)
    save = save_probability if tag.role == "probability" else save_volume
    return [str(save(Path(path), layer_data_to_disk(data, tag), tag.reference, backup=True))]


def _tag(path: str, attributes: Mapping[str, Any]) -> Any:
    from napari_brats.io.layers import TAG, LayerTag

    tag = (attributes.get("metadata") or {}).get(TAG)
    if not isinstance(tag, LayerTag):
        raise SaveError(
            f"{path} was not saved: the layer '{attributes.get('name')}' belongs to no open case, "
            f"so nothing tells its place in the scanner. Expected a layer opened or made with "
            f"napari-brats. Open the BraTS panel with the case the layer was drawn on, then save."
        )
    return tag
