"""Taking noise out of the images of a case, which keep their geometry and intensity scale.

The autoencoder looks at all modalities at once; the plain methods take them one by one. All leave
alone what is outside the brain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_brats.core.case import Case, Volume
from napari_brats.core.errors import JobError
from napari_brats.core.labels import Mask
from napari_brats.core.modalities import Modality
from napari_brats.core.progress import Job, Progress, report_shares
from napari_brats.inference.devices import resolve_device
from napari_brats.inference.fallback import NetworkRunner
from napari_brats.inference.nonlocal_means import noise_sd, nonlocal_means
from napari_brats.inference.preprocess import prepare_image
from napari_brats.models.bundle import Bundle, load_bundle

FloatArray = npt.NDArray[np.float32]

BUNDLE = "denoise-autoencoder3d"
METHODS = ("autoencoder", "nlm", "gaussian", "median")
DEFAULT_METHOD = "nlm"
METHOD_TITLES = {
    "autoencoder": "Autoencoder (experimental)",
    "nlm": "Non-local means",
    "gaussian": "Gaussian",
    "median": "Median",
}
GAUSSIAN_VOXELS = 0.6
STEPS = 100


@dataclass(frozen=True)
class DenoiseOptions:
    """How to denoise.

    Attributes
    ----------
    method
        One of `METHODS`.
    device
        Where the autoencoder and the non-local means run, as in `SegmentOptions`.
    strength
        Scales what is taken out: 1 is all that the method holds for noise, 0 nothing.
    """

    method: str = DEFAULT_METHOD
    device: str = "auto"
    strength: float = 1.0


@dataclass(frozen=True, eq=False)
class Denoised:
    """What was made of a case: the volumes, on their own grids, and how (JSON-able)."""

    case_id: str
    volumes: Mapping[Modality, Volume]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def denoise(
    case: Case, options: DenoiseOptions = DenoiseOptions(), bundle: Bundle | None = None
) -> Job[Denoised]:
    """The case's volumes without noise, float32 in the units of the files; closable in between.

    ``bundle`` is the autoencoder's, the built-in one without it.

    Raises
    ------
    CaseError
        If nothing looks like a brain.
    GeometryError
        With the autoencoder: if the modalities do not lie on one grid.
    JobError, BundleError
        If the method, the strength or the device makes no sense, or the weights are damaged.
    """
    if options.method not in METHODS:
        raise JobError(f"There is no method '{options.method}'. Known: {', '.join(METHODS)}.")
    if not 0 <= options.strength <= 1:
        raise JobError(f"The strength is {options.strength}; expected 0 (nothing) to 1 (all).")
    device = resolve_device(options.device)
    yield Progress(0, STEPS, "Preparing the images")
    provenance: dict[str, Any] = {"method": options.method, "strength": options.strength}
    if options.method == "autoencoder":
        bundle = bundle or load_bundle(BUNDLE)
        data, facts = yield from _by_network(case, bundle, device)
        provenance |= facts
    else:
        data = yield from _one_by_one(case, options.method, device)
    volumes = {
        m: replace(v, data=_blend(v.data, data[m], options.strength))
        for m, v in case.volumes.items()
    }
    return Denoised(case.case_id, volumes, provenance)


def _by_network(
    case: Case, bundle: Bundle, device: str
) -> Job[tuple[dict[Modality, FloatArray], dict[str, Any]]]:
    """All modalities in one pass, on the voxels of the file: noise belongs to voxels, not mm."""
    arrays = {m: volume.data for m, volume in case.volumes.items()}
    modalities = bundle.card.modalities
    prepared = prepare_image(arrays, case.require_one_grid(), modalities)
    runner = NetworkRunner(bundle, device)
    message = f"Running the network on {device}"
    said = yield from report_shares(runner(prepared.image), message, 5, 95, STEPS)
    data = {}
    for channel, modality in enumerate(modalities):
        if modality in arrays:
            seen = prepared.image[channel]
            place = prepared.placement
            unit = _unit(place.to_canonical(arrays[modality]), seen)
            change = place.to_file((said[channel] - seen) * (seen != 0) * np.float32(unit))
            data[modality] = arrays[modality].astype(np.float32) + change
    facts = {
        "bundle": {"name": bundle.card.name, "sha256": bundle.card.sha256},
        "device": runner.device,
        "runtime": runner.runtime,
        "notes": runner.notes,
    }
    return data, facts


def _unit(values: npt.NDArray[Any], normalised: FloatArray) -> float:
    """What 1 in a normalised channel is in the file: normalisation is linear where it clips not."""
    inside = normalised[normalised != 0]
    if not inside.size:
        return 0.0
    low, high = (float(np.quantile(inside, q, method="nearest")) for q in (0.1, 0.9))
    if low == high:
        return 0.0
    ends = [float(values[normalised == np.float32(end)][0]) for end in (low, high)]
    return (ends[1] - ends[0]) / (high - low)


def _one_by_one(case: Case, method: str, device: str) -> Job[dict[Modality, FloatArray]]:
    data: dict[Modality, FloatArray] = {}
    share = STEPS // len(case.volumes)
    for done, (modality, volume) in enumerate(case.volumes.items()):
        message = f"{METHOD_TITLES[method]}: {modality}"
        first = done * share
        yield Progress(first, STEPS, message)
        prepared = prepare_image({modality: volume.data}, volume.grid, (modality,))
        whole = prepared.placement.to_canonical(volume.data).astype(np.float32)
        brain = prepared.brain
        if method == "nlm":
            steps = nonlocal_means(whole, brain, noise_sd(whole, brain), device)
            clean = yield from report_shares(steps, message, first, first + share, STEPS)
        else:
            clean = plain_filter(whole, brain, method)
        change = prepared.placement.to_file((clean - whole) * brain)
        data[modality] = volume.data.astype(np.float32) + change
    return data


def plain_filter(
    whole: FloatArray, brain: Mask, method: str, gaussian_voxels: float = GAUSSIAN_VOXELS
) -> FloatArray:
    """``gaussian``, in which nothing outside the brain takes part, or ``median`` of 7 voxels."""
    from scipy import ndimage

    if method == "median":
        cross = ndimage.generate_binary_structure(3, 1)
        filtered: FloatArray = ndimage.median_filter(whole, footprint=cross)
        return filtered
    weight = ndimage.gaussian_filter(brain.astype(np.float32), gaussian_voxels)
    total = ndimage.gaussian_filter(np.where(brain, whole, 0), gaussian_voxels)
    smooth: FloatArray = np.where(brain, total / np.maximum(weight, 1e-3), whole)
    return smooth


def _blend(before: npt.NDArray[Any], after: FloatArray, strength: float) -> FloatArray:
    old = before.astype(np.float32)
    return old + np.float32(strength) * (after - old)
