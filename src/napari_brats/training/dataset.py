"""Labelled cases as a stream of patches that depends on nothing but the seed and the step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import Dataset

from napari_brats.core.case import Case
from napari_brats.core.errors import CaseError
from napari_brats.core.labels import REGIONS, LabelMap, region_mask
from napari_brats.inference.preprocess import prepare_image
from napari_brats.training.augment import augment
from napari_brats.training.config import TrainConfig

POINTS_PER_LABEL = 4000


@dataclass(frozen=True, eq=False)
class TrainingCase:
    """A prepared case: image (C, X, Y, Z) float16, labels (X, Y, Z), and voxels to centre on.

    ``centres`` has one (N, 3) array per label that occurs.
    """

    case_id: str
    image: npt.NDArray[np.float16]
    labels: LabelMap
    centres: tuple[npt.NDArray[np.int64], ...]


def prepare_case(case: Case, config: TrainConfig) -> TrainingCase:
    """A training case of a labelled case; CaseError if it has no label map."""
    if case.label_map is None:
        raise CaseError(
            f"Case {case.case_id} has no label map, so nothing can be learned from it. "
            f"Expected a file such as {case.case_id}-seg.nii.gz beside its images."
        )
    grid = case.require_one_grid()
    arrays = {m: v.data for m, v in case.volumes.items()}
    prepared = prepare_image(arrays, grid, config.modalities)
    labels = np.ascontiguousarray(prepared.placement.to_canonical(case.label_map.volume.data))
    rng = np.random.default_rng(config.seed)
    centres = []
    for label in np.unique(labels[labels > 0]):
        voxels = np.argwhere(labels == label)
        centres.append(rng.permutation(voxels)[:POINTS_PER_LABEL])
    return TrainingCase(case.case_id, prepared.image.astype(np.float16), labels, tuple(centres))


class PatchDataset(Dataset[tuple[Tensor, Tensor]]):
    """Item i is the i-th patch of the run: the same for the same seed, whoever asks and when."""

    def __init__(self, cases: Sequence[TrainingCase], config: TrainConfig) -> None:
        self.cases = tuple(cases)
        self.config = config

    def __len__(self) -> int:
        return self.config.steps * self.config.batch_size

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """Image ``(C, *patch_size)`` and region masks ``(R, *patch_size)``, float32."""
        config = self.config
        rng = np.random.default_rng((config.seed, index))
        order = np.random.default_rng((config.seed, 1, index // len(self.cases)))
        case = self.cases[order.permutation(len(self.cases))[index % len(self.cases)]]
        centre = self._draw_centre(case, rng)
        image = _cut(case.image, centre, config.patch_size).astype(np.float32)
        labels = _cut(case.labels[None], centre, config.patch_size)[0]
        regions = np.stack([region_mask(labels, region) for region in REGIONS])
        return augment(
            torch.from_numpy(image),
            torch.from_numpy(regions.astype(np.float32)),
            rng,
            config.modality_dropout,
        )

    def _draw_centre(self, case: TrainingCase, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        shape = np.array(case.labels.shape)
        if case.centres and rng.random() < self.config.tumour_share:
            points = case.centres[rng.integers(len(case.centres))]
            jitter = rng.integers(-16, 17, size=3)
            return np.clip(points[rng.integers(len(points))] + jitter, 0, shape - 1)
        return rng.integers(shape)


def _cut(
    array: npt.NDArray[np.generic], centre: npt.NDArray[np.int64], size: tuple[int, int, int]
) -> npt.NDArray[np.generic]:
    """A (C, *size) patch about ``centre``, moved inside the array, padded where that is smaller."""
    patch = np.zeros((array.shape[0], *size), array.dtype)
    source, target = [slice(None)], [slice(None)]
    for middle, length, extent in zip(centre, array.shape[1:], size, strict=True):
        start = int(np.clip(middle - extent // 2, min(0, length - extent), max(0, length - extent)))
        if length < extent:
            start = -((extent - length) // 2)
        begin, end = max(start, 0), min(start + extent, length)
        source.append(slice(begin, end))
        target.append(slice(begin - start, end - start))
    patch[tuple(target)] = array[tuple(source)]
    return patch
