"""Lesions of one patient blended into the brain of another."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from napari_brats.core.boxes import Box, bounding_box, grow_box
from napari_brats.core.components import label_components
from napari_brats.core.labels import LabelMap, Region, region_mask
from napari_brats.training.augment import MIRROR_AXIS, Warp, blur, random_turn, warp_patch
from napari_brats.training.crop import Voxel
from napari_brats.training.placed import PlacedLesion, choose_corner
from napari_brats.training.tissue import FloatArray, Lesion, MappedCase

MARGIN = 6
MAX_TURN_DEGREES = 12.0
SCALES = (0.9, 1.6)
"""Of the coordinates: donors are shrunk rather than enlarged, since small lesions are rare."""
BEND_VOXELS = 2.0
FEATHER_VOXELS = 1.2
MIN_WHITE_VOXELS = 200
_BRAIN_BIT = 128


def transplant(
    donor: MappedCase, recipient: MappedCase, rng: np.random.Generator
) -> PlacedLesion | None:
    """A lesion of the donor, turned, scaled, bent and perhaps mirrored, for the recipient.

    It comes to lie about where it lay in the donor, or on the other side, or where else there is
    room. None if there is none, or if the donor has no lesion or lacks a modality. Its intensities
    keep their distance from white matter in units of the healthy brain's spread, give or take.
    """
    if not donor.lesions or (recipient.tissues.present & ~donor.tissues.present).any():
        return None
    sizes = np.sqrt([lesion.voxels for lesion in donor.lesions])
    lesion = donor.lesions[rng.choice(len(sizes), p=sizes / sizes.sum())]
    mirrored = bool(rng.random() < 0.5)
    image, labels, brain = _cut_out(donor, lesion, mirrored, rng)
    box = bounding_box(labels > 0)
    if box is None:
        return None
    box = grow_box(box, 4, labels.shape)
    image, labels, brain = image[(slice(None), *box)], labels[box], brain[box]
    home = _relative_centre(lesion.box, donor.shape, mirrored) * recipient.shape
    corner = choose_corner(labels > 0, recipient.tissues, recipient.shape, [home], rng)
    if corner is None:
        return None
    softened = blur(torch.from_numpy((labels > 0).astype(np.float32)), FEATHER_VOXELS).numpy()
    weight: FloatArray = np.clip((softened - 0.2) / 0.5, 0, 1).astype(np.float32) * brain
    labels = labels * (weight > 0.35)  # a thread of tumour that blending blots out is none
    matched = _matched(image, lesion.box, donor, recipient, corner, rng)
    return PlacedLesion(corner, matched, weight, labels)


def _cut_out(
    donor: MappedCase, lesion: Lesion, mirrored: bool, rng: np.random.Generator
) -> tuple[FloatArray, LabelMap, npt.NDArray[np.bool_]]:
    """Image, labels of the one lesion, and brain, about the lesion and changed in shape."""
    box = grow_box(lesion.box, MARGIN, donor.shape)
    image = torch.from_numpy(np.asarray(donor.image[(slice(None), *box)], dtype=np.float32))
    labels = donor.labels[box]
    components, _ = label_components(region_mask(labels, Region.WT))
    seed = tuple(voxel - side.start for voxel, side in zip(lesion.seed, box, strict=True))
    coded = labels * (components == components[seed])
    coded = torch.from_numpy(coded) + _BRAIN_BIT * (image != 0).any(dim=0)
    if mirrored:
        image, coded = image.flip(MIRROR_AXIS), coded.flip(MIRROR_AXIS - 1)
    bend = rng.standard_normal((3, 5, 5, 5), dtype=np.float32) * np.float32(BEND_VOXELS)
    matrix = random_turn(rng, MAX_TURN_DEGREES, SCALES)
    extents = np.array(labels.shape)
    x, y, z = np.ceil(np.abs(np.linalg.inv(matrix)) @ extents + 2 * BEND_VOXELS).astype(int)
    warp = Warp(matrix, torch.from_numpy(bend))
    moved, coded = warp_patch(
        image, coded.to(torch.uint8), warp, (extents - 1) / 2, (int(x), int(y), int(z))
    )
    code: LabelMap = coded.numpy()
    return np.asarray(moved.numpy()), code % np.uint8(_BRAIN_BIT), code >= _BRAIN_BIT


def _relative_centre(box: Box, shape: tuple[int, ...], mirrored: bool) -> npt.NDArray[np.float64]:
    """(3,) from 0 to 1 along each edge of the brain's box."""
    middle = np.array([(side.start + side.stop) / 2 for side in box]) / shape
    if mirrored:
        middle[MIRROR_AXIS - 1] = 1 - middle[MIRROR_AXIS - 1]
    return middle


def _matched(
    image: FloatArray,
    box: Box,
    donor: MappedCase,
    recipient: MappedCase,
    corner: Voxel,
    rng: np.random.Generator,
) -> FloatArray:
    """The donor's intensities in the recipient's, with a little more or less conspicuity."""
    there = tuple(
        slice(max(0, int(c)), max(0, int(c) + n))
        for c, n in zip(corner, image.shape[1:], strict=True)
    )
    scale = recipient.tissues.spread / donor.tissues.spread
    conspicuity = np.exp(rng.normal(0, 0.15) + rng.normal(0, 0.08, len(scale)))
    scale = (scale * conspicuity).astype(np.float32)[:, None, None, None]
    own = _local_white(donor, box)[:, None, None, None]
    return (image - own) * scale + _local_white(recipient, there)[:, None, None, None]


def _local_white(case: MappedCase, box: tuple[slice, ...]) -> FloatArray:
    """(C,) the median of unlabelled white matter in and about a box, or of the whole case."""
    near = tuple(slice(max(0, side.start - 8), side.stop + 8, 2) for side in box)
    image = np.asarray(case.image[(slice(None), *near)], dtype=np.float32)
    white = case.tissues.thresholds.white(image) & (image != 0).any(axis=0)
    white &= case.labels[near] == 0
    if np.count_nonzero(white) < MIN_WHITE_VOXELS:
        return case.tissues.white
    return np.asarray(np.median(image[:, white], axis=1))
