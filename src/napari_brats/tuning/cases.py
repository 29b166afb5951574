"""What is tuned on: probabilities as ``segment --probabilities`` saves them, with references."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from napari_brats.core.boxes import Box, bounding_box, grow_box
from napari_brats.core.case import LabelVolume
from napari_brats.core.errors import CaseError, GeometryError
from napari_brats.core.geometry import Spacing
from napari_brats.core.labels import REGIONS, Mask, Region, region_mask
from napari_brats.inference.postprocess import above
from napari_brats.io.nifti import read_volume
from napari_brats.io.save import probability_name

_SUFFIX = probability_name("", Region.WT)
_MARGIN = 8
"""Voxels kept around a tumour: room for the dilations of a challenge and for smoothing."""


@dataclass(frozen=True, eq=False)
class TuningCase:
    """One case, cut to the box in which anything can be found.

    Attributes
    ----------
    case_id, patient
        Its id, and the part of it that names the patient.
    probabilities
        (3, X, Y, Z) float16, regions WT, TC, ET.
    reference
        Region -> (X, Y, Z) mask.
    spacing_mm
        Of the axes, in their order.
    """

    case_id: str
    patient: str
    probabilities: npt.NDArray[np.float16]
    reference: Mapping[Region, Mask]
    spacing_mm: Spacing


def probability_files(folder: Path) -> dict[str, dict[Region, Path]]:
    """The files of each case in a folder, by case id and region, sorted by id.

    CaseError if there is none, or one of a case's three regions is missing.
    """
    ids = sorted(path.name.removesuffix(_SUFFIX) for path in folder.glob(f"*{_SUFFIX}"))
    if not ids:
        raise CaseError(
            f"There are no probabilities in {folder}. Expected files such as "
            f"{probability_name('<case>', Region.WT)}, which 'napari-brats segment CASE --output "
            f"{folder} --probabilities' writes."
        )
    files = {i: {region: folder / probability_name(i, region) for region in REGIONS} for i in ids}
    for by_region in files.values():
        for region, path in by_region.items():
            if not path.is_file():
                raise CaseError(f"The probabilities of {region} are missing: {path} is not there.")
    return files


def read_tuning_case(
    patient: str,
    files: Mapping[Region, Path],
    reference: LabelVolume,
    lowest: float,
) -> TuningCase:
    """The probabilities and the reference of one case; NaN counts as 0.

    Nothing below ``lowest``, the smallest threshold that will be tried, need be kept.

    Raises
    ------
    CaseError
        If a file cannot be read or holds values beyond 0 to 1.
    GeometryError
        If they do not lie on the reference's grid.
    """
    grid = reference.volume.grid
    maps = []
    for path in files.values():
        volume = read_volume(path)
        if difference := grid.difference(volume.grid):
            raise GeometryError(
                f"The probabilities {path} do not lie on the grid of the reference "
                f"{reference.volume.path}: {difference}. Expected one grid."
            )
        maps.append(_as_probability(volume.data, path))
    labels = reference.volume.data
    found = (labels != 0) | np.any([above(values, lowest) for values in maps], axis=0)
    box: Box = grow_box(bounding_box(found) or (slice(0, 1),) * 3, _MARGIN, labels.shape)
    return TuningCase(
        case_id=files[Region.WT].name.removesuffix(_SUFFIX),
        patient=patient,
        probabilities=np.stack([values[box] for values in maps]),
        reference={region: region_mask(labels[box], region) for region in REGIONS},
        spacing_mm=grid.spacing_mm,
    )


def _as_probability(values: npt.NDArray[np.generic], path: Path) -> npt.NDArray[np.float16]:
    lowest, highest = float(values.min()), float(values.max())
    if lowest < 0 or highest > 1:
        raise CaseError(
            f"{path} holds values from {lowest:.4g} to {highest:.4g}. Expected probabilities, "
            f"0 to 1 (the sigmoid of a network's logits)."
        )
    return values.astype(np.float16)
