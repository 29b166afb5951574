"""Smooth closed surfaces of masks, with no more triangles than one asks for. No Qt.

A mask is smoothed by a Gaussian in mm, so that steps between voxels and slices vanish, sampled as
coarsely as the triangles demand, and cut at one half by marching cubes (Lorensen and Cline 1987).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_brats.core.boxes import bounding_box
from napari_brats.core.components import label_components
from napari_brats.core.geometry import Spacing
from napari_brats.core.labels import REGIONS, LabelMap, Mask, Region, region_mask
from napari_brats.core.progress import Job, Progress

Steps = tuple[int, int, int]

SMOOTH_MM, BRAIN_SMOOTH_MM = 1.0, 2.5
"""Standard deviation of the Gaussian, for regions and for the brain."""

REGION_TRIANGLES, BRAIN_TRIANGLES = 24_000, 12_000
"""At most so many of each: software rendering turns some 80,000 without stutter."""

TRIANGLES_PER_CELL = 3.0
"""Of marching cubes, per sampled square of a surface: two per cell cut, in 1.5 cells."""


@dataclass(frozen=True, eq=False)
class Mesh:
    """A triangle mesh.

    Attributes
    ----------
    vertices
        (N, 3) float32, in voxels of the array it was made from (voxel centres are whole numbers).
    faces
        (M, 3) indices of vertices.
    """

    vertices: npt.NDArray[np.float32]
    faces: npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Surfaces:
    """The meshes of one label map; regions that are empty, and a brain not known, are left out."""

    regions: Mapping[Region, Mesh]
    brain: Mesh | None


def surfaces_job(labels: LabelMap, brain: Mask | None, spacing_mm: Spacing) -> Job[Surfaces]:
    """The surfaces of all regions and of the brain: arrays of one shape, any axis order."""
    regions: dict[Region, Mesh] = {}
    for number, region in enumerate(REGIONS):
        yield Progress(number, len(REGIONS) + 1, f"Surface of {region.title}")
        mesh = smooth_mesh(region_mask(labels, region), spacing_mm, REGION_TRIANGLES, SMOOTH_MM)
        if mesh is not None:
            regions[region] = mesh
    yield Progress(len(REGIONS), len(REGIONS) + 1, "Surface of the brain")
    return Surfaces(regions, None if brain is None else brain_mesh(brain, spacing_mm))


def brain_mesh(brain: Mask, spacing_mm: Spacing) -> Mesh | None:
    """The outer surface of the brain; None for an empty mask."""
    from scipy.ndimage import binary_fill_holes

    steps = _steps(spacing_mm, 2.0)  # nothing finer is seen of it
    coarse = binary_fill_holes(brain[tuple(slice(None, None, step) for step in steps)])
    spacing = tuple(s * step for s, step in zip(spacing_mm, steps, strict=True))
    mesh = smooth_mesh(coarse, spacing, BRAIN_TRIANGLES, BRAIN_SMOOTH_MM)
    return None if mesh is None else Mesh(mesh.vertices * np.asarray(steps, np.float32), mesh.faces)


def smooth_mesh(
    mask: Mask, spacing_mm: Sequence[float], most_triangles: int, smooth_mm: float
) -> Mesh | None:
    """The smooth surface of a 3-D mask, closed where the mask meets the array's edge.

    Parameters
    ----------
    mask
        Any axis order. Components that smoothing would swallow stay as small bodies.
    spacing_mm
        In the axis order of ``mask``.
    most_triangles
        The mesh has at most so many: it is sampled more coarsely until it does.
    smooth_mm
        Standard deviation of the Gaussian.

    Returns
    -------
    None for an empty mask.
    """
    box = bounding_box(mask)
    if box is None:
        return None
    margin = [int(np.ceil(3 * smooth_mm / s)) + 1 for s in spacing_mm]
    solid = np.pad(mask[box], [(m, m) for m in margin])
    origin = np.array([side.start for side in box]) - margin
    cell_mm = max(
        min(spacing_mm), np.sqrt(TRIANGLES_PER_CELL * _area_mm2(solid, spacing_mm) / most_triangles)
    )
    while True:
        steps = _steps(spacing_mm, cell_mm)
        mesh = _cut(_sampled(solid, spacing_mm, steps, smooth_mm), steps)
        if len(mesh.faces) <= most_triangles:
            return Mesh((mesh.vertices + origin).astype(np.float32), mesh.faces)
        while _steps(spacing_mm, cell_mm) == steps:
            cell_mm *= 1.1


def _sampled(
    solid: Mask, spacing_mm: Sequence[float], steps: Steps, smooth_mm: float
) -> npt.NDArray[np.float32]:
    """The smoothed mask at each ``steps``-th voxel, above one half in every component."""
    from scipy.ndimage import center_of_mass, gaussian_filter, maximum

    sigmas = [
        max(smooth_mm / s, 0.5 * (step - 1)) for s, step in zip(spacing_mm, steps, strict=True)
    ]
    picked = tuple(slice(None, None, step) for step in steps)
    field: npt.NDArray[np.float32] = gaussian_filter(
        solid.astype(np.float32), sigmas, truncate=3.0
    )[picked]
    components, count = label_components(solid)
    numbers = np.arange(1, count + 1)
    highest = np.atleast_1d(maximum(field, components[picked], numbers))
    lost = numbers[~(highest > 0.5)]
    if lost.size:
        places = np.round(np.array(center_of_mass(solid, components, lost)) / steps).astype(int)
        field[tuple(np.minimum(places, np.array(field.shape) - 1).T)] = 1.0
    return field


def _cut(field: npt.NDArray[np.float32], steps: Steps) -> Mesh:
    """The surface at one half; a layer of zeros around the field closes it."""
    from skimage.measure import marching_cubes

    vertices, faces, _, _ = marching_cubes(np.pad(field, 1), 0.5)
    return Mesh(((vertices - 1) * steps).astype(np.float32), faces.astype(np.int32))


def _steps(spacing_mm: Sequence[float], cell_mm: float) -> Steps:
    x, y, z = (max(1, round(cell_mm / s)) for s in spacing_mm)
    return x, y, z


def _area_mm2(solid: Mask, spacing_mm: Sequence[float]) -> float:
    """Of the smooth surface, about: that of the voxels' faces is half as large again."""
    volume = float(np.prod(spacing_mm))
    faces = (
        np.count_nonzero(np.diff(solid.view(np.int8), axis=axis)) * volume / spacing_mm[axis]
        for axis in range(3)
    )
    return sum(faces) / 1.5
