"""What the tool "Refine" gains: simulated scribbles on masks that were made wrong on purpose.

    python benchmarks/scribbles.py CASES [--only ID ...] [--half tune|report] [--count 5] [--json F]

CASES is a folder of labelled cases with four modalities. Each region of at least 1 ml is eroded,
dilated and shifted: WT by 3 mm, TC by 2, ET by 1 (shifted by as much along both axes of the slice).
Then, as a person would, a stroke of at most 40 voxels is drawn along the middle (skeleton, longest
path) of the largest connected error, on the slice where that is largest, and the border is solved
again; and so on. The mask of the region alone is refined, without the network's probabilities: the
networks at hand were trained on these cases.

Prints per region and error the mean Dice before and after 1, 3 and 5 strokes with the number of
cases, the means over all, beside them what painting the first stroke with a line of one voxel
gains, and the CPU time of a stroke. With ``--half`` only every second case: the weights in
`core/edits/refine.py` were chosen on "tune" (the 1st, 3rd, ... of the ids). Three cases of "report"
(00002, 00005, 00014) were looked at while its limits were set, so it is no clean test.
Rows are printed as they come, and a table of what there is at the end.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean

import numpy as np
import numpy.typing as npt

from napari_brats.core.boxes import bounding_box, grow_box
from napari_brats.core.components import label_components
from napari_brats.core.edits.refine import DEFAULTS, refine, stroke_box
from napari_brats.core.edits.similar import appearance_of
from napari_brats.core.labels import REGIONS, Mask, Region, region_mask
from napari_brats.core.progress import drain
from napari_brats.inference.preprocess import foreground_mask
from napari_brats.io.discover import discover
from napari_brats.io.load import load_case

WRONG_BY_MM = {Region.WT: 3, Region.TC: 2, Region.ET: 1}
ERRORS = ("eroded", "dilated", "shifted")
LEAST_VOXELS = 1000
LONGEST = 40
MARGIN = 30
"""Voxels around the tumour that the simulation sees."""


@dataclass(frozen=True)
class Row:
    """One mask and its strokes: Dice before, after each; after painting one; CPU s per stroke."""

    case_id: str
    region: str
    error: str
    dice: tuple[float, ...]
    painted: float
    cpu_s: float


@dataclass(frozen=True, eq=False)
class Tumour:
    """The part of a case around its tumour: labels, images as the tool sees them, mm."""

    case_id: str
    labels: npt.NDArray[np.uint8]
    images: npt.NDArray[np.float32]
    spacing_mm: tuple[float, float, float]


def read_tumour(folder: Path) -> Tumour:
    """Read a case and cut it down."""
    (files,) = discover(folder)
    case = load_case(files)
    if case.label_map is None:
        raise SystemExit(f"{folder} holds no label map. Expected labelled cases.")
    labels = case.label_map.volume.data
    images = [np.asarray(case.volumes[modality].data) for modality in case.modalities]
    look = drain(appearance_of(images, [foreground_mask(image) for image in images]))
    found = bounding_box(labels != 0)
    if found is None or look is None:
        raise SystemExit(f"{folder}: the label map or the images are empty.")
    box = grow_box(found, MARGIN, labels.shape)
    whole = np.full((len(images), *labels.shape), np.nan, np.float32)
    whole[(slice(None), *look.box)] = look.images
    cut = whole[(slice(None), *box)].copy()
    return Tumour(case.case_id, labels[box], cut, case.reference.grid.spacing_mm)


def make_wrong(truth: Mask, error: str, by: int) -> Mask:
    """The mask eroded, dilated or shifted by so many voxels of 1 mm."""
    import edt

    if error == "eroded":
        return edt.edt(truth) > by
    if error == "dilated":
        return edt.edt(~truth) <= by
    return np.roll(truth, (by, by, 0), (0, 1, 2))


def next_stroke(mask: Mask, truth: Mask) -> tuple[Mask, bool] | None:
    """Along the middle of the largest error, and whether that belongs; None if all is right."""
    from skimage.morphology import skeletonize

    found = [(_largest(error), belongs) for error, belongs in _errors(mask, truth)]
    if not found:
        return None
    error, belongs = max(found, key=lambda each: np.count_nonzero(each[0]))
    z = int(error.sum(axis=(0, 1)).argmax())
    part = _largest(error[:, :, z : z + 1])[:, :, 0]
    stroke = np.zeros_like(mask)
    for x, y in middle_of(longest_path(skeletonize(part)), LONGEST):
        stroke[x, y, z] = True
    return stroke, belongs


def _errors(mask: Mask, truth: Mask) -> Iterator[tuple[Mask, bool]]:
    for error, belongs in ((truth & ~mask, True), (mask & ~truth, False)):
        if error.any():
            yield error, belongs


def _largest(mask: Mask) -> Mask:
    parts, _ = label_components(mask)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return parts == sizes.argmax()


def longest_path(skeleton: Mask) -> list[tuple[int, int]]:
    """From one end of a skeleton to the one that is furthest along it."""
    pixels = {(int(x), int(y)) for x, y in np.argwhere(skeleton)}
    return _path_from(_path_from(next(iter(sorted(pixels))), pixels)[0], pixels)


def _path_from(start: tuple[int, int], pixels: set[tuple[int, int]]) -> list[tuple[int, int]]:
    """The way back from the pixel reached last, breadth first."""
    reached_from: dict[tuple[int, int], tuple[int, int] | None] = {start: None}
    queue = [start]
    for x, y in queue:
        for step in ((i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)):
            after = (x + step[0], y + step[1])
            if after in pixels and after not in reached_from:
                reached_from[after] = (x, y)
                queue.append(after)
    path: list[tuple[int, int]] = []
    at: tuple[int, int] | None = queue[-1]
    while at is not None:
        path.append(at)
        at = reached_from[at]
    return path


def middle_of(path: list[tuple[int, int]], longest: int) -> list[tuple[int, int]]:
    """At most so many pixels of a path, from its middle."""
    spare = max(0, len(path) - longest) // 2
    return path[spare : spare + longest]


def dice(a: Mask, b: Mask) -> float:
    """Overlap of two masks, of which one holds something."""
    return float(2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b)))


def scribble(tumour: Tumour, region: Region, error: str, count: int) -> Row:
    """Refine one wrong mask with ``count`` strokes."""
    truth = region_mask(tumour.labels, region)
    mask = make_wrong(truth, error, WRONG_BY_MM[region])
    scores, seconds, painted = [dice(mask, truth)], [], 0.0
    for number in range(count):
        found = next_stroke(mask, truth)
        if found is None:
            scores.append(scores[-1])
            continue
        stroke, belongs = found
        if number == 0:
            painted = dice(mask | stroke if belongs else mask & ~stroke, truth)
        begin = time.process_time()
        box = stroke_box(np.argwhere(stroke), mask.shape, tumour.spacing_mm, DEFAULTS.limit_mm)
        mask = mask.copy()
        mask[box] = refine(
            mask[box],
            tumour.images[(slice(None), *box)],
            stroke[box],
            belongs=belongs,
            spacing_mm=tumour.spacing_mm,
        )
        seconds.append(time.process_time() - begin)
        scores.append(dice(mask, truth))
    cpu_s = fmean(seconds) if seconds else 0.0
    return Row(tumour.case_id, region.value, error, tuple(scores), painted, cpu_s)


def print_table(rows: list[Row], count: int) -> None:
    """Means per region and error, and over all of these."""
    at = [number for number in (0, 1, 3, 5) if number <= count]
    print(f"{'region':8}{'error':10}{'n':>4}" + "".join(f"{k:>9}" for k in at) + "  painted 1")
    means = []
    for region in REGIONS:
        for error in ERRORS:
            own = [r for r in rows if (r.region, r.error) == (region.value, error)]
            if own:
                values = [fmean(r.dice[k] for r in own) for k in at]
                means.append([*values, fmean(r.painted for r in own)])
                print(f"{region.value:8}{error:10}{len(own):4}" + _numbers(means[-1]))
    if means:
        print(f"{'mean of the rows':22}" + _numbers([fmean(c) for c in zip(*means, strict=True)]))
        print(f"CPU time of a stroke: mean {fmean(r.cpu_s for r in rows):.2f} s")


def _numbers(values: list[float]) -> str:
    return "".join(f"{value:9.4f}" for value in values)


def main(arguments: argparse.Namespace) -> None:
    """Go through the cases."""
    folders = sorted(each for each in arguments.cases.iterdir() if each.is_dir())
    if arguments.half:
        folders = folders[0 if arguments.half == "tune" else 1 :: 2]
    rows: list[Row] = []
    for folder in folders:
        if arguments.only and folder.name not in arguments.only:
            continue
        tumour = read_tumour(folder)
        for region in REGIONS:
            if np.count_nonzero(region_mask(tumour.labels, region)) < LEAST_VOXELS:
                continue
            for error in ERRORS:
                rows.append(scribble(tumour, region, error, arguments.count))
                scores = " ".join(f"{value:.4f}" for value in rows[-1].dice)
                print(f"{tumour.case_id} {region.value} {error:8} {scores}", flush=True)
        if arguments.json:
            arguments.json.write_text(json.dumps([asdict(row) for row in rows]))
    print_table(rows, arguments.count)


def parse(words: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Dice before and after simulated scribbles")
    parser.add_argument("cases", type=Path)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--half", choices=("tune", "report"))
    parser.add_argument("--count", type=int, default=5)
    parser.add_argument("--json", type=Path)
    return parser.parse_args(words)


if __name__ == "__main__":
    main(parse(sys.argv[1:]))
