"""Our training step beside MONAI's supervised trainer: one network, one patch size, one machine.

    pip install monai pytorch-ignite
    python benchmarks/training.py DATA [--blocks 3] [--steps 12] [--patch 96] [--device cpu]

Both train the same network from the same weights on the same prepared cases, in blocks of steps
that alternate in this one process, so that whatever else the machine does meets both. Each has one
worker process that makes patches. The first steps of a block are not counted: they live on patches
that the worker made during the other's block.

The families of augmentation are those that MONAI has, too, with the same shares; `--all` adds ours
(intensity schemes, transplanted and grown lesions). MONAI gets what its documentation advises: the
deterministic part cached, the foreground's voxels found once, lazy resampling off as by default.
Ours also clips gradients, keeps the moving average of the weights and writes its logs.

Prints seconds per step of each (median over the counted steps, patches included) and the ratio;
then CPU seconds of a step without its patches and of one patch, which hold on a busy machine, too.
With one core for the network and one for the worker, a step takes the longer of the two.
"""

from __future__ import annotations

import argparse
import copy
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.data import CacheDataset, DataLoader
from monai.engines import SupervisedTrainer
from monai.losses import DiceCELoss
from monai.transforms import (
    Compose,
    DeleteItemsd,
    EnsureTyped,
    FgBgToIndicesd,
    Rand3DElasticd,
    RandAdjustContrastd,
    RandAffined,
    RandBiasFieldd,
    RandCropByPosNegLabeld,
    RandFlipd,
    RandGaussianNoised,
    RandGaussianSmoothd,
    RandScaleIntensityd,
    RandShiftIntensityd,
    RandSimulateLowResolutiond,
)

from napari_brats.core.labels import REGIONS, region_mask
from napari_brats.core.modalities import MODALITIES
from napari_brats.core.user_folders import cache_folder
from napari_brats.io.discover import discover
from napari_brats.training.augment_config import AugmentConfig
from napari_brats.training.cache import cached_case
from napari_brats.training.config import TrainConfig
from napari_brats.training.dataset import PatchDataset, TrainingCase
from napari_brats.training.loop import Hardware, train
from napari_brats.training.objectives import RegionObjective
from napari_brats.training.runs import SPACING_MM

OWN_FAMILIES = {"scheme_mixing": 0.0, "transplant": 0.0, "growth": 0.0, "modality_dropout": 0.0}
BOTH = ("image", "label")
WARM_UP_PATCHES = 3


@dataclass
class Clock:
    """Seconds of each step, by block."""

    name: str
    uncounted: int
    steps: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    _in_block: int = 0
    _last: float = 0.0
    _last_cpu: float = 0.0

    def start_block(self) -> None:
        """The other has finished its block."""
        self._in_block = 0
        self._last, self._last_cpu = time.perf_counter(), time.process_time()

    def lap(self) -> None:
        """A step is done."""
        now, cpu = time.perf_counter(), time.process_time()
        self._in_block += 1
        counts = self._in_block > self.uncounted
        self.cpu.append(cpu - self._last_cpu)
        if counts:
            self.steps.append(now - self._last)
        note = "" if counts else " (not counted)"
        print(f"  {self.name}: {now - self._last:.2f} s{note}", flush=True)
        self._last, self._last_cpu = now, cpu


def cases_in(folder: Path, count: int) -> list[TrainingCase]:
    """The first labelled cases, prepared."""
    files = [f for f in discover(folder) if f.label_map is not None][:count]
    return [cached_case(f, MODALITIES, SPACING_MM, cache_folder()) for f in files]


def monai_transforms(config: TrainConfig) -> Compose:
    """Random transforms of our families, with our shares."""
    shares, size = config.augment, config.patch_size
    turn, scale = (np.pi / 9,) * 3, (0.2,) * 3
    return Compose([
        EnsureTyped(keys=BOTH),
        FgBgToIndicesd(keys="label"),
        RandCropByPosNegLabeld(
            keys=BOTH, label_key="label", spatial_size=size, pos=config.tumour_share,
            neg=1 - config.tumour_share, num_samples=1, fg_indices_key="label_fg_indices",
            bg_indices_key="label_bg_indices", allow_smaller=False,
        ),
        RandAffined(
            keys=BOTH, prob=shares.affine, rotate_range=turn, scale_range=scale,
            mode=("bilinear", "nearest"), padding_mode="zeros",
        ),
        Rand3DElasticd(
            keys=BOTH, prob=shares.elastic, sigma_range=(5, 8), magnitude_range=(50, 150),
            mode=("bilinear", "nearest"), padding_mode="zeros",
        ),
        RandFlipd(keys=BOTH, prob=shares.mirror, spatial_axis=0),
        RandScaleIntensityd(keys="image", factors=0.15, prob=shares.intensity, channel_wise=True),
        RandShiftIntensityd(keys="image", offsets=0.15, prob=shares.intensity, channel_wise=True),
        RandAdjustContrastd(keys="image", prob=0.3, gamma=(0.7, 1.5)),
        RandBiasFieldd(keys="image", prob=0.3, coeff_range=(0.0, 0.1)),
        RandGaussianSmoothd(
            keys="image", prob=0.1, sigma_x=(0.4, 1.2), sigma_y=(0.4, 1.2), sigma_z=(0.4, 1.2)
        ),
        RandSimulateLowResolutiond(
            keys="image", prob=shares.low_resolution, zoom_range=(0.25, 0.66)
        ),
        RandGaussianNoised(keys="image", prob=0.15, std=0.15),
        DeleteItemsd(keys=("label_fg_indices", "label_bg_indices")),
    ])  # fmt: skip


def monai_loader(cases: Sequence[TrainingCase], config: TrainConfig) -> DataLoader:
    """Cached cases as MONAI's documentation has it, with one worker."""
    items = [
        {
            "image": np.asarray(case.image, np.float32),
            "label": np.stack([region_mask(case.labels, r) for r in REGIONS]).astype(np.float32),
        }
        for case in cases
    ]
    padded = [_padded(item, config.patch_size) for item in items]
    dataset = CacheDataset(padded, monai_transforms(config), progress=False)
    repeated = torch.utils.data.ConcatDataset([dataset] * 1000)
    return DataLoader(
        repeated, num_workers=1, batch_size=config.batch_size, shuffle=True, prefetch_factor=2
    )


def _padded(item: dict[str, Any], size: Sequence[int]) -> dict[str, Any]:
    """At least as large as a patch along each axis, for MONAI's crop does not pad."""
    shape = item["image"].shape[1:]
    margins = [(0, 0), *((0, max(0, want - have)) for have, want in zip(shape, size, strict=True))]
    return {key: np.pad(value, margins) for key, value in item.items()}


def alternate(
    cases: Sequence[TrainingCase], config: TrainConfig, hardware: Hardware, options: Any
) -> tuple[Clock, Clock]:
    """Seconds per step of ours and of MONAI's."""
    torch.manual_seed(config.seed)
    network = RegionObjective().network(config)
    ours, theirs = Clock("ours", options.uncounted), Clock("MONAI", options.uncounted)
    optimiser = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.95, nesterov=True)
    trainer = SupervisedTrainer(
        device=torch.device(hardware.device),
        max_epochs=1,
        epoch_length=options.blocks * options.steps,
        train_data_loader=monai_loader(cases, config),
        network=network.to(hardware.device),
        optimizer=optimiser,
        loss_function=DiceCELoss(sigmoid=True),
        amp=hardware.amp,
    )
    with tempfile.TemporaryDirectory() as run:
        job = train(cases, Path(run), config, hardware, start=copy.deepcopy(network).cpu())

        def block_of_ours() -> None:
            ours.start_block()
            for _ in range(options.steps):
                next(job)
                ours.lap()
            theirs.start_block()

        @trainer.on(_iteration_completed())
        def _(engine: Any) -> None:
            theirs.lap()
            done = engine.state.iteration
            if done % options.steps == 0 and done < engine.state.epoch_length:
                block_of_ours()

        block_of_ours()
        trainer.run()
        job.close()
    return ours, theirs


def _iteration_completed() -> Any:
    from ignite.engine import Events

    return Events.ITERATION_COMPLETED


def seconds_per_patch(make: Callable[[int], Any], count: int) -> float:
    """CPU time of making patches in this process, after some that fill caches."""
    for number in range(WARM_UP_PATCHES):
        make(number)
    started = time.process_time()
    for number in range(WARM_UP_PATCHES, WARM_UP_PATCHES + count):
        make(number)
    return (time.process_time() - started) / count


def arguments() -> argparse.Namespace:
    """Of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?", default=os.environ.get("NAPARI_BRATS_CASES"))
    parser.add_argument("--cases", type=int, default=4)
    parser.add_argument("--blocks", type=int, default=3)
    parser.add_argument("--steps", type=int, default=12, help="per block")
    parser.add_argument("--uncounted", type=int, default=4, help="first steps of each block")
    parser.add_argument("--patch", type=int, default=96)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--widths", type=int, nargs="+", default=TrainConfig().widths)
    parser.add_argument("--norm", default=TrainConfig().norm)
    parser.add_argument("--patches", type=int, default=20, help="made without a network")
    parser.add_argument("--all", action="store_true", help="our further augmentation, too")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--amp", action="store_true")
    parser.add_argument("--threads", type=int)
    return parser.parse_args()


def main() -> None:
    """Run and print."""
    options = arguments()
    if options.threads:
        torch.set_num_threads(options.threads)
    shares = AugmentConfig() if options.all else replace(AugmentConfig(), **OWN_FAMILIES)
    config = TrainConfig(
        epochs=1,
        steps_per_epoch=options.blocks * options.steps + options.steps + 1,
        batch_size=options.batch,
        patch_size=(options.patch,) * 3,
        widths=tuple(options.widths),
        norm=options.norm,
        validate_every=0,
        checkpoint_every=10**6,
        augment=shares,
    )
    cases = cases_in(Path(options.data), options.cases)
    ours, theirs = alternate(cases, config, Hardware(options.device, options.amp), options)
    own, other = statistics.median(ours.steps), statistics.median(theirs.steps)
    print(f"{len(cases)} cases, patch {options.patch}^3, batch {options.batch}, {options.device}")
    print(f"ours:  {own:.3f} s/step (n = {len(ours.steps)})")
    print(f"MONAI: {other:.3f} s/step (n = {len(theirs.steps)})")
    print(f"ratio MONAI / ours: {other / own:.2f}")
    for clock in (ours, theirs):
        print(
            f"CPU of a step without its patches, {clock.name}: {statistics.median(clock.cpu):.3f} s"
        )
    patches = PatchDataset(cases, config)
    batches = monai_loader(cases, config).dataset
    print(f"CPU of a patch, ours:  {seconds_per_patch(patches.__getitem__, options.patches):.3f} s")
    print(f"CPU of a patch, MONAI: {seconds_per_patch(batches.__getitem__, options.patches):.3f} s")


if __name__ == "__main__":
    main()
