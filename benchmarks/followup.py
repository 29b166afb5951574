"""A follow-up with known truth: a case, and its turned, shifted and edited copy as a later visit.

    python benchmarks/followup.py CASE_FOLDER... [--output results.json]

Of each case a later time point is made: its tumour grows by 2 voxels at one side, a part of it is
gone and a lesion of 8 mm radius is new; images follow, with another intensity scale and noise. It
is then (a) shifted by whole voxels and stored in other axis directions, so that the truth is known
to the voxel, (b) turned by 13 degrees and shifted, (c) turned by 37 degrees, shifted by 56 mm and
sampled at 1.2 x 1 x 3 mm. Each goes as files through the same job as the command and the window.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from napari_brats.core.case import Case, LabelVolume, Volume
from napari_brats.core.geometry import Grid, axis_order
from napari_brats.core.labels import CONVENTIONS, REGIONS, Label, Region, region_mask, volumes_ml
from napari_brats.core.modalities import Modality
from napari_brats.core.progress import drain
from napari_brats.followup.brains import Rigid, find_brain
from napari_brats.followup.change import CHANGES, carry_labels, change_map
from napari_brats.followup.comparison import FollowUpOptions, compare_time_points
from napari_brats.followup.time_points import find_time_points, in_order
from napari_brats.io.discover import discover
from napari_brats.io.load import load_case
from napari_brats.io.resample import resample_volume
from napari_brats.phantom import write_case

CONVENTION = CONVENTIONS["brats2023"]
RADIUS_MM = 8.0
NOISE = 0.02


@dataclass(frozen=True)
class Move:
    """How the later time point lies: turned about the brain's centre, shifted, on its own grid."""

    title: str
    degrees: tuple[float, float, float]
    shift_mm: tuple[float, float, float]
    spacing_mm: tuple[float, float, float] | None
    codes: str


MOVES = (
    Move("shifted by 7, -4, 3 mm, stored as RAI", (0, 0, 0), (7, -4, 3), None, "RAI"),
    Move("turned 13 deg, shifted 12 mm", (7, -5, 9), (6, -9, 5), None, "LPS"),
    Move(
        "turned 37 deg, shifted 56 mm, 1.2x1x3 mm", (25, -15, 20), (40, -30, 25), (1.2, 1, 3), "RAS"
    ),
)


def edited(case: Case, brain: np.ndarray) -> tuple[np.ndarray, dict[Modality, np.ndarray]]:
    """Label map and images of the case with a grown, a removed and a new part."""
    labels = case.label_map.volume.data.copy()
    was = labels.copy()
    tumour = labels > 0
    shifted = np.zeros_like(tumour)
    shifted[2:] = tumour[:-2]
    grown = shifted & ~tumour & brain
    labels[grown] = Label.ED
    places = np.argwhere(was == Label.NCR) if (was == Label.NCR).any() else np.argwhere(tumour)
    gone = ball(case.reference.grid, places[len(places) // 2], RADIUS_MM) & tumour
    labels[gone] = 0
    free = ndimage.distance_transform_edt(brain & ~ndimage.binary_dilation(tumour, iterations=6))
    centre = np.unravel_index(int(free.argmax()), free.shape)
    new = ball(case.reference.grid, np.array(centre), RADIUS_MM) & brain
    labels[new] = Label.ET
    labels[ball(case.reference.grid, np.array(centre), RADIUS_MM / 2)] = Label.NCR
    images = {}
    for modality, volume in case.volumes.items():
        image = volume.data.astype(np.float32)
        middle, high = np.percentile(image[brain], (50, 95))
        image[gone] = middle
        image[grown | new] = high
        images[modality] = image
    return labels, images


def ball(grid: Grid, centre: np.ndarray, radius_mm: float) -> np.ndarray:
    """The voxels within so many mm of one."""
    axes = [
        ((np.arange(n) - c) * s) ** 2
        for n, c, s in zip(grid.shape, centre, grid.spacing_mm, strict=True)
    ]
    x, y, z = np.ix_(*axes)
    return x + y + z <= radius_mm**2


def moved_case(
    case: Case,
    labels: np.ndarray,
    images: dict[Modality, np.ndarray],
    brain: np.ndarray,
    move: Move,
) -> tuple[Case, Rigid]:
    """The later time point, and the transform from the baseline to it."""
    grid = case.reference.grid
    index = np.argwhere(brain).mean(axis=0)
    centre = (grid.affine @ [*index, 1])[:3]
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", move.degrees, degrees=True).as_matrix()
    matrix[:3, 3] = centre + move.shift_mm - matrix[:3, :3] @ centre
    there = Grid(grid.shape, matrix @ grid.affine)  # where the baseline's voxels lie now
    onto = _grid(grid, centre + move.shift_mm, move)
    blank = Volume(np.zeros(onto.shape, np.uint8), onto, _header(onto))
    volumes = {}
    rng = np.random.default_rng(0)
    for modality, image in images.items():
        here = resample_volume(Volume(image, there, case.reference.header), blank).data
        top = float(image.max())
        noisy = 900 * (np.clip(here, 0, None) / top) ** 0.8 + rng.normal(0, 900 * NOISE, here.shape)
        data = np.where(here > 0, np.clip(noisy, 1, None), 0).astype(np.int16)
        volumes[modality] = Volume(data, onto, blank.header)
    placed = Volume(labels, there, case.reference.header)
    label_map = LabelVolume(replace(blank, data=carry_labels(placed, blank).data), CONVENTION)
    return Case("BraTS-FUP-00000-001", volumes, label_map, CONVENTION), Rigid(matrix)


def _grid(grid: Grid, centre: np.ndarray, move: Move) -> Grid:
    if move.spacing_mm is None:  # the scanner's own voxels, in another order of axes
        order = axis_order(grid.affine, move.codes)
        shape = tuple(grid.shape[a] for a in order.axes)
        affine = np.eye(4)
        for axis, (source, flip) in enumerate(zip(order.axes, order.flips, strict=True)):
            affine[:3, axis] = grid.affine[:3, source] * (-1 if flip else 1)
        first = order.index_to_disk((0, 0, 0), grid.shape)
        affine[:3, 3] = (grid.affine @ [*first, 1])[:3]
        return Grid(shape, affine)
    shape = tuple(
        round(n * s / t)
        for n, s, t in zip((240, 240, 190), (1, 1, 1), move.spacing_mm, strict=True)
    )
    affine = np.diag([*move.spacing_mm, 1.0])
    affine[:3, 3] = centre - affine[:3, :3] @ [(n - 1) / 2 for n in shape]
    return Grid(shape, affine)


def _header(grid: Grid) -> nib.Nifti1Header:
    header = nib.Nifti1Image(np.zeros(grid.shape, np.int16), grid.affine).header
    header.set_sform(grid.affine, 1)
    header.set_qform(grid.affine, 1)
    return header


def run(folder: Path, move: Move) -> dict[str, Any]:
    """One case under one move: how far registration, volumes and change maps are from the truth."""
    files = discover(folder)[0]
    case = load_case(files)
    keep = Modality.T1C if Modality.T1C in case.volumes else case.modalities[0]
    case = replace(case, volumes={keep: case.volumes[keep]}, case_id="BraTS-FUP-00000-000")
    labels = case.label_map.volume.data
    brain = find_brain(case.reference, labels > 0).mask
    after, images = edited(case, brain)
    later, truth = moved_case(case, after, images, brain, move)
    with tempfile.TemporaryDirectory() as name:
        patient = Path(name) / "patient"
        baseline = replace(
            case, label_map=replace(case.label_map, convention=CONVENTION), convention=CONVENTION
        )
        write_case(baseline, patient)
        write_case(later, patient)
        points = in_order(find_time_points([patient]))
        wall, cpu = time.perf_counter(), time.process_time()
        found = drain(compare_time_points(points, FollowUpOptions(), None))
        seconds = time.perf_counter() - wall, time.process_time() - cpu
    aligned = found.examined[1].aligned
    onto = case.label_map.volume
    ideal = carry_labels(truth.place(later.label_map.volume), onto).data
    return {
        "case_id": files.case_id,
        "move": move.title,
        "brain_dice": [aligned.registration.dice_before, aligned.registration.dice],
        "error_mm": _error_mm(aligned.registration.rigid, truth, case.reference.grid, brain),
        "seconds": {"wall": seconds[0], "cpu": seconds[1]},
        "volumes_ml": {
            region.value: {
                "truth": volumes_ml(after, case.reference.grid.voxel_mm3)[region],
                "measured": found.examined[1].loaded.measures.volumes_ml[region],
            }
            for region in REGIONS
        },
        "regions": {
            region.value: {
                "true_transform": _against_truth(labels, after, ideal, region),
                "registered": _against_truth(labels, after, aligned.labels, region),
            }
            for region in REGIONS
        },
    }


def _error_mm(found: Rigid, truth: Rigid, grid: Grid, brain: np.ndarray) -> dict[str, float]:
    voxels = np.argwhere(brain)
    points = grid.affine @ np.vstack([voxels.T, np.ones(len(voxels))])
    errors = np.linalg.norm(((found.matrix - truth.matrix) @ points)[:3], axis=0)
    return {"mean": float(errors.mean()), "max": float(errors.max()), "n": len(voxels)}


def _against_truth(
    before: np.ndarray, truth: np.ndarray, carried: np.ndarray, region: Region
) -> dict[str, Any]:
    expected, made = change_map(before, truth, region), change_map(before, carried, region)
    wrong = int(np.count_nonzero(expected != made))
    union = region_mask(before, region) | region_mask(truth, region)
    dice = {}
    for change in CHANGES[:3]:
        one, other = expected == change, made == change
        size = np.count_nonzero(one) + np.count_nonzero(other)
        dice[change.name.lower()] = 2 * np.count_nonzero(one & other) / size if size else None
    return {"wrong_voxels": wrong, "voxels": int(np.count_nonzero(union)), "dice": dice}


def main() -> None:
    """Run all cases under all moves and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="+", type=Path)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--moves", default="012", help="which of the three")
    arguments = parser.parse_args()
    results = []
    for folder in arguments.cases:
        for move in [MOVES[int(number)] for number in arguments.moves]:
            result = run(folder, move)
            results.append(result)
            error = result["error_mm"]
            print(f"{result['case_id']}  {move.title}")
            print(
                f"  registration error mean {error['mean']:.3f} mm, max {error['max']:.3f} mm over "
                f"{error['n']} brain voxels; brains Dice {result['brain_dice'][0]:.3f} -> "
                f"{result['brain_dice'][1]:.3f}; {result['seconds']['cpu']:.1f} s of CPU"
            )
            for region, row in result["regions"].items():
                volumes = result["volumes_ml"][region]
                ideal, made = row["true_transform"], row["registered"]
                print(
                    f"  {region}: {volumes['measured']:.2f} ml (truth {volumes['truth']:.2f}); "
                    f"wrong voxels of {made['voxels']}: true transform {ideal['wrong_voxels']}, "
                    f"registered {made['wrong_voxels']}; Dice "
                    f"{_texts(ideal['dice'])} | {_texts(made['dice'])}",
                    flush=True,
                )
    if arguments.output is not None:
        arguments.output.write_text(json.dumps(results, indent=1))


def _texts(dice: dict[str, float | None]) -> str:
    return ", ".join(f"{name} {'-' if v is None else f'{v:.3f}'}" for name, v in dice.items())


if __name__ == "__main__":
    main()
