"""The ``dataset.json`` of MSD and nnU-Net folders: channel order and the meaning of labels."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_brats.core.labels import CONVENTIONS, Label
from napari_brats.core.modalities import Modality
from napari_brats.io.words import modality_in_words

FILE_NAME = "dataset.json"
_MAX_BYTES = 64 * 1024 * 1024  # it lists every training case; anything larger is something else


@dataclass(frozen=True)
class DatasetJson:
    """What a ``dataset.json`` tells about the files beside it.

    Attributes
    ----------
    path
        The file.
    channels
        The modality of each channel; None where its name is no modality. Empty if not told.
    convention
        The name of the label convention that its ``labels`` describe; None if not told.
    """

    path: Path
    channels: tuple[Modality | None, ...]
    convention: str | None


def read_dataset_json(folder: Path) -> DatasetJson | None:
    """What ``folder/dataset.json`` tells; None if there is none or it is no such file."""
    path = folder / FILE_NAME
    try:
        if path.stat().st_size > _MAX_BYTES:
            return None
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(content, dict):
        return None
    names = content.get("channel_names", content.get("modality"))
    return DatasetJson(path, _channels(names), _convention(content.get("labels")))


def _channels(names: Any) -> tuple[Modality | None, ...]:
    if isinstance(names, list):
        names = {str(index): name for index, name in enumerate(names)}
    if not isinstance(names, dict):
        return ()
    by_number = {int(key): name for key, name in names.items() if re.fullmatch(r"\d{1,2}", key)}
    if sorted(by_number) != list(range(len(names))):
        return ()
    return tuple(modality_in_words(str(by_number[index])) for index in range(len(names)))


def _convention(labels: Any) -> str | None:
    """The first convention that agrees with every label the file names."""
    if not isinstance(labels, dict):
        return None
    told = _labels_of_regions(labels) or _labels_of_names(labels)
    if len(told) < 2:
        return None
    for convention in CONVENTIONS.values():
        if all(convention.values.get(value) is label for value, label in told.items()):
            return convention.name
    return None


def _labels_of_names(labels: Mapping[str, Any]) -> dict[int, Label]:
    told = {}
    for key, entry in labels.items():
        name, value = (entry, key) if key.isdigit() else (key, entry)  # both directions occur
        label = _label_named(str(name))
        if label and re.fullmatch(r"\d{1,3}", str(value)):
            told[int(value)] = label
    return told


def _labels_of_regions(labels: Mapping[str, Any]) -> dict[int, Label]:
    """Labels from nested regions, as nnU-Net writes them: whole [1, 2, 3], core [2, 3], ET [3]."""
    regions = [
        {value for value in entry if isinstance(value, int)}
        for entry in labels.values()
        if isinstance(entry, list)
    ]
    regions = sorted((r for r in regions if r), key=len, reverse=True)
    if len(regions) != 3:
        return {}
    whole, core, enhancing = regions
    parts = (whole - core, core - enhancing, enhancing)
    if any(len(part) != 1 for part in parts) or not enhancing < core < whole:
        return {}
    return {part.pop(): label for part, label in zip(parts, _NESTED, strict=True)}


_NESTED = (Label.ED, Label.NCR, Label.ET)


def _label_named(name: str) -> Label | None:
    name = name.lower()
    if re.search(r"cavity|\brc\b", name):
        return Label.RC
    if re.search(r"o?edema|\bed\b|snfh|flair.hyper", name):
        return Label.ED
    if re.search(r"non.?enh|necro|\bncr\b|\bnetc?\b", name):
        return Label.NCR
    if re.search(r"enhanc|\bet\b", name):
        return Label.ET
    return None
