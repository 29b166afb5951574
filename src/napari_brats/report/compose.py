"""Putting a report together: measures, scores, pictures and what is known of the mask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from napari_brats import INTENDED_USE, __version__
from napari_brats.core.case import Case
from napari_brats.core.errors import GeometryError
from napari_brats.core.geometry import Grid
from napari_brats.core.labels import LabelMap, Region
from napari_brats.core.modalities import Modality
from napari_brats.core.progress import Job, Progress
from napari_brats.inference.preprocess import brain_on
from napari_brats.metrics.measures import TumourMeasures, measure_tumour, with_diameters
from napari_brats.metrics.measures_lines import Diameters
from napari_brats.metrics.score import RegionScore, ScoreOptions, score_regions
from napari_brats.report.made import MadeBy, is_of_another_mask, made_by
from napari_brats.report.pictures import Picture, PictureRow, picture_rows, plane_pictures

_STEPS = 100
_FAR_FROM_AXIAL_DEG = 20.0


@dataclass(frozen=True)
class FollowUpPoint:
    """One examination of the patient.

    Attributes
    ----------
    time
        When, in words: a date, ``week 12``, the name of the time point.
    volumes_ml
        Of each region that was measured.
    days
        Since the first one; None where not known.
    """

    time: str
    volumes_ml: Mapping[Region, float]
    days: float | None = None


@dataclass(frozen=True, eq=False)
class Subject:
    """What a report is about.

    Attributes
    ----------
    case
        The case; all its modalities on one grid.
    labels
        (X, Y, Z) internal labels on that grid.
    label_map
        Name of the label map's file; None if it is not saved.
    record
        The record beside it, or the provenance of a layer; see `report.made`.
    reference, reference_name
        The label map to score against, on the same grid, and what it is called.
    follow_up
        Earlier and later examinations, in the order of time.
    diameters
        Those drawn by hand: region and number of the lesion (from 0) -> lines.
    patient_name
        Shown if given; taken from no file.
    warnings
        What is to be said beside what the record says.
    """

    case: Case
    labels: LabelMap
    label_map: str | None = None
    record: Mapping[str, Any] = field(default_factory=dict)
    reference: LabelMap | None = None
    reference_name: str | None = None
    follow_up: tuple[FollowUpPoint, ...] = ()
    diameters: Mapping[tuple[Region, int], Diameters] = field(default_factory=dict)
    patient_name: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Report:
    """All that the page says; None, or nothing, stands for what is not known.

    Attributes
    ----------
    case_id, patient_name
        Whose.
    day
        On which the report was made.
    images
        Modality -> name of its file (None for an image in memory), without its folder.
    grid
        On which everything lies.
    label_map
        Name of the label map's file.
    made
        How it came about.
    measures
        Of the tumour.
    scores, reference
        Against the reference, and its name.
    follow_up
        Other examinations.
    warnings
        What to keep in mind when reading it.
    rows, planes
        The pictures.
    """

    case_id: str
    patient_name: str | None
    day: date
    images: Mapping[Modality, str | None]
    grid: Grid
    label_map: str | None
    made: MadeBy
    measures: TumourMeasures
    scores: Mapping[Region, RegionScore]
    reference: str | None
    follow_up: tuple[FollowUpPoint, ...]
    warnings: tuple[str, ...]
    rows: tuple[PictureRow, ...]
    planes: tuple[Picture, ...]
    version: str = __version__
    intended_use: str = INTENDED_USE


def compose(subject: Subject, day: date) -> Job[Report]:
    """The report on a case; a job, to be rendered by `report.documents`.

    Raises
    ------
    GeometryError
        If the modalities, the label map and the reference do not lie on one grid.
    """
    case, labels = subject.case, subject.labels
    grid = case.require_one_grid()
    _require_shape(grid, labels, "label map")
    yield Progress(0, _STEPS, "Looking for the brain")
    brain = brain_on(grid, case.volumes.values())
    yield Progress(20, _STEPS, "Measuring")
    measures = with_diameters(measure_tumour(labels, grid.affine, brain), subject.diameters)
    scores: dict[Region, RegionScore] = {}
    if subject.reference is not None:
        _require_shape(grid, subject.reference, "reference")
        yield Progress(40, _STEPS, "Scoring against the reference")
        scores = score_regions(
            subject.reference, labels, grid.spacing_mm, ScoreOptions(tolerances_mm=()), brain
        )
    yield Progress(60, _STEPS, "Cutting the pictures")
    rows = picture_rows(case, labels, brain, measures)
    planes = plane_pictures(case, labels, brain, measures)
    made = made_by(subject.record)
    return Report(
        case_id=case.case_id,
        patient_name=subject.patient_name,
        day=day,
        images={m: _file_name(case, m) for m in case.modalities},
        grid=grid,
        label_map=subject.label_map,
        made=made,
        measures=measures,
        scores=scores,
        reference=subject.reference_name,
        follow_up=subject.follow_up,
        warnings=_warnings(subject, made, measures, grid),
        rows=rows,
        planes=planes,
    )


def _file_name(case: Case, modality: Modality) -> str | None:
    """Only the name: folders are called after patients, and headers tell more than they should."""
    path = case.volumes[modality].path
    return None if path is None else path.name


def _require_shape(grid: Grid, labels: LabelMap, what: str) -> None:
    if labels.shape != grid.shape:
        raise GeometryError(
            f"The {what} has the shape {labels.shape}, the images have {grid.describe()}. "
            f"Expected one voxel of it for each of the images. Resample one onto the other."
        )


def _warnings(
    subject: Subject, made: MadeBy, measures: TumourMeasures, grid: Grid
) -> tuple[str, ...]:
    found = [*made.warnings, *made.unusual, *subject.warnings]
    if is_of_another_mask(subject.record, measures.volumes_ml):
        found.append(
            "The label map was changed after its record was written: what is said of how it was "
            "made is about its former state."
        )
    if not measures.volumes_ml[Region.WT]:
        found.append("The label map holds no tumour.")
    if _tilt_deg(grid) > _FAR_FROM_AXIAL_DEG:
        found.append(
            f"The slices are {_tilt_deg(grid):.0f} degrees off the axial plane: diameters are "
            f"measured within them."
        )
    return tuple(dict.fromkeys(found))


def _tilt_deg(grid: Grid) -> float:
    """The angle between the axial plane of the scanner and the slices closest to it."""
    edges: Sequence[Any] = grid.affine[:3, :3].T / np.array(grid.spacing_mm)[:, None]
    vertical = max(edges, key=lambda edge: abs(edge[2]))
    others = [edge for edge in edges if edge is not vertical]
    normal = np.cross(others[0], others[1])
    return float(np.degrees(np.arccos(min(1.0, abs(normal[2]) / np.linalg.norm(normal)))))
