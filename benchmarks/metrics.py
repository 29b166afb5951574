"""Our metrics beside the surface-distance package: the same pair, in one run.

    python benchmarks/metrics.py

One synthetic pair of 240x240x155 at 1 mm: a tumour of three nested balls with wavy surfaces, and a
copy that is shifted and perturbed. Prints the CPU time of each (best of three) and the values.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import surface_distance

from napari_brats.core.labels import REGIONS, LabelMap, region_mask, regions_to_labels
from napari_brats.metrics.score import score_regions
from napari_brats.metrics.surface import hausdorff_mm, surface_distances

SHAPE, SPACING = (240, 240, 155), (1.0, 1.0, 1.0)


def tumour(centre: tuple[float, float, float], waves: float) -> LabelMap:
    """Nested balls of radius 35, 22 and 14 whose surface is wavy."""
    offsets = [g - c for g, c in zip(np.ogrid[tuple(map(slice, SHAPE))], centre, strict=True)]
    radius = np.sqrt(sum(o.astype(np.float32) ** 2 for o in offsets))
    radius = radius + waves * np.sin(offsets[0] / 3) * np.cos(offsets[1] / 4 + offsets[2] / 5)
    return regions_to_labels(radius < 35, radius < 22, radius < 14)


def best_cpu_s(work: Callable[[], Any]) -> tuple[float, Any]:
    """The least CPU time of three calls, and the result."""
    times = []
    for _ in range(3):
        begun = time.process_time()
        result = work()
        times.append(time.process_time() - begun)
    return min(times), result


def main() -> None:
    """Run and print."""
    warnings.simplefilter("ignore", DeprecationWarning)  # surface-distance uses old scipy names
    reference, prediction = tumour((110, 125, 75), 2.0), tumour((112, 124, 76), 3.0)
    pairs = [(region_mask(reference, r), region_mask(prediction, r)) for r in REGIONS]

    def theirs() -> list[float]:
        found = [surface_distance.compute_surface_distances(a, b, SPACING) for a, b in pairs]
        return [float(surface_distance.compute_robust_hausdorff(f, 95)) for f in found]

    rows = {
        "surface-distance, HD95 of three regions": best_cpu_s(theirs),
        "ours, HD95 of three regions": best_cpu_s(
            lambda: [hausdorff_mm(surface_distances(a, b, SPACING)) for a, b in pairs]
        ),
        "ours, all metrics, lesion-wise included": best_cpu_s(
            lambda: [s.hd95_mm for s in score_regions(reference, prediction, SPACING).values()]
        ),
    }
    for name, (seconds, values) in rows.items():
        print(f"{name:42} {seconds:6.2f} s   {', '.join(f'{v:.6f}' for v in values)} mm")


if __name__ == "__main__":
    main()
