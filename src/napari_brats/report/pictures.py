"""The slices that a report shows, cut from a case on the display grid: radiological and upright."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from napari_brats.core.boxes import Box, bounding_box, grow_box
from napari_brats.core.case import Case
from napari_brats.core.geometry import AxisOrder, Grid, display_order
from napari_brats.core.labels import REGIONS, LabelMap, Mask, Region, region_mask
from napari_brats.core.modalities import Modality
from napari_brats.io.layers import contrast_limits
from napari_brats.metrics.measures import TumourMeasures
from napari_brats.metrics.measures_lines import Line, Point

Grey = npt.NDArray[np.uint8]
Place = tuple[float, float]
"""Row and column of a picture, in voxels; whole numbers are the centres of voxels."""

_MARGIN = 3  # voxels around the brain
_CLOSE_UP_MM = 15.0  # around the diameters
_AXES = {"axial": 0, "coronal": 1, "sagittal": 2}
_LETTERS = {"axial": ("R", "L"), "coronal": ("R", "L"), "sagittal": ("A", "P")}


@dataclass(frozen=True, eq=False)
class Picture:
    """One slice with its outlines.

    Attributes
    ----------
    title
        What is seen: ``T1C``, ``coronal T1C``.
    grey
        (rows, columns) uint8; the first row is the uppermost.
    masks
        Region -> where it is, of the same shape; those whose outlines are drawn.
    row_mm, column_mm
        From one row, or column, to the next.
    letters
        What lies on the left and on the right of the picture: ``R`` and ``L``, or ``A`` and ``P``.
    lines
        Diameters that lie in this slice: their two ends each.
    """

    title: str
    grey: Grey
    masks: Mapping[Region, Mask]
    row_mm: float
    column_mm: float
    letters: tuple[str, str]
    lines: tuple[tuple[Place, Place], ...] = ()


@dataclass(frozen=True, eq=False)
class PictureRow:
    """The axial slice with most of a region, in every modality.

    Attributes
    ----------
    region
        Whose largest cross-section it is; None for the middle of the brain, without a tumour.
    slice_number
        Of the slice in the file, the first one being 1.
    slices
        How many the file has.
    pictures
        One per modality.
    """

    region: Region | None
    slice_number: int
    slices: int
    pictures: tuple[Picture, ...]


def picture_rows(
    case: Case, labels: LabelMap, brain: Mask | None, measures: TumourMeasures
) -> tuple[PictureRow, ...]:
    """The largest axial cross-section of each region that occurs, in all modalities.

    Without a tumour one row, through the middle of the brain. ``labels`` and ``brain`` are
    (X, Y, Z) on the grid of the case. The diameters of a region's largest lesion are drawn where
    they lie in that slice.
    """
    scene = _Scene(case, labels, brain)
    found = [region for region in REGIONS if measures.volumes_ml[region]]
    return tuple(scene.row(region, measures) for region in found) or (scene.row(None, measures),)


def plane_pictures(
    case: Case, labels: LabelMap, brain: Mask | None, measures: TumourMeasures
) -> tuple[Picture, ...]:
    """The coronal and the sagittal slice with most tumour, and the axial one of its diameters.

    On T1C, else on the modality there is; the middle of the brain without a tumour. Diameters are
    those of ET, else of WT.
    """
    scene = _Scene(case, labels, brain)
    modality = Modality.T1C if Modality.T1C in case.volumes else case.modalities[0]
    pictures = [
        scene.picture(plane, scene.fullest(plane, Region.WT), modality, f"{modality} {plane}")
        for plane in ("coronal", "sagittal")
    ]
    region = Region.ET if measures.lesions[Region.ET] else Region.WT
    if measures.lesions[region]:
        diameters = measures.lesions[region][0].diameters
        lines = [diameters.longest, diameters.perpendicular]
        pictures.append(scene.close_up(modality, region, lines))
    return tuple(pictures)


class _Scene:
    """A case on the display grid, cut to the brain."""

    def __init__(self, case: Case, labels: LabelMap, brain: Mask | None) -> None:
        self._case = case
        self._grid: Grid = case.require_one_grid()
        self._order: AxisOrder = display_order(self._grid.affine)
        self._labels = self._order.from_disk(labels)
        tumour = labels != 0
        shown = self._order.from_disk(tumour if brain is None else brain | tumour)
        everything: Box = (
            slice(0, shown.shape[0]),
            slice(0, shown.shape[1]),
            slice(0, shown.shape[2]),
        )
        self._box = grow_box(bounding_box(shown) or everything, _MARGIN, shown.shape)

    def row(self, region: Region | None, measures: TumourMeasures) -> PictureRow:
        index = self.fullest("axial", region)
        lines: list[Line] = []
        if region is not None and measures.lesions[region]:
            diameters = measures.lesions[region][0].diameters
            lines = [diameters.longest, diameters.perpendicular]
        pictures = tuple(
            self.picture("axial", index, modality, str(modality), lines)
            for modality in self._case.modalities
        )
        axis = self._order.axes[0]
        number = self._order.index_to_disk((index, 0, 0), self._grid.shape)[axis] + 1
        return PictureRow(region, number, self._grid.shape[axis], pictures)

    def fullest(self, plane: str, region: Region | None) -> int:
        """The index of the slice with most of the region; the middle of the brain without it."""
        axis = _AXES[plane]
        if region is not None:
            others = tuple(other for other in range(3) if other != axis)
            counts = region_mask(self._labels, region).sum(axis=others)
            if counts.any():
                return int(counts.argmax())
        return (self._box[axis].start + self._box[axis].stop) // 2

    def close_up(self, modality: Modality, region: Region, lines: list[Line]) -> Picture:
        """The part of an axial slice around the diameters, with the outline of their region."""
        title = f"{modality} {region} diameters"
        whole = self.picture("axial", round(self._shown(lines[0].start)[0]), modality, title, lines)
        ends = np.array(whole.lines).reshape(-1, 2)
        spacing = np.array([whole.row_mm, whole.column_mm])
        middle = (ends.min(axis=0) + ends.max(axis=0)) / 2
        half = np.ptp(ends * spacing, axis=0).max() / 2 + _CLOSE_UP_MM
        first = np.maximum(0, np.floor(middle - half / spacing)).astype(int)
        top, left = first.tolist()
        bottom, right = np.ceil(middle + half / spacing).astype(int).tolist()
        part = slice(top, bottom + 1), slice(left, right + 1)
        return replace(
            whole,
            grey=whole.grey[part],
            masks={region: whole.masks[region][part]},
            lines=tuple(
                ((a - top, b - left), (c - top, d - left)) for (a, b), (c, d) in whole.lines
            ),
        )

    def picture(
        self,
        plane: str,
        index: int,
        modality: Modality,
        title: str,
        lines: list[Line] | None = None,
    ) -> Picture:
        axis = _AXES[plane]
        rows, columns = (other for other in range(3) if other != axis)
        cut = tuple(index if other == axis else side for other, side in enumerate(self._box))
        volume = self._case.volumes[modality].data
        low, high = contrast_limits(volume)
        values = self._order.from_disk(volume)[cut].astype(np.float32)
        grey = np.clip((values - low) / (high - low), 0, 1) * 255
        spacing = self._order.spacing_from_disk(self._grid.spacing_mm)
        here = self._labels[cut]
        return Picture(
            title=title,
            grey=grey.astype(np.uint8),
            masks={region: region_mask(here, region) for region in REGIONS},
            row_mm=spacing[rows],
            column_mm=spacing[columns],
            letters=_LETTERS[plane],
            lines=tuple(self._drawn(line) for line in lines or [] if self._is_in(line, index)),
        )

    def _is_in(self, line: Line, index: int) -> bool:
        return all(abs(self._shown(end)[0] - index) <= 0.5 for end in (line.start, line.end))

    def _drawn(self, line: Line) -> tuple[Place, Place]:
        start, end = (self._shown(point) for point in (line.start, line.end))
        top, left = self._box[1].start, self._box[2].start
        return (start[1] - top, start[2] - left), (end[1] - top, end[2] - left)

    def _shown(self, point: Point) -> Point:
        return self._order.point_from_disk(point, self._grid.shape)
