"""The record (JSON) that this program writes beside a label map it made."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from napari_brats.core.geometry import Grid
from napari_brats.core.labels import CONVENTIONS, Convention


def record_path(label_map: Path) -> Path:
    """Where the record of a label map lies: ``x-seg.nii.gz`` has ``x-seg.json``."""
    return label_map.with_name(label_map.name.removesuffix(".gz").removesuffix(".nii") + ".json")


def read_record(label_map: Path) -> Mapping[str, Any]:
    """The record beside a label map; empty where there is none."""
    try:
        record = json.loads(record_path(label_map).read_bytes())
    except (OSError, ValueError, RecursionError):  # no record, or some other file of that name
        return {}
    return record if isinstance(record, Mapping) else {}


def recorded_convention(label_map: Path) -> str | None:
    """The name of the convention that the record beside a label map tells.

    None where there is no record, so that this program did not make the label map (as it stands).
    """
    entry = read_record(label_map).get("convention")
    name = entry.get("name") if isinstance(entry, Mapping) else None
    return name if isinstance(name, str) and name in CONVENTIONS else None


def convention_to_json(convention: Convention) -> dict[str, Any]:
    """The entry ``convention`` of a record."""
    return {
        "name": convention.name,
        "title": convention.title,
        "values": {str(value): label.name for value, label in convention.values.items()},
    }


def grid_to_json(grid: Grid) -> dict[str, Any]:
    """The entry ``geometry`` of a record."""
    return {
        "shape": list(grid.shape),
        "spacing_mm": list(grid.spacing_mm),
        "orientation": grid.axis_codes,
        "affine": (grid.affine + 0.0).tolist(),  # no -0.0
    }


def to_json(value: Any) -> bytes:
    """Indented JSON with null where a number is not finite (JSON has no NaN)."""
    text = json.dumps(_finite(value), indent=2, allow_nan=False, ensure_ascii=False, default=str)
    return (text + "\n").encode(errors="backslashreplace")  # bytes of a path that are no UTF-8


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
