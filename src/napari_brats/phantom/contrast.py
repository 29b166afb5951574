"""From tissues to the four contrasts: relative signal, texture, coils, noise."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from napari_brats.core.modalities import MODALITIES, Modality
from napari_brats.phantom.anatomy import Anatomy
from napari_brats.phantom.space import Field, Space, smooth_noise
from napari_brats.phantom.tumour import Tumour

# Relative signal in T1N, T1C, T2W, T2F with white matter as the unit of T1.
SIGNAL: Mapping[str, tuple[float, float, float, float]] = {
    "csf": (0.22, 0.36, 1.80, 0.36),
    "gm": (0.79, 0.77, 0.65, 0.77),
    "wm": (1.00, 1.00, 0.58, 0.69),
    "cerebellar_gm": (0.75, 0.76, 0.63, 0.75),
    "brainstem": (0.94, 0.95, 0.57, 0.68),
    "nuclei": (0.80, 0.82, 0.61, 0.75),
    "thalamus": (0.86, 0.88, 0.60, 0.74),
    "pallidum": (0.95, 0.97, 0.51, 0.66),
    "oedema": (0.78, 0.79, 1.10, 0.98),
    "rim": (0.80, 1.40, 0.98, 0.92),
    "necrosis": (0.62, 0.58, 1.45, 0.87),
    "solid": (0.82, 0.84, 1.00, 0.95),
    "vessel": (0.55, 2.20, 0.40, 0.40),
}
BLUR_VOXELS = (0.60, 0.45, 0.45, 0.50)
"""T1N and T2F are often scanned more coarsely and resampled."""
COIL = 0.13
TEXTURE = 0.04
NOISE = 0.017
LEVELS = 64.0
"""Integer value of a signal of 1; few levels keep the files small."""


def make_images(
    anatomy: Anatomy, tumour: Tumour, voxels: Space, rng: np.random.Generator
) -> dict[Modality, Field]:
    """(X, Y, Z) of each modality on ``voxels``, whole numbers, 0 outside the brain.

    Parameters
    ----------
    anatomy, tumour
        What is where.
    voxels
        Their grid.
    rng
        Decides vessels, texture, coil profile and noise.
    """
    parts = _mixture(anatomy, tumour, voxels, rng)
    texture = [smooth_noise(voxels, mm, rng)[anatomy.near] for mm in (45, 14, 7)]
    images = {}
    for index, modality in enumerate(MODALITIES):
        clean = sum(SIGNAL[name][index] * part for name, part in parts.items())
        grain = sum(rng.choice((-1, 1)) * rng.uniform(0.5, 1) * t for t in texture)
        coil = 1 + COIL * smooth_noise(voxels, 110, rng)[anatomy.near]
        signal = clean * (1 + TEXTURE / 1.3 * grain) * coil
        images[modality] = _scanned(signal, BLUR_VOXELS[index], anatomy, voxels, rng)
    return images


def _mixture(
    anatomy: Anatomy, tumour: Tumour, voxels: Space, rng: np.random.Generator
) -> dict[str, Field]:
    """What fraction of each voxel is which substance."""
    healthy = 1 - tumour.necrosis - tumour.rim
    parts: dict[str, Field] = {name: part * healthy for name, part in anatomy.tissues.items()}
    alive = np.clip(0.25 + 0.3 * smooth_noise(voxels, 10, rng)[anatomy.near], 0, 0.9)
    parts["rim"] = tumour.rim
    parts["necrosis"], parts["solid"] = tumour.necrosis * (1 - alive), tumour.necrosis * alive
    parts["oedema"] = np.zeros_like(tumour.rim)
    for name in [n for n in anatomy.tissues if n != "csf"]:
        soaked = parts[name] * tumour.oedema
        parts["oedema"] += soaked
        parts[name] -= soaked
    vessel = parts["csf"] * _vessels(anatomy, voxels, rng)
    parts["csf"] -= vessel
    parts["vessel"] = vessel
    return parts


def _vessels(anatomy: Anatomy, voxels: Space, rng: np.random.Generator) -> Field:
    """Veins on the brain's surface and in its fissures, densest at the superior sagittal sinus."""
    noise = smooth_noise(voxels, 21, rng)
    slope = np.sqrt(sum(g * g for g in np.gradient(noise, *map(abs, voxels.steps_mm))))
    strand = (np.abs(noise) / np.maximum(slope, 0.02))[anatomy.near]
    u, v, w = (np.broadcast_to(axis, voxels.shape)[anatomy.near] for axis in voxels.mesh())
    open_sulcus = np.clip(2 - anatomy.sulcus_mm, 0, 1) * np.clip(12 + anatomy.surface_mm, 0, 1)
    veins = np.clip(1.0 - strand, 0, 1) * 0.8 * open_sulcus
    midline = np.clip(2.5 - np.abs(u), 0, 1) * np.clip((4 + anatomy.surface_mm) / 2, 0, 1)
    sinus = midline * ((w > 20) | (v < -60))
    return np.maximum(veins, sinus).astype(np.float32)


def _scanned(
    signal: Field, blur: float, anatomy: Anatomy, voxels: Space, rng: np.random.Generator
) -> Field:
    """The whole numbers a scanner and skull stripping leave of a signal: blurred, noisy, >= 1."""
    from scipy.ndimage import gaussian_filter

    image = np.zeros(voxels.shape, np.float32)
    image[anatomy.near] = signal
    image = gaussian_filter(image, blur)
    real, imaginary = (_noise(voxels, rng)[anatomy.near] for _ in range(2))
    rician = np.hypot(image[anatomy.near] + NOISE * real, NOISE * imaginary)
    kept = anatomy.brain > 0.5
    out = np.zeros(voxels.shape, np.float32)
    out[anatomy.near] = np.where(kept, np.maximum(np.rint(rician * LEVELS), 1), 0)
    return out


def _noise(voxels: Space, rng: np.random.Generator) -> Field:
    """Noise of unit variance that neighbours share a little, as after resampling to 1 mm."""
    from scipy.ndimage import gaussian_filter

    white = rng.standard_normal(voxels.shape, dtype=np.float32)
    noise: Field = gaussian_filter(white, 0.5, truncate=2)
    return noise / np.float32(0.51)  # what the filter leaves of the spread
