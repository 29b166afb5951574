"""What is measured of a tumour: volumes, lesions with their diameters and shape, and its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from napari_brats.core.boxes import Box, bounding_box
from napari_brats.core.components import label_components
from napari_brats.core.geometry import Affine
from napari_brats.core.labels import REGIONS, LabelMap, Mask, Region, region_mask, volumes_ml
from napari_brats.metrics.measures_lines import Diameters, Line, Point, axial_diameters
from napari_brats.metrics.measures_shape import largest_diameter_mm, sphericity, surface_mm2
from napari_brats.metrics.measures_side import MidPlane, Side, mid_sagittal_plane, side_of

MIN_FOCUS_MM3 = 50.0
"""Smaller components are no focus and not measured one by one (as the BraTS GLI scores leave out
lesions of up to 50 mm^3); the largest of a region always is."""

MEASURABLE_MM = 10.0
"""RANO takes a lesion as measurable if both of its diameters have at least this length."""


@dataclass(frozen=True)
class LesionMeasures:
    """One component (26-connected) of a region.

    Attributes
    ----------
    volume_ml
        By its voxels.
    centre_mm
        Centre of gravity in scanner mm (RAS+).
    diameters
        The bidimensional measure of RANO, see `measures_lines.axial_diameters`.
    diameter_3d_mm, surface_mm2, sphericity
        See `measures_shape`.
    side
        The patient's side; None without a brain.
    """

    volume_ml: float
    centre_mm: Point
    diameters: Diameters
    diameter_3d_mm: float
    surface_mm2: float
    sphericity: float
    side: Side | None

    @property
    def is_measurable(self) -> bool:
        """Whether both diameters reach 10 mm, what RANO asks of a target lesion."""
        return min(self.diameters.longest_mm, self.diameters.perpendicular_mm) >= MEASURABLE_MM


@dataclass(frozen=True)
class TumourMeasures:
    """The measures of one label map.

    Attributes
    ----------
    volumes_ml
        Of each region; 0.0 where it is absent.
    lesions
        Of each region, the largest volume first; empty where it is absent. Components of up to
        `MIN_FOCUS_MM3` are left out (but for the largest).
    foci
        Of each region, how many components are larger than `MIN_FOCUS_MM3`: more than one is
        multifocal.
    centre_mm
        Centre of gravity of WT in scanner mm (RAS+); None without a tumour.
    brain_centre_mm
        That of the brain; None without one.
    side
        Where WT lies; ``both`` if more than a tenth of it is on the smaller side. None without a
        brain or a tumour.
    left_share
        The share of WT on the patient's left; None where ``side`` is.
    """

    volumes_ml: Mapping[Region, float]
    lesions: Mapping[Region, tuple[LesionMeasures, ...]]
    foci: Mapping[Region, int]
    centre_mm: Point | None = None
    brain_centre_mm: Point | None = None
    side: Side | None = None
    left_share: float | None = None

    @property
    def centre_distance_mm(self) -> float | None:
        """How far the centre of the tumour lies from that of the brain."""
        if self.centre_mm is None or self.brain_centre_mm is None:
            return None
        return float(np.linalg.norm(np.subtract(self.centre_mm, self.brain_centre_mm)))


def measure_tumour(
    labels: LabelMap,
    affine: Affine,
    brain: Mask | None = None,
    *,
    min_focus_mm3: float = MIN_FOCUS_MM3,
) -> TumourMeasures:
    """The measures of an (X, Y, Z) label map in internal labels.

    The diameters of an ET lesion may cross the tumour core (a rim is measured across the necrosis
    it encloses, as it is read by eye), those of WT and TC only the region itself; none crosses a
    resection cavity.

    Parameters
    ----------
    labels
        uint8.
    affine
        4x4, voxel -> scanner mm (RAS+).
    brain
        Where the brain is, on the same grid; without it side and distance are not known.
    min_focus_mm3
        Components of up to this volume are no focus.
    """
    voxel_mm3 = abs(float(np.linalg.det(affine[:3, :3])))
    brain_centre_mm, plane = _brain_place(brain, affine)
    scene = _Scene(affine, plane, min_focus_mm3)
    box = bounding_box(labels != 0)
    if box is None:
        return TumourMeasures(
            volumes_ml=dict.fromkeys(REGIONS, 0.0),
            lesions=dict.fromkeys(REGIONS, ()),
            foci=dict.fromkeys(REGIONS, 0),
            brain_centre_mm=brain_centre_mm,
        )
    masks = {region: region_mask(labels[box], region) for region in REGIONS}
    ways = {**masks, Region.ET: masks[Region.TC]}
    found = {region: scene.lesions(masks[region], ways[region], box) for region in REGIONS}
    whole = masks[Region.WT]
    side, left_share = scene.side(whole, box)
    return TumourMeasures(
        volumes_ml=volumes_ml(labels[box], voxel_mm3),
        lesions={region: lesions for region, (lesions, _) in found.items()},
        foci={region: foci for region, (_, foci) in found.items()},
        centre_mm=_centre_mm(whole, _affine_at(box, affine)) if whole.any() else None,
        brain_centre_mm=brain_centre_mm,
        side=side,
        left_share=left_share,
    )


def with_diameters(
    measures: TumourMeasures, diameters: Mapping[tuple[Region, int], Diameters]
) -> TumourMeasures:
    """The same measures with other lines: region and number of the lesion (from 0) -> lines.

    Lesions that are not there are passed over.
    """
    lesions = {
        region: tuple(
            replace(lesion, diameters=diameters.get((region, number), lesion.diameters))
            for number, lesion in enumerate(group)
        )
        for region, group in measures.lesions.items()
    }
    return replace(measures, lesions=lesions)


@dataclass(frozen=True, eq=False)
class _Scene:
    """What all lesions of a label map share; masks lie at a box of the whole volume."""

    affine: Affine
    plane: MidPlane | None
    min_focus_mm3: float

    def lesions(self, mask: Mask, way: Mask, box: Box) -> tuple[tuple[LesionMeasures, ...], int]:
        """The lesions of a region's mask, whose lines may run in ``way``, and the foci."""
        from scipy.ndimage import find_objects

        components, count = label_components(mask)
        if not count:
            return (), 0
        voxel_mm3 = abs(float(np.linalg.det(self.affine[:3, :3])))
        volumes_mm3 = np.bincount(components.ravel())[1:] * voxel_mm3
        # A hair above the limit, because spacings have noise.
        foci = int(np.count_nonzero(volumes_mm3 > self.min_focus_mm3 * (1 + 1e-6)))
        places = find_objects(components)
        lesions = []
        for index in np.argsort(-volumes_mm3, kind="stable")[: max(1, foci)].tolist():
            inner = places[index]
            lesion = components[inner] == index + 1
            there = _affine_at(inner, _affine_at(box, self.affine))
            first = [a.start + b.start for a, b in zip(inner, box, strict=True)]
            diameters = _moved(axial_diameters(lesion, way[inner], there), first)
            lesions.append(self._measure(lesion, diameters, volumes_mm3[index], there))
        return tuple(lesions), foci

    def _measure(
        self, lesion: Mask, diameters: Diameters, volume_mm3: float, affine: Affine
    ) -> LesionMeasures:
        area_mm2 = surface_mm2(lesion, affine)
        return LesionMeasures(
            volume_ml=float(volume_mm3) / 1000,
            centre_mm=_centre_mm(lesion, affine),
            diameters=diameters,
            diameter_3d_mm=largest_diameter_mm(lesion, affine),
            surface_mm2=area_mm2,
            sphericity=sphericity(float(volume_mm3), area_mm2),
            side=None if self.plane is None else side_of(lesion, affine, self.plane)[0],
        )

    def side(self, mask: Mask, box: Box) -> tuple[Side, float] | tuple[None, None]:
        """The side of a mask and its share on the left; None without a brain or a voxel."""
        if self.plane is None or not mask.any():
            return None, None
        return side_of(mask, _affine_at(box, self.affine), self.plane)


def _brain_place(
    brain: Mask | None, affine: Affine
) -> tuple[Point, MidPlane | None] | tuple[None, None]:
    """The centre of gravity of the brain and its mid-sagittal plane; None without a brain."""
    box = None if brain is None else bounding_box(brain)
    if brain is None or box is None:
        return None, None
    here = _affine_at(box, affine)
    return _centre_mm(brain[box], here), mid_sagittal_plane(brain[box], here)


def _affine_at(box: Box, affine: Affine) -> Affine:
    """The affine of the part of a volume that lies at ``box``."""
    moved = affine.copy()
    moved[:3, 3] += affine[:3, :3] @ [side.start for side in box]
    return moved


def _moved(diameters: Diameters, by: list[int]) -> Diameters:
    """The same lines in voxel coordinates of the whole volume."""
    longest, across = (
        Line(_shifted(line.start, by), _shifted(line.end, by), line.length_mm)
        for line in (diameters.longest, diameters.perpendicular)
    )
    return Diameters(longest, across)


def _shifted(point: Point, by: list[int]) -> Point:
    return point[0] + by[0], point[1] + by[1], point[2] + by[2]


def _centre_mm(mask: Mask, affine: Affine) -> Point:
    """The centre of gravity of a mask with voxels in scanner mm, from its sums along each axis."""
    total = np.count_nonzero(mask)
    voxel = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        counts = np.count_nonzero(mask, axis=others)
        voxel.append(float(counts @ np.arange(mask.shape[axis]) / total))
    x, y, z = (affine[:3, :3] @ voxel + affine[:3, 3] + 0.0).tolist()
    return x, y, z
