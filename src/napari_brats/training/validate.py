"""How the network does on the left-out cases while it is trained, by the pass of inference."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from napari_brats.core.labels import REGIONS, Mask, Region, region_mask
from napari_brats.inference.torch_network import predict_whole
from napari_brats.inference.windows import Logits
from napari_brats.models.network import Network
from napari_brats.training.dataset import TrainingCase
from napari_brats.training.logs import RunLog

MAX_PICTURES = 8
"""So many cases are shown in TensorBoard at each validation."""


def validator(
    cases: Sequence[TrainingCase], device: str
) -> Callable[[Network, int, RunLog], float]:
    """A function of network, step and log that logs the Dice of each case and gives their mean.

    Regions absent from a reference do not count; a mean of nothing is 0. Pictures of the first
    `MAX_PICTURES` cases are logged, too.
    """

    def validate(network: Network, step: int, log: RunLog) -> float:
        rows = []
        for number, case in enumerate(cases):
            prediction = _logits(network, case.image.astype(np.float32), device) > 0
            rows.append((case.case_id, _dice(prediction, case)))
            if number < MAX_PICTURES:
                log.picture(step, case, prediction)
        log.validation(step, rows)
        values = [v for _, dice in rows for v in dice.values() if not math.isnan(v)]
        return statistics.fmean(values) if values else 0.0

    return validate


def _dice(regions: Mask, case: TrainingCase) -> dict[Region, float]:
    dice = {}
    for region, prediction in zip(REGIONS, regions, strict=True):
        reference = region_mask(case.labels, region)
        total = np.count_nonzero(reference) + np.count_nonzero(prediction)
        overlap = 2 * np.count_nonzero(reference & prediction)
        dice[region] = overlap / total if reference.any() else math.nan
    return dice


def _logits(network: Network, image: npt.NDArray[np.float32], device: str) -> Logits:
    steps = predict_whole(network, image, device)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            logits: Logits = end.value
            return logits
