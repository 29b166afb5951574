"""Our metrics beside surface-distance, MONAI and MedPy: the same pair, in one run.

    pip install surface-distance monai medpy
    python benchmarks/metrics.py [--repeats 3]

One synthetic pair of 240x240x155 at 1 mm: a tumour of three nested balls with wavy surfaces and two
satellites, and a copy that is shifted and perturbed. Each library computes what it has for WT, TC
and ET; ours computes everything, lesion-wise scores included. Reports the CPU time of each (it
holds on a busy machine, too) and the wall time of ours, with the HD95 of each, which is by voxel
borders in MONAI and MedPy. Then the live scorer: a stroke in the same pair, and what scoring it
anew costs. Libraries that are not installed are reported as not measured.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import numpy as np
from rows import AT_MOST, TIMES_FASTER, Goal, Row, report

from napari_brats.core.labels import REGIONS, LabelMap, Mask, region_mask, regions_to_labels
from napari_brats.metrics.live import PairScorer
from napari_brats.metrics.score import score_regions

SHAPE, SPACING = (240, 240, 155), (1.0, 1.0, 1.0)
Pairs = list[tuple[Mask, Mask]]
Values = list[float]


def tumour(centre: tuple[float, float, float], waves: float) -> LabelMap:
    """Nested balls of radius 35, 22 and 14 whose surface is wavy, and two satellites of 5."""
    axes = np.ogrid[tuple(map(slice, SHAPE))]

    def distance(place: tuple[float, float, float]) -> Any:
        squared = ((g - c).astype(np.float32) ** 2 for g, c in zip(axes, place, strict=True))
        return np.sqrt(sum(squared))

    x, y, z = (g - c for g, c in zip(axes, centre, strict=True))
    radius = distance(centre) + waves * np.sin(x / 3) * np.cos(y / 4 + z / 5)
    satellites = [(centre[0] + 50, centre[1], centre[2]), (centre[0], centre[1] - 52, centre[2])]
    near = np.minimum(*(distance(place) for place in satellites))
    return regions_to_labels((radius < 35) | (near < 8), radius < 22, (radius < 14) | (near < 5))


def everything(reference: LabelMap, prediction: LabelMap) -> Values:
    """All our metrics of three regions."""
    return [row.hd95_mm for row in score_regions(reference, prediction, SPACING).values()]


def by_surface_distance(pairs: Pairs) -> Values:
    """HD95, mean distances and surface Dice at 1 and 2 mm."""
    import surface_distance as sd

    found = []
    for reference, prediction in pairs:
        geometry = sd.compute_surface_distances(reference, prediction, SPACING)
        sd.compute_average_surface_distance(geometry)
        for tolerance in (1.0, 2.0):
            sd.compute_surface_dice_at_tolerance(geometry, tolerance)
        found.append(float(sd.compute_robust_hausdorff(geometry, 95)))
    return found


def by_monai(pairs: Pairs) -> Values:
    """Dice, Hausdorff, HD95, mean symmetric distance and surface Dice at 1 and 2 mm."""
    import torch
    from monai import metrics

    reference, prediction = (
        torch.from_numpy(np.stack(side)[None].astype(np.uint8)) for side in zip(*pairs, strict=True)
    )
    metrics.compute_dice(prediction, reference)
    metrics.compute_hausdorff_distance(prediction, reference, True, spacing=SPACING)
    metrics.compute_average_surface_distance(
        prediction, reference, True, symmetric=True, spacing=SPACING
    )
    for tolerance in (1.0, 2.0):
        metrics.compute_surface_dice(
            prediction, reference, [tolerance] * 3, True, spacing=SPACING, use_subvoxels=True
        )
    found = metrics.compute_hausdorff_distance(
        prediction, reference, True, percentile=95, spacing=SPACING
    )
    return [float(value) for value in found[0]]


def by_medpy(pairs: Pairs) -> Values:
    """Dice, Jaccard, sensitivity, specificity, precision, Hausdorff, HD95 and mean distance."""
    from medpy.metric import binary

    found = []
    for reference, prediction in pairs:
        for metric in ("dc", "jc", "sensitivity", "specificity", "precision"):
            getattr(binary, metric)(prediction, reference)
        binary.hd(prediction, reference, SPACING)
        binary.assd(prediction, reference, SPACING)
        found.append(float(binary.hd95(prediction, reference, SPACING)))
    return found


OTHERS = {
    "surface_distance": ("surface-distance", "HD95, mean distances, NSD", by_surface_distance),
    "monai": ("MONAI", "Dice, HD, HD95, ASSD, NSD", by_monai),
    "medpy": ("MedPy", "Dice, IoU, sensitivity, ..., HD, HD95, ASSD", by_medpy),
}
Times = tuple[list[float], list[float], Values]
"""CPU seconds, wall seconds, and what came out."""


def timed(work: Callable[[], Values], repeats: int) -> Times:
    """The CPU and wall times of some calls, and the result."""
    cpu_s, wall_s, result = [], [], []
    for _ in range(repeats):
        cpu, wall = time.process_time(), time.perf_counter()
        result = work()
        cpu_s.append(time.process_time() - cpu)
        wall_s.append(time.perf_counter() - wall)
    return cpu_s, wall_s, result


def strokes(prediction: LabelMap) -> Iterator[str]:
    """Edits a hand would make, one after the other, with what each is."""
    for name, box, label in (
        ("ED at the rim, 9x9x1", (slice(141, 150), slice(121, 130), slice(75, 76)), 2),
        ("ED at the rim, 9x9x9", (slice(141, 150), slice(131, 140), slice(71, 80)), 2),
        ("ET inside, 7x7x1", (slice(106, 113), slice(124, 131), slice(75, 76)), 3),
        ("ET far away, 5x5x5", (slice(30, 35), slice(40, 45), slice(50, 55)), 3),
        ("a satellite erased", (slice(150, 175), slice(110, 140), slice(60, 92)), 0),
    ):
        prediction[box] = label
        yield name


def live(reference: LabelMap, prediction: LabelMap) -> None:
    """The time of each stroke in the live scorer, and of scoring the pair anew."""
    scorer = PairScorer(SPACING)
    scorer.score(reference, prediction)
    for name in strokes(prediction):
        cpu_s, _, found = timed(
            lambda: [row.hd95_mm for row in scorer.score(reference, prediction).values()], 1
        )
        anew_s, _, expected = timed(lambda: everything(reference, prediction), 1)
        same = "same scores" if np.allclose(found, expected) else "NOT THE SAME SCORES"
        report(Row(f"live scores after: {name}", cpu_s, None, "s CPU", "anew", anew_s, same))


def main() -> None:
    """Run and report."""
    warnings.simplefilter("ignore")  # the others use old names of scipy and torch
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    reference, prediction = tumour((110, 125, 75), 2.0), tumour((112, 124, 76), 3.0)
    pairs = [(region_mask(reference, r), region_mask(prediction, r)) for r in REGIONS]
    everything(reference, prediction)  # imports
    cpu_s, wall_s, values = timed(lambda: everything(reference, prediction), repeats)
    what = "all metrics, three regions, lesion-wise included"
    report(Row(what, cpu_s, Goal(AT_MOST, 0.3), "s CPU", note=hd95(values)))
    report(Row(f"{what}, wall time", wall_s))
    for module, (peer, part, work) in OTHERS.items():
        name, goal = f"{what}, beside {peer}", Goal(TIMES_FASTER, 1)
        if not find_spec(module):
            report(Row(name, goal=goal, peer=peer, missing=f"{module} is not installed"))
            continue
        others, _, values = timed(lambda work=work: work(pairs), 1 if module == "medpy" else 2)
        note = f"{peer}: {part} only; its {hd95(values)}"
        report(Row(name, cpu_s, goal, "s CPU", peer, others, note))
    live(reference, prediction)


def hd95(values: Values) -> str:
    """The HD95 of the three regions in words."""
    return "HD95 of WT, TC, ET " + ", ".join(f"{value:.6f}" for value in values) + " mm"


if __name__ == "__main__":
    main()
