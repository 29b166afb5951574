"""Labelled cases as a stream of patches that depends on nothing but the seed and the step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import Dataset

from napari_brats.core.labels import REGIONS, LabelMap, region_mask
from napari_brats.core.modalities import Modality
from napari_brats.training.augment import (
    MIRROR_AXIS,
    Warp,
    degrade,
    draw_warp,
    drop_modalities,
    warp_patch,
)
from napari_brats.training.config import TrainConfig
from napari_brats.training.crop import Size, Voxel, crop, patch_start
from napari_brats.training.growth import grow
from napari_brats.training.intensity import apply_tables, draw_tables
from napari_brats.training.placed import PlacedLesion
from napari_brats.training.tissue import FloatArray, Lesion, MappedCase, Tissues, map_case
from napari_brats.training.transplant import transplant

JITTER_VOXELS = 16
_STREAMS = tuple(
    enumerate(("place", "warp", "bend", "scheme", "intensity", "resolution", "dropout", "lesion"))
)


@dataclass(frozen=True, eq=False)
class TrainingCase:
    """A prepared case: image (C, X, Y, Z) float16, labels (X, Y, Z), and voxels to centre on.

    ``centres`` has one (N, 3) array per label that occurs.
    """

    case_id: str
    image: npt.NDArray[np.float16]
    labels: LabelMap
    centres: tuple[npt.NDArray[np.int64], ...]


class PatchDataset(Dataset[tuple[Tensor, Tensor]]):
    """Item i is the i-th patch of the run: the same for the same seed, whoever asks and when."""

    def __init__(self, cases: Sequence[TrainingCase], config: TrainConfig) -> None:
        self.cases = tuple(cases)
        self.config = config
        self._found: dict[int, tuple[Tissues, tuple[Lesion, ...]]] = {}  # filled as cases are met

    def __len__(self) -> int:
        return self.config.steps * self.config.batch_size

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """Image ``(C, *patch_size)`` and region masks ``(R, *patch_size)``, float32."""
        config, settings = self.config, self.config.augment
        rngs = {name: np.random.default_rng((config.seed, index, n)) for n, name in _STREAMS}
        order = np.random.default_rng((config.seed, 1, index // len(self.cases)))
        number = int(order.permutation(len(self.cases))[index % len(self.cases)])
        case = self.cases[number]
        lesion = self._draw_lesion(number, rngs["lesion"])
        centre = self._draw_centre(case, rngs["place"], lesion)
        start = patch_start(case.labels.shape, centre, config.patch_size)
        warp = draw_warp(settings, rngs["warp"], rngs["bend"])
        begin, end = _source_box(case.labels.shape, start, config.patch_size, warp)
        image, labels = crop(case.image, begin, end), crop(case.labels[None], begin, end)[0]
        if lesion is not None:
            lesion.paste(image, labels, begin)
        tables = self._draw_tables(number, rngs["scheme"], rngs["intensity"])
        patch, drawn = torch.from_numpy(apply_tables(image, tables)), torch.from_numpy(labels)
        if warp is not None:
            middle = start + (np.array(config.patch_size) - 1) / 2 - begin
            patch, drawn = warp_patch(patch, drawn, warp, middle, config.patch_size)
        if rngs["place"].random() < settings.mirror:
            patch, drawn = patch.flip(MIRROR_AXIS), drawn.flip(MIRROR_AXIS - 1)
        patch = degrade(patch, settings, rngs["intensity"], rngs["resolution"])
        patch = drop_modalities(patch, rngs["dropout"], settings.modality_dropout)
        return patch.contiguous(), _regions(drawn.numpy())

    def _case_map(self, number: int) -> MappedCase:
        case, modalities = self.cases[number], self.config.modalities
        if number not in self._found:
            t1, t2 = (
                modalities.index(m) if m in modalities else 0 for m in (Modality.T1N, Modality.T2W)
            )
            mapped = map_case(case.image, case.labels, t1, t2)
            self._found[number] = mapped.tissues, mapped.lesions
        # The arrays are not kept: each may be a mapped file, and a process may open only so many.
        return MappedCase(case.image, case.labels, *self._found[number])

    def _draw_lesion(self, number: int, rng: np.random.Generator) -> PlacedLesion | None:
        """What another patient lends to this case, or what grows in it; mostly None."""
        settings, draw = self.config.augment, rng.random()
        if draw < settings.transplant and len(self.cases) > 1:
            donor = (number + int(rng.integers(1, len(self.cases)))) % len(self.cases)
            return transplant(self._case_map(donor), self._case_map(number), rng)
        if settings.transplant <= draw < settings.transplant + settings.growth:
            return grow(self._case_map(number), self.config.modalities, rng)
        return None

    def _draw_tables(
        self, number: int, scheme_rng: np.random.Generator, rng: np.random.Generator
    ) -> FloatArray | None:
        other = int(scheme_rng.integers(len(self.cases)))
        own = self._case_map(number).tissues.quantiles
        others = self._case_map(other).tissues.quantiles
        return draw_tables(self.config.augment, own, others, scheme_rng, rng)

    def _draw_centre(
        self, case: TrainingCase, rng: np.random.Generator, lesion: PlacedLesion | None
    ) -> Voxel:
        """On the new lesion, else on the case's own tumour, as often as the recipe says."""
        shape = np.array(case.labels.shape)
        on_tumour = rng.random() < self.config.tumour_share
        jitter = rng.integers(-JITTER_VOXELS, JITTER_VOXELS + 1, size=3)
        if on_tumour and lesion is not None:
            return np.asarray(np.clip(lesion.centre + jitter, 0, shape - 1))
        if on_tumour and case.centres:
            points = case.centres[rng.integers(len(case.centres))]
            return np.asarray(np.clip(points[rng.integers(len(points))] + jitter, 0, shape - 1))
        return rng.integers(shape)


def _regions(labels: LabelMap) -> Tensor:
    masks = np.stack([region_mask(labels, region) for region in REGIONS])
    return torch.from_numpy(masks.astype(np.float32))


def _source_box(
    shape: tuple[int, ...], start: Voxel, size: Size, warp: Warp | None
) -> tuple[Voxel, Voxel]:
    """First and last (exclusive) voxel of what a patch is made of: itself, or what a warp sees."""
    if warp is None:
        return start, start + size
    middle, reach = start + (np.array(size) - 1) / 2, warp.reach(size)
    begin = np.maximum(np.floor(middle - reach), 0).astype(np.int64)
    end = np.minimum(np.ceil(middle + reach) + 1, shape).astype(np.int64)
    return begin, np.maximum(end, begin + 1)
