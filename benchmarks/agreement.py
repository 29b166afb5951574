"""Our figures beside the official definitions, situation by situation.

    python benchmarks/agreement.py [FOLDER OF LABELLED CASES] [--every 3]

Prints two tables for docs/metrics.md. The first has made-up pairs, each value of ours beside that
of `official_scoring`. The second has the worst absolute difference over all pairs of a kind: every
label map of the folder against itself eroded, dilated, shifted, with lesions added and removed, at
the spacing of the file and with every third slice only (three times as thick). One case takes
about 20 s of CPU time.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import warnings
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from official_scoring import official_scores
from scipy import ndimage

from napari_brats.core.boxes import bounding_box, grow_box
from napari_brats.core.labels import LabelMap, Region, region_mask, regions_to_labels
from napari_brats.metrics.lesionwise import CHALLENGES
from napari_brats.metrics.score import ScoreOptions, score_regions

Pair = tuple[LabelMap, LabelMap, tuple[float, float, float]]
SHAPE, MM = (60, 60, 40), (1.0, 1.0, 1.0)
MARGIN = 25
"""Voxels around a real tumour that are kept; more would only make the specificity larger."""

METRICS = {
    "dice": "Dice",
    "hd95_mm": "HD95 mm",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "lesionwise_dice": "lesion-wise Dice",
    "lesionwise_hd95_mm": "lesion-wise HD95 mm",
    "lesions_found": "found",
    "lesions_missed": "missed",
    "lesions_false": "false",
}
COUNTS = ("lesions_found", "lesions_missed", "lesions_false")


def ball(centre: tuple[float, ...], radius: float, shape: tuple[int, ...] = SHAPE) -> LabelMap:
    """ET of that radius, where there is room in a rim of NCR."""
    squared = sum(
        (g - c) ** 2 for g, c in zip(np.ogrid[tuple(map(slice, shape))], centre, strict=True)
    )
    core = squared <= radius**2
    return regions_to_labels(squared <= (radius + 2) ** 2, core, squared <= (radius - 2) ** 2)


def specks(seed: int, count: int) -> LabelMap:
    """Cubes of ET of 1 to 6 voxels' edge, many within reach of each other's dilation."""
    random, labels = np.random.default_rng(seed), np.zeros(SHAPE, np.uint8)
    for _ in range(count):
        corner, edge = random.integers(0, np.array(SHAPE) - 6), int(random.integers(1, 7))
        labels[tuple(slice(c, c + edge) for c in corner)] = 3
    return labels


def situations() -> dict[str, Pair]:
    """The made-up pairs by name."""
    nothing, one = np.zeros(SHAPE, np.uint8), ball((20, 30, 20), 9)
    many = specks(1, 40)
    half = np.where(np.indices(SHAPE)[0] < 30, many, 0).astype(np.uint8)
    joined, apart = nothing.copy(), nothing.copy()
    joined[10:15, 10:15, 10:15] = joined[21:26, 10:15, 10:15] = 3  # six voxels between them
    apart[10:15, 10:15, 10:15] = apart[22:27, 10:15, 10:15] = 3  # seven
    first, small = joined.copy(), nothing.copy()
    first[21:] = 0
    small[10:13, 10:13, 10:13] = small[40:46, 40:46, 20:26] = 3  # 27 and 216 mm3
    only_large = small.copy()
    only_large[:30] = 0
    return {
        "identical": (one, one, MM),
        "disjoint": (one, ball((44, 30, 20), 7), MM),
        "both empty": (nothing, nothing, MM),
        "prediction empty": (one, nothing, MM),
        "reference empty": (nothing, one, MM),
        "two joined by dilation, one found": (joined, first, MM),
        "two just not joined, one found": (apart, first, MM),
        "one lesion under 50 mm3, missed": (small, only_large, MM),
        "many small lesions, others predicted": (many, specks(2, 30), MM),
        "many small lesions, half of them found": (many, half, MM),
        "many small lesions, moved by 2": (many, np.roll(many, 2, axis=1), MM),
        "anisotropic 0.9 x 0.9 x 3.3 mm": (one, ball((22, 29, 21), 8), (0.9, 0.9, 3.3)),
        "many small, 0.5 x 0.7 x 2.5 mm": (many, np.roll(many, 1, axis=2), (0.5, 0.7, 2.5)),
    }


def altered(labels: LabelMap, seed: int) -> dict[str, LabelMap]:
    """What may have been predicted for a label map, by name."""
    regions = {region: region_mask(labels, region) for region in Region}
    eroded = {r: ndimage.binary_erosion(mask, iterations=2) for r, mask in regions.items()}
    dilated = {r: ndimage.binary_dilation(mask, iterations=2) for r, mask in regions.items()}
    return {
        "eroded": regions_to_labels(*eroded.values()),
        "dilated": regions_to_labels(*dilated.values()),
        "shifted": np.roll(labels, (3, -2, 4), axis=(0, 1, 2)),
        "lesions added": with_lesions(labels, seed),
        "lesions removed": without_lesions(labels, seed),
    }


def with_lesions(labels: LabelMap, seed: int) -> LabelMap:
    """Fifteen balls of 1 to 6 voxels' radius, around the tumour and far from it."""
    random, found = np.random.default_rng(seed), labels.copy()
    points = np.argwhere(labels)
    for number in range(15):
        centre = points[random.integers(len(points))] + random.integers(-1, 2, 3) * (4 + number)
        radius, label = random.integers(1, 7), random.integers(1, 4)
        grid = np.ogrid[tuple(map(slice, labels.shape))]
        inside = sum((g - c) ** 2 for g, c in zip(grid, centre, strict=True)) <= radius**2
        found[inside & (found == 0)] = label
    return found


def without_lesions(labels: LabelMap, seed: int) -> LabelMap:
    """Each component of each label is there or not, by a coin."""
    random, found = np.random.default_rng(seed), labels.copy()
    for label in (1, 2, 3):
        components, count = ndimage.label(labels == label, np.ones((3, 3, 3)))
        keep = random.random(count + 1) < 0.5
        found[(components > 0) & ~keep[components]] = 0
    return found


def real_pairs(folder: Path, every: int) -> Iterator[tuple[str, Pair]]:
    """Each label map below a folder against what may have been predicted for it."""
    from napari_brats.io.discover import discover
    from napari_brats.io.load import label_volume
    from napari_brats.io.nifti import read_volume

    for seed, files in enumerate(f for f in discover(folder, strict=False) if f.label_map):
        disk = read_volume(files.label_map.path)
        volume = label_volume(disk, {}, None, files.convention_hint, files.naming).volume
        x, y, z = volume.grid.spacing_mm
        box = grow_box(bounding_box(volume.data > 0), MARGIN, volume.data.shape)
        labels = np.ascontiguousarray(volume.data[box])
        for name, prediction in altered(labels, seed).items():
            yield name, (labels, prediction, (x, y, z))
            if seed % every == 0:
                thick = (x, y, 3 * z)
                yield (
                    f"{name}, slices of {3 * z:g} mm",
                    (
                        np.ascontiguousarray(labels[:, :, ::3]),
                        np.ascontiguousarray(prediction[:, :, ::3]),
                        thick,
                    ),
                )
        print(f"{seed + 1}: {files.case_id}", file=sys.stderr, flush=True)


def differences(pair: Pair, challenge: str) -> Iterator[tuple[str, str, float, float]]:
    """Region, metric, our value and the official one."""
    ours = score_regions(*pair, ScoreOptions(challenge=CHALLENGES[challenge]))
    for region, values in official_scores(*pair, challenge).items():
        for metric, value in values.items():
            yield region, metric, getattr(ours[Region(region)], metric), value


def first_table() -> None:
    """Our value / the official one of ET, and the worst difference over all regions."""
    print("| pair | rules | " + " | ".join(METRICS.values()) + " | worst difference, all regions |")
    print("|---" * (len(METRICS) + 3) + "|")
    for (name, pair), challenge in itertools.product(situations().items(), ("GLI", "MET")):
        found = list(differences(pair, challenge))
        cells = [
            f"{ours:g} / {theirs:g}" if metric in COUNTS else f"{ours:.6f} / {theirs:.6f}"
            for region, metric, ours, theirs in found
            if region == "ET"
        ]
        worst = max(abs(ours - theirs) for _, _, ours, theirs in found)
        print(f"| {name} | {challenge} | {' | '.join(cells)} | {worst:.1e} |")


def second_table(folder: Path, every: int) -> None:
    """The worst difference of each metric over the pairs of each kind."""
    worst: dict[str, dict[str, float]] = defaultdict(lambda: dict.fromkeys(METRICS, 0.0))
    counts: dict[str, int] = defaultdict(int)
    try:
        for number, (name, pair) in enumerate(real_pairs(folder, every)):
            for challenge in ("GLI", "MET") if number % 7 == 0 else ("GLI",):
                counts[name] += 3
                for _, metric, ours, theirs in differences(pair, challenge):
                    worst[name][metric] = max(worst[name][metric], abs(ours - theirs))
    except KeyboardInterrupt:
        print("Interrupted: the table holds what was compared so far.", file=sys.stderr)
    print("\n| prediction | n | " + " | ".join(METRICS.values()) + " |")
    print("|---" * (len(METRICS) + 2) + "|")
    for name, values in worst.items():
        cells = [f"{v:g}" if m in COUNTS else f"{v:.1e}" for m, v in values.items()]
        print(f"| {name} | {counts[name]} | {' | '.join(cells)} |")


def main() -> None:
    """Run and print."""
    warnings.simplefilter("ignore", DeprecationWarning)  # surface-distance uses old scipy names
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--every", type=int, default=3, help="thick slices for every n-th case")
    arguments = parser.parse_args()
    first_table()
    if arguments.folder:
        second_table(arguments.folder, arguments.every)


if __name__ == "__main__":
    main()
