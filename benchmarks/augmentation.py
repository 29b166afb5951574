"""What each family of augmentation costs: seconds of one core per patch.

    python benchmarks/augmentation.py CASES [--patch 96] [--patches 40] [--cases 4]

CASES is a folder of labelled cases. Per family: patches with that family alone, always on; less
the time of a patch with none, that is its cost; times its share in the default settings, what it
adds to an average patch. CPU time, so other work on the machine does not show.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import fields, replace
from itertools import islice
from pathlib import Path

import torch

from napari_brats.io.discover import discover
from napari_brats.io.load import load_case
from napari_brats.training.augment_config import AugmentConfig
from napari_brats.training.config import TrainConfig
from napari_brats.training.dataset import PatchDataset, TrainingCase
from napari_brats.training.prepare import prepare_case

SPACING_MM = (1.0, 1.0, 1.0)
OFF = AugmentConfig(**{setting.name: 0.0 for setting in fields(AugmentConfig)})


def seconds_per_patch(
    cases: list[TrainingCase], config: TrainConfig, augment: AugmentConfig, patches: int
) -> float:
    """CPU seconds of one patch, the first of every case (which maps its tissues) left out."""
    dataset = PatchDataset(cases, replace(config, augment=augment))
    for index in range(len(cases)):
        dataset[index]
    begun = time.process_time()
    for index in range(len(cases), len(cases) + patches):
        dataset[index]
    return (time.process_time() - begun) / patches


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", type=Path)
    parser.add_argument("--patch", type=int, default=96)
    parser.add_argument("--patches", type=int, default=40)
    parser.add_argument("--cases", dest="count", type=int, default=4)
    options = parser.parse_args()
    torch.set_num_threads(1)
    config = TrainConfig(patch_size=(options.patch,) * 3)
    cases = [
        prepare_case(load_case(files), config.modalities, SPACING_MM)
        for files in islice(discover(options.cases), options.count)
    ]
    plain = seconds_per_patch(cases, config, OFF, options.patches)
    print(f"{'family':20} {'s, always on':>13} {'share':>6} {'s on average':>13}")
    print(f"{'none':20} {plain:13.3f} {'':>6} {plain:13.3f}")
    for setting in fields(AugmentConfig):
        share = getattr(AugmentConfig(), setting.name)
        alone = replace(OFF, **{setting.name: 1.0})
        cost = seconds_per_patch(cases, config, alone, options.patches) - plain
        print(f"{setting.name:20} {cost:13.3f} {share:6.2f} {cost * share:13.3f}")
    whole = seconds_per_patch(cases, config, AugmentConfig(), options.patches)
    print(f"{'all, by default':20} {'':13} {'':6} {whole:13.3f}")


if __name__ == "__main__":
    main()
