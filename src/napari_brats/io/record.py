"""What is written beside a segmentation: how it was made, as JSON. The keys are in docs/cli.md."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from napari_brats import INTENDED_USE, __version__
from napari_brats.core.case import Segmentation
from napari_brats.core.modalities import MODALITIES
from napari_brats.io.discover import CaseFiles
from napari_brats.io.sidecar import convention_to_json, grid_to_json


def input_records(files: CaseFiles) -> list[dict[str, Any]]:
    """One entry per modality: what was read, what it was taken for and why, and its sha256."""
    digests: dict[Path, str] = {}  # the four modalities may be one 4-D file
    records = []
    for modality in MODALITIES:
        if modality in files.modalities:
            choice = files.modalities[modality]
            if choice.path not in digests:
                digests[choice.path] = sha256_of(choice.path)
            records.append(
                {
                    "modality": modality.value,
                    "path": str(choice.path.resolve()),
                    "channel": choice.channel,
                    "reason": choice.reason,
                    "sha256": digests[choice.path],
                }
            )
    return records


def sha256_of(path: Path) -> str:
    """The sha256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def segmentation_record(
    segmentation: Segmentation,
    *,
    inputs: Sequence[Mapping[str, Any]],
    outputs: Mapping[str, Any],
    seconds: Mapping[str, float],
    warnings: Sequence[str],
    resampled_to: str | None,
) -> dict[str, Any]:
    """The whole JSON of one case.

    Parameters
    ----------
    segmentation
        What was made; its provenance says with which bundle, device and settings.
    inputs
        From `input_records`.
    outputs
        File names, relative to the folder of the JSON.
    seconds
        Time of the stages outside the network: load, save.
    warnings
        What looked wrong in the input; the notes of the provenance are added.
    resampled_to
        The modality whose grid was chosen with ``--grid``, if any.
    """
    made = dict(segmentation.provenance)
    stages = {"load": seconds["load"], **made.pop("seconds", {}), **seconds}  # as they ran
    notes = made.pop("notes", [])
    return {
        "case_id": segmentation.case_id,
        "intended_use": INTENDED_USE,
        "version": __version__,
        "inputs": list(inputs),
        **made,
        "convention": convention_to_json(segmentation.convention),
        "geometry": {**grid_to_json(segmentation.reference.grid), "resampled_to": resampled_to},
        "volumes_ml": {r.value: round(v, 6) for r, v in segmentation.volumes_ml().items()},
        "warnings": [*warnings, *notes],
        "seconds": {stage: round(value, 3) for stage, value in stages.items()},
        "outputs": dict(outputs),
    }
