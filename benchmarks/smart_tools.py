"""What wand and smart brush find by themselves, on labelled cases.

    python benchmarks/smart_tools.py CASES [--only ID ...] [--half choose|report]

CASES is a folder of labelled cases. Wand: one click in the middle of the largest part of a region
(the voxel deepest inside it), reach 40 mm, through the volume; Dice of what grows with the whole
region, at the strictness that the panel begins with for the label in question, and at the best
position of the slider. Smart brush: a disc of 11 voxels on a random border voxel of the region, the
stroke begun 3 mm or deeper inside it; Dice, within the disc, of what is painted with the region,
and that of a plain brush. Regions of less than 500 voxels are left out.

With ``--half`` every second case: the defaults were chosen on the 1st, 3rd, ... of the ids
("choose"), so "report" is what they are worth. CPU times are of this process.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from pathlib import Path
from statistics import fmean, median

import numpy as np

from napari_brats.core.components import label_components
from napari_brats.core.edits.grow import start_growth
from napari_brats.core.edits.similar import (
    Appearance,
    appearance_of,
    similar_part,
    strictness_to_limit,
)
from napari_brats.core.labels import REGIONS, Label, Mask, Region, region_mask
from napari_brats.core.progress import drain
from napari_brats.inference.preprocess import foreground_mask
from napari_brats.io.discover import discover
from napari_brats.io.load import load_case
from napari_brats.widgets.tools_panel import (
    DEFAULT_REACH_MM,
    DEFAULT_STRICTNESS,
    STRICTNESS_OF,
)

LABEL_OF = {Region.WT: Label.ED, Region.TC: Label.NCR, Region.ET: Label.ET}
"""The label that one would have in hand to paint a region."""

LEAST_VOXELS = 500
SLIDER = range(0, 101, 5)
DABS = 40
RADIUS = 5
DEPTH_MM = 3.0


def dice(found: Mask, region: Mask, size: int | None = None) -> float:
    """``size``: of the whole region where ``region`` is only the part in a box."""
    total = int(found.sum()) + (int(region.sum()) if size is None else size)
    return 2 * int((found & region).sum()) / total if total else 1.0


def wand(
    appearance: Appearance, region: Mask, depth: np.ndarray, spacing: tuple[float, float, float]
) -> dict[int, float]:
    """Strictness -> Dice of what grows from the deepest voxel of the largest part."""
    parts, _count = label_components(region)
    largest = parts == 1 + np.bincount(parts.ravel())[1:].argmax()
    seed = np.unravel_index(np.where(largest, depth, 0).argmax(), region.shape)
    voxel = [int(i) for i in seed]
    growth = start_growth(appearance, region.shape, voxel, spacing, reach_mm=DEFAULT_REACH_MM)
    if growth is None:
        return dict.fromkeys(SLIDER, 0.0)
    size, inside = int(region.sum()), region[growth.box]
    return {s: dice(growth.region(strictness_to_limit(s)), inside, size) for s in SLIDER}


def dabs(
    appearance: Appearance, region: Mask, depth: np.ndarray, strictness: float
) -> list[tuple[float, float]]:
    """Dice within the disc of the smart and of the plain brush, at random places of the border."""
    rng = np.random.default_rng(0)
    y, x = np.ogrid[-RADIUS : RADIUS + 1, -RADIUS : RADIUS + 1]
    disc = (y**2 + x**2 <= RADIUS**2 + 1)[:, :, np.newaxis]
    border = np.argwhere((depth > 0) & (depth <= 1))
    rows: list[tuple[float, float]] = []
    for at in rng.permutation(border)[: 4 * DABS]:
        low = at - (RADIUS, RADIUS, 0)
        box = tuple(slice(int(a), int(a) + n) for a, n in zip(low, disc.shape, strict=True))
        if (low < 0).any() or depth[box].shape != disc.shape:
            continue
        starts = np.argwhere((depth[box] >= DEPTH_MM) & disc)
        if not len(starts) or len(rows) == DABS:
            continue
        start = rng.choice(starts)
        look = appearance.look_at(low + start)
        if look is None:
            continue
        path = np.linspace(start, (RADIUS, RADIUS, 0), 2 * RADIUS).round().astype(int)
        unlikeness = appearance.unlikeness(look, box)
        painted = similar_part(unlikeness, disc, path, strictness_to_limit(strictness))
        inside = region[box] & disc
        rows.append((dice(painted, inside), dice(disc & np.isfinite(unlikeness), inside)))
    return rows


def main() -> None:
    """Print a row per case and region, and the means."""
    import edt

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", type=Path)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--half", choices=("choose", "report"))
    asked = parser.parse_args()
    files = sorted(discover(asked.cases), key=lambda f: f.case_id)
    files = files[{"choose": 0, "report": 1}.get(asked.half, 0) :: 2 if asked.half else 1]
    wands, brushes = defaultdict(list), defaultdict(list)
    for each in files:
        if asked.only and each.case_id not in asked.only:
            continue
        case = load_case(each)
        if case.label_map is None:
            continue
        images = [case.volumes[m].data for m in case.modalities]
        began = time.process_time()
        appearance = drain(appearance_of(images, [foreground_mask(image) for image in images]))
        print(f"{case.case_id}: modalities read in {time.process_time() - began:.2f} s CPU")
        spacing = case.reference.grid.spacing_mm
        for region in REGIONS:
            mask = region_mask(case.label_map.volume.data, region)
            if appearance is None or mask.sum() < LEAST_VOXELS:
                continue
            depth = edt.edt(mask, anisotropy=spacing)
            strictness = STRICTNESS_OF.get(LABEL_OF[region], DEFAULT_STRICTNESS)
            grown = wand(appearance, mask, depth, spacing)
            wands[region].append((grown[strictness], max(grown.values())))
            brushes[region] += dabs(appearance, mask, depth, strictness)
            print(f"  {region} wand {grown[strictness]:.2f}, at best {max(grown.values()):.2f}")
    for region in wands:
        own, best = zip(*wands[region], strict=True)
        smart, plain = zip(*brushes[region], strict=True)
        print(
            f"{region} wand n {len(own)}: mean {fmean(own):.2f}, median {median(own):.2f}, "
            f"best of the slider {fmean(best):.2f}; brush, {len(smart)} dabs: smart "
            f"{fmean(smart):.2f}, plain {fmean(plain):.2f}"
        )


if __name__ == "__main__":
    main()
