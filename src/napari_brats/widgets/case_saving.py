"""Writing the label map of an open case and what belongs beside it. No Qt."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from napari_brats import INTENDED_USE, __version__
from napari_brats.core.case import Volume
from napari_brats.core.errors import SaveError
from napari_brats.core.labels import REGIONS, Convention, LabelMap, convention_by_name, volumes_ml
from napari_brats.io.atomic import write_atomically
from napari_brats.io.save import (
    image_path,
    itksnap_label_description,
    region_mask_name,
    save_label_map,
    save_region_masks,
)
from napari_brats.io.sidecar import convention_to_json, grid_to_json, record_path
from napari_brats.widgets.save_panel import SaveRequest

OWN_FOLDER = "napari-brats"


def proposed_path(case_id: str, source: Path | None, *, is_label_file: bool, taken: bool) -> Path:
    """Where a label map is saved unless the user says otherwise.

    Parameters
    ----------
    case_id
        The stem of the name.
    source
        The file whose header it takes; None for a case made in memory.
    is_label_file
        Whether ``source`` is the label map's own file; then that one is proposed.
    taken
        Whether the case's folder holds another label map: a second one there would make the folder
        ambiguous for every reader, so a folder of its own is proposed.
    """
    if source is not None and is_label_file:
        return image_path(source)
    name = f"{case_id}-seg.nii.gz"
    if source is None or not os.access(source.parent, os.W_OK):
        return Path.home() / name
    return source.parent / OWN_FOLDER / name if taken else source.parent / name


def targets(request: SaveRequest, case_id: str) -> tuple[Path, ...]:
    """All files that ``request`` would write."""
    path = image_path(request.path)
    files = [path]
    if request.report:
        files.append(record_path(path))
    if request.region_masks:
        files.extend(path.parent / region_mask_name(case_id, region) for region in REGIONS)
    if request.itksnap:
        files.append(_beside(path, "-labels.txt"))
    return tuple(files)


def write(
    request: SaveRequest,
    case_id: str,
    labels: LabelMap,
    reference: Volume,
    provenance: Mapping[str, Any],
    *,
    backup: bool = False,
) -> tuple[Path, ...]:
    """Write what ``request`` asks for; the files written.

    Parameters
    ----------
    request
        With ``overwrite`` where the user agreed.
    case_id
        The stem of the region masks.
    labels
        (X, Y, Z) internal labels on the reference's grid.
    reference
        Whose geometry and header the files take.
    provenance
        How the label map came about, for the JSON.
    backup
        Keep a former label map and its record beside the new ones, as ``<name>.bak``.

    Raises
    ------
    SaveError, LabelError, GeometryError
        See `io.save`. Each file is written whole or not at all.
    """
    convention = convention_by_name(request.convention)
    path = image_path(request.path)
    if path.parent.name == OWN_FOLDER:
        _make_own_folder(path.parent)
    replaced = {"overwrite": request.overwrite, "backup": backup and request.overwrite}
    files = [save_label_map(path, labels, reference, convention, **replaced)]
    if request.report:
        report = _report(case_id, path, labels, reference, convention, provenance)
        text = json.dumps(report, indent=2, ensure_ascii=False, default=str) + "\n"
        write_atomically(record_path(path), text.encode(), **replaced)
        files.append(record_path(path))
    if request.region_masks:
        folder = path.parent
        files.extend(
            save_region_masks(folder, case_id, labels, reference, overwrite=request.overwrite)
        )
    if request.itksnap:
        text = itksnap_label_description(convention)
        files.append(_write_text(_beside(path, "-labels.txt"), text, request.overwrite))
    return tuple(files)


def _beside(path: Path, ending: str) -> Path:
    stem = path.name[: -len(".nii.gz")] if path.name.lower().endswith(".gz") else path.stem
    return path.with_name(stem + ending)


def _write_text(path: Path, text: str, overwrite: bool) -> Path:
    write_atomically(path, text.encode(), overwrite=overwrite)
    return path


def _make_own_folder(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise SaveError(
            f"The folder {folder} could not be made: {error.strerror}. Save to another folder."
        ) from error


def _report(
    case_id: str,
    path: Path,
    labels: LabelMap,
    reference: Volume,
    convention: Convention,
    provenance: Mapping[str, Any],
) -> dict[str, Any]:
    volumes = volumes_ml(labels, reference.grid.voxel_mm3)
    return {
        "case_id": case_id,
        "label_map": path.name,
        "convention": convention_to_json(convention),
        "volumes_ml": {region.value: round(ml, 4) for region, ml in volumes.items()},
        "geometry": grid_to_json(reference.grid),
        "reference": str(reference.path) if reference.path else None,
        "provenance": dict(provenance),
        "version": __version__,
        "intended_use": INTENDED_USE,
    }
