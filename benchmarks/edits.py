"""How long the tools that change a label map compute, on a map of full size.

    python benchmarks/edits.py CASE [REPEATS]

CASE is a case folder with a label map. Times the functions in `core/edits` as the panel calls them,
for WT and for the label ED, in the whole volume; interpolation on the map with every fifth slice
left. Prints the best and the worst CPU time in ms of the repeats, which other programs disturb less
than the wall time, and how many voxels change.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from napari_brats.core.edits.edit import Edit
from napari_brats.core.edits.interpolate import interpolate_slices
from napari_brats.core.edits.lesions import lesion_at, relabelled
from napari_brats.core.edits.morphology import (
    fill_holes,
    grow,
    keep_largest,
    remove_islands,
    shrink,
    smooth,
)
from napari_brats.core.edits.slices import slice_copied
from napari_brats.core.edits.targets import Target, labels_in
from napari_brats.core.geometry import Spacing, display_order
from napari_brats.core.labels import Label, LabelMap, Region
from napari_brats.io.discover import discover
from napari_brats.io.load import load_case

KEPT_SLICE = 5


def sparse_of(labels: LabelMap) -> LabelMap:
    """Only every fifth slice, as if the others had not been painted yet."""
    sparse = np.zeros_like(labels)
    sparse[::KEPT_SLICE] = labels[::KEPT_SLICE]
    return sparse


def tools_on(
    labels: LabelMap, target: Target, spacing_mm: Spacing
) -> dict[str, Callable[[], Edit | None]]:
    """Name -> what is timed; ``labels`` in display order."""
    sparse = sparse_of(labels)
    chosen = labels_in(target)
    painted = np.argwhere(np.isin(labels, chosen))
    middle = painted[len(painted) // 2]

    def delete() -> Edit | None:
        lesion = lesion_at(labels, middle, chosen)
        return None if lesion is None else relabelled(labels, lesion, 0)

    slice_index = int(middle[0])
    return {
        "interpolate": lambda: interpolate_slices(sparse, chosen, 0, spacing_mm),
        "grow 2 mm": lambda: grow(labels, target, 2.0, spacing_mm),
        "shrink 2 mm": lambda: shrink(labels, target, 2.0, spacing_mm),
        "smooth 1.5 mm": lambda: smooth(labels, target, 1.5, spacing_mm),
        "fill holes": lambda: fill_holes(labels, target, spacing_mm),
        "remove islands": lambda: remove_islands(labels, target, 100.0, spacing_mm),
        "keep largest": lambda: keep_largest(labels, target, spacing_mm),
        "delete lesion": delete,
        "copy slice": lambda: slice_copied(labels, 0, slice_index, slice_index - 1),
    }


def report(name: str, tool: Callable[[], Edit | None], before: LabelMap, repeats: int) -> None:
    """Time one tool and print it."""
    seconds = []
    edit = tool()  # loads what the others use
    for _ in range(repeats):
        begin = time.process_time()
        edit = tool()
        seconds.append(time.process_time() - begin)
    changed = 0 if edit is None else np.count_nonzero(edit.labels != before[edit.box])
    best, worst = min(seconds) * 1000, max(seconds) * 1000
    print(f"{name:24} best {best:6.0f}   worst {worst:6.0f} ms   {changed:8} voxels", flush=True)


def main(folder: Path, repeats: int) -> None:
    """Time all tools on one case."""
    (files,) = discover(folder)
    case = load_case(files)
    if case.label_map is None:
        raise SystemExit(f"{folder} holds no label map. Expected a labelled case.")
    grid = case.label_map.volume.grid
    order = display_order(grid.affine)
    labels = np.ascontiguousarray(order.from_disk(case.label_map.volume.data))
    print(f"{grid.describe()}; {repeats} repeats")
    for target in (Region.WT, Label.ED):
        spacing_mm = order.spacing_from_disk(grid.spacing_mm)
        for name, tool in tools_on(labels, target, spacing_mm).items():
            before = sparse_of(labels) if name == "interpolate" else labels
            report(f"{target.name} {name}", tool, before, repeats)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 3)
