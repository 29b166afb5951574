"""Denoising: PSNR and SSIM inside the brain, before and after, with Rician noise.

    python benchmarks/denoise.py DATA [--bundle PATH] [--cases ID ...] [--settings]

DATA is a folder of cases; without --cases the four that the bundle was not trained on are
scored. The noise is that of a magnitude image, sqrt((x + n1)^2 + n2^2), inside the brain (the
images are skull-stripped); 3 % means a standard deviation of n1 and n2 of 0.03 times the brain's
99.5 percentile, which is also the peak of the PSNR. SSIM is scikit-image's, in windows of 7 voxels.
--settings tries the settings of the plain methods; run it on training cases only.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import numpy as np
import numpy.typing as npt
from skimage.metrics import structural_similarity

from napari_brats.core.boxes import bounding_box
from napari_brats.core.case import Case
from napari_brats.core.geometry import Grid
from napari_brats.core.modalities import Modality
from napari_brats.core.progress import drain, report_shares
from napari_brats.inference.denoise import METHODS, DenoiseOptions, denoise, plain_filter
from napari_brats.inference.nonlocal_means import noise_sd, nonlocal_means
from napari_brats.io.discover import discover
from napari_brats.io.load import load_case
from napari_brats.models.bundle import load_bundle

LEFT_OUT = ("BraTS2021_00006", "BraTS2021_00019", "BraTS2021_01478", "BraTS2021_01480")
LEVELS = (0.03, 0.05, 0.09)
GAUSSIAN_VOXELS = {0.03: 0.5, 0.05: 0.6, 0.09: 0.7}
"""The best of --settings at each level, on two training cases."""

Array = npt.NDArray[np.float32]


def main() -> None:
    """Print means over the modalities by case, level and method, and over the cases."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--bundle", default="denoise-autoencoder3d")
    parser.add_argument("--cases", nargs="+", default=list(LEFT_OUT))
    parser.add_argument("--slices", type=int, default=1000, help="so many from the middle")
    parser.add_argument("--settings", action="store_true")
    arguments = parser.parse_args()
    chosen = [f for f in discover(arguments.data) if f.case_id in arguments.cases]
    cases = [slab(load_case(f), arguments.slices) for f in chosen]
    if arguments.settings:
        methods: dict[str, Callable[[Case], Case]] = plain_settings()
    else:
        bundle = load_bundle(arguments.bundle)
        methods = {
            method: lambda case, m=method: replace(
                case, volumes=drain(denoise(case, DenoiseOptions(m), bundle)).volumes
            )
            for method in METHODS
        }
    print(f"{'case':18}{'noise':>6} {'method':14}{'PSNR':>7}{'gain':>7}{'SSIM':>8}{'gain':>8}")
    rows: dict[tuple[float, str], list[npt.NDArray[np.float64]]] = {}
    for case in cases:
        for level in LEVELS:
            noisy = with_noise(case, level)
            before = quality(case, noisy)
            _print(case.case_id, level, "noisy", before, before)
            rows.setdefault((level, "noisy"), []).append(np.array([before, before]))
            best = {"gaussian": gaussian(GAUSSIAN_VOXELS[level])} if "nlm" in methods else {}
            for name, method in (methods | best).items():
                after = quality(case, method(noisy))
                _print(case.case_id, level, name, after, before)
                rows.setdefault((level, name), []).append(np.array([after, before]))
    for (level, name), values in rows.items():
        after, before = np.mean(values, axis=0)
        _print(f"mean of {len(values)}", level, name, tuple(after), tuple(before))


def _print(
    who: str, level: float, name: str, after: tuple[float, ...], before: tuple[float, ...]
) -> None:
    psnr, ssim = after[0], after[1]
    gains = f"{psnr - before[0]:+7.2f}", f"{ssim - before[1]:+8.4f}"
    print(f"{who:18}{level:6.0%} {name:14}{psnr:7.2f}{gains[0]}{ssim:8.4f}{gains[1]}", flush=True)


def gaussian(sigma: float) -> Callable[[Case], Case]:
    """Gaussian smoothing of every modality."""
    return lambda case: _each(case, lambda x, brain: plain_filter(x, brain, "gaussian", sigma))


def plain_settings() -> dict[str, Callable[[Case], Case]]:
    """The plain methods at several settings; of non-local means: strength and search range."""
    settings: dict[str, Callable[[Array, npt.NDArray[np.bool_]], Array]] = {
        "median": lambda x, brain: plain_filter(x, brain, "median")
    }
    for strength in (0.4, 0.6, 0.8):
        settings[f"nlm {strength}"] = lambda x, brain, h=strength: drain(
            report_shares(nonlocal_means(x, brain, noise_sd(x, brain), strength=h), "", 0, 1, 1)
        )
    methods = {name: lambda case, f=f: _each(case, f) for name, f in settings.items()}
    return methods | {f"gaussian {s}": gaussian(s) for s in (0.4, 0.5, 0.6, 0.7, 0.85)}


def _each(case: Case, method: Callable[[Array, npt.NDArray[np.bool_]], Array]) -> Case:
    volumes = {}
    for modality, volume in case.volumes.items():
        brain = volume.data > 0
        box = bounding_box(brain)
        assert box is not None
        data = volume.data.copy()
        data[box] = np.where(brain[box], method(data[box], brain[box]), 0)
        volumes[modality] = replace(volume, data=data)
    return replace(case, volumes=volumes)


def slab(case: Case, slices: int) -> Case:
    """The middle axial slices of the brain, to save time."""
    box = bounding_box(case.reference.data > 0)
    assert box is not None
    middle = (box[2].start + box[2].stop) // 2
    start = max(box[2].start, middle - slices // 2)
    stop = min(box[2].stop, middle + slices // 2)
    volumes = {}
    for modality, volume in case.volumes.items():
        data = volume.data[..., start:stop]
        shift = np.eye(4)
        shift[2, 3] = start
        grid = Grid(data.shape, volume.grid.affine @ shift)
        volumes[modality] = replace(volume, data=data, grid=grid)
    return replace(case, volumes=volumes, label_map=None)


def with_noise(case: Case, level: float) -> Case:
    """The case with Rician noise inside the brain, the same for the same case and level."""
    volumes = {}
    for number, (modality, volume) in enumerate(case.volumes.items()):
        rng = np.random.default_rng((number, round(level * 100)))
        clean = volume.data.astype(np.float32)
        brain = clean > 0
        sd = level * _peak(clean, brain)
        parts = rng.standard_normal((2, *clean.shape), dtype=np.float32) * np.float32(sd)
        noisy = np.hypot(clean + parts[0], parts[1]) * brain
        volumes[modality] = replace(volume, data=noisy)
    return replace(case, volumes=volumes)


def quality(clean: Case, other: Case) -> tuple[float, float]:
    """PSNR in dB and SSIM inside the brain, means over the modalities."""
    pairs = [_quality(clean, other, modality) for modality in clean.volumes]
    return fmean(p for p, _ in pairs), fmean(s for _, s in pairs)


def _quality(clean: Case, other: Case, modality: Modality) -> tuple[float, float]:
    truth = clean.volumes[modality].data.astype(np.float32)
    box = bounding_box(truth > 0)
    assert box is not None
    truth, found = truth[box], other.volumes[modality].data[box].astype(np.float32)
    brain = truth > 0
    peak = _peak(truth, brain)
    error = float(np.mean((truth[brain].astype(np.float64) - found[brain]) ** 2))
    _, ssim = structural_similarity(truth, found, data_range=peak, full=True)
    return 10 * np.log10(peak**2 / error), float(ssim[brain].mean())


def _peak(values: Array, brain: npt.NDArray[np.bool_]) -> float:
    return float(np.percentile(values[brain], 99.5))


if __name__ == "__main__":
    main()
