"""Where a brain does not look as a healthy one would: a map from 0 to 1 over a case.

Three methods give a score per voxel: the autoencoder (how much brighter T2-FLAIR and T2 are than
what it says a healthy brain with this T1 would show), the difference from the mirrored hemisphere,
and a plain threshold of T2-FLAIR; a fourth is the mean of the first two. What each score means,
`Scale` says: 0.5 on the map is the threshold that served the training cases best.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_brats.core.case import Case, Volume
from napari_brats.core.errors import CaseError, JobError
from napari_brats.core.labels import Mask
from napari_brats.core.modalities import Modality
from napari_brats.core.progress import Job, Progress, report_shares
from napari_brats.inference.devices import resolve_device
from napari_brats.inference.fallback import NetworkRunner
from napari_brats.inference.hemispheres import mirrored
from napari_brats.inference.preprocess import PreparedImage, prepare_image, resize, to_spacing
from napari_brats.models.bundle import Bundle, load_bundle

FloatArray = npt.NDArray[np.float32]

BUNDLE = "anomaly-autoencoder3d"
WORKING_MM = (2.0, 2.0, 2.0)
"""Coarser than the files: noise averages out, and the network sees more of the brain at once. The
network was trained at it (``pooling`` of its configuration)."""

SMOOTHING_VOXELS = 1.5
STEPS = 100

Weights = Mapping[Modality, float]
BRIGHTER_THAN_EXPECTED: Weights = {Modality.T2F: 1.0, Modality.T2W: 0.25}
BRIGHTER_THAN_MIRRORED: Weights = {Modality.T2F: 1.0, Modality.T2W: 0.5}
"""In which modalities a lesion is bright, and how much each counts in the mean."""


@dataclass(frozen=True)
class Scale:
    """How a score becomes a map: 1 / (1 + exp((threshold - score) / width))."""

    threshold: float
    width: float


SCALES = {
    "combined": Scale(0.80, 0.25),
    "autoencoder": Scale(1.02, 0.3),
    "mirror": Scale(0.73, 0.3),
    "flair": Scale(1.08, 0.3),
}
"""Each threshold had the highest mean Dice against WT over the 13 training cases."""

METHODS = tuple(SCALES)
DEFAULT_METHOD = "combined"
METHOD_TITLES = {
    "combined": "Combined: autoencoder and mirror",
    "autoencoder": "Autoencoder (experimental)",
    "mirror": "Mirror: unlike the other side",
    "flair": "FLAIR: brighter than the brain",
}


@dataclass(frozen=True)
class AnomalyOptions:
    """Which of `METHODS`, and the device of the autoencoder (as in `SegmentOptions`)."""

    method: str = DEFAULT_METHOD
    device: str = "auto"


@dataclass(frozen=True, eq=False)
class AnomalyMap:
    """What was found in a case.

    Attributes
    ----------
    case_id
        The case it belongs to.
    data
        (X, Y, Z) float32 on ``reference``'s grid: 0 as expected, 1 not at all; 0 outside the brain.
    reference
        The volume whose geometry and header it takes.
    provenance
        JSON-able facts on how it was made.
    """

    case_id: str
    data: FloatArray
    reference: Volume
    provenance: Mapping[str, Any] = field(default_factory=dict)


def find_anomalies(
    case: Case, options: AnomalyOptions = AnomalyOptions(), bundle: Bundle | None = None
) -> Job[AnomalyMap]:
    """The anomaly map of a case; a job that can be closed between levels of the network.

    ``bundle`` is the autoencoder's, the built-in one without it.

    Raises
    ------
    CaseError
        If the case has neither T2-FLAIR nor T2 (``flair``: no T2-FLAIR), or no brain.
    GeometryError
        If its modalities do not lie on one grid.
    JobError, BundleError
        If the method or the device is not known, or the weights are damaged.
    """
    if options.method not in METHODS:
        raise JobError(f"There is no method '{options.method}'. Known: {', '.join(METHODS)}.")
    targets = _targets(case, options.method)
    yield Progress(0, STEPS, "Preparing the images")
    arrays = {m: volume.data for m, volume in case.volumes.items()}
    prepared = prepare_image(arrays, case.require_one_grid(), tuple(Modality))
    image = to_spacing(prepared, WORKING_MM)
    provenance: dict[str, Any] = {"method": options.method, "modalities": list(targets)}
    scores: list[FloatArray] = []
    if options.method in ("combined", "autoencoder"):
        bundle = bundle or load_bundle(BUNDLE)
        score, facts = yield from _reconstruction_score(image, targets, bundle, options.device)
        scores.append(score)
        provenance |= facts
    yield Progress(90, STEPS, "Comparing")
    if options.method in ("combined", "mirror"):
        scores.append(mirror_score(image))
    if options.method == "flair":
        scores.append(flair_score(image))
    score = np.mean(scores, axis=0, dtype=np.float32)
    yield Progress(95, STEPS, "Writing the map")
    data = to_map(score, SCALES[options.method], prepared)
    provenance["scale"] = vars(SCALES[options.method])
    return AnomalyMap(case.case_id, data, case.reference, provenance)


def flair_score(image: FloatArray) -> FloatArray:
    """How bright T2-FLAIR is, in standard deviations of the brain; (X, Y, Z) of (4, X, Y, Z)."""
    return smooth_inside(image[_index(Modality.T2F)], brain_of(image))


def mirror_score(image: FloatArray) -> FloatArray:
    """How much brighter T2-FLAIR and T2 are than at the mirrored place.

    In standard deviations of that difference over the brain.
    """
    other = mirrored(image)
    both = brain_of(image) & brain_of(other)
    differences = (image - other) * both
    for channel, difference in enumerate(differences):
        sd = float(difference[both].std()) if both.any() else 0.0
        differences[channel] = difference / (sd or 1.0)
    return _weighed(image, differences, BRIGHTER_THAN_MIRRORED)


def residual_score(image: FloatArray, expected: FloatArray) -> FloatArray:
    """How much brighter T2-FLAIR and T2 are than the autoencoder expects."""
    return _weighed(image, image - expected, BRIGHTER_THAN_EXPECTED)


def _weighed(image: FloatArray, differences: FloatArray, weights: Weights) -> FloatArray:
    """The mean of the modalities that the image has, smoothed; (X, Y, Z) of (4, X, Y, Z)."""
    present = {_index(m): w for m, w in weights.items() if image[_index(m)].any()}
    total = np.zeros(image.shape[1:], np.float32)
    for channel, weight in present.items():
        total += weight * differences[channel]
    return smooth_inside(total / (sum(present.values()) or 1.0), brain_of(image))


def brain_of(image: FloatArray) -> Mask:
    """Where any modality of a prepared image (C, X, Y, Z) is not 0."""
    brain: Mask = (image != 0).any(axis=0)
    return brain


def smooth_inside(values: FloatArray, brain: Mask, sigma: float = SMOOTHING_VOXELS) -> FloatArray:
    """Gaussian smoothing in which nothing outside the brain takes part; 0 there."""
    from scipy import ndimage

    weight = ndimage.gaussian_filter(brain.astype(np.float32), sigma)
    total = ndimage.gaussian_filter(np.where(brain, values, 0).astype(np.float32), sigma)
    smooth: FloatArray = np.where(brain, total / np.maximum(weight, 1e-3), 0).astype(np.float32)
    return smooth


def to_map(score: FloatArray, scale: Scale, prepared: PreparedImage) -> FloatArray:
    """A score at `WORKING_MM` as a map of 0 to 1 on the grid of the file."""
    if score.shape != prepared.brain.shape:
        score = resize(score[None], prepared.brain.shape)[0]
    steps = np.clip((scale.threshold - score) / scale.width, -30, 30)
    return prepared.placement.to_file((prepared.brain / (1 + np.exp(steps))).astype(np.float32))


def _targets(case: Case, method: str) -> tuple[Modality, ...]:
    wanted = (Modality.T2F,) if method == "flair" else tuple(BRIGHTER_THAN_EXPECTED)
    found = tuple(m for m in wanted if m in case.volumes)
    if not found:
        raise CaseError(
            f"Case {case.case_id} has {', '.join(case.modalities)}; method '{method}' needs "
            f"{' or '.join(wanted)}, in which lesions are bright. Add it, or assign it."
        )
    return found


def _reconstruction_score(
    image: FloatArray, targets: Sequence[Modality], bundle: Bundle, device: str
) -> Job[tuple[FloatArray, dict[str, Any]]]:
    """The score, and facts for the provenance. What is judged is hidden from the network."""
    runner = NetworkRunner(bundle, resolve_device(device))
    expected = image.copy()
    for hidden in _hidden_sets(image, targets):
        seen = np.concatenate([image, brain_of(image)[None].astype(np.float32)])
        seen[[_index(m) for m in hidden]] = 0
        message = f"Running the network on {runner.device}"
        said = yield from report_shares(runner(seen), message, 10, 90, STEPS)
        for modality in hidden:
            expected[_index(modality)] = said[_index(modality)]
    facts = {
        "bundle": {"name": bundle.card.name, "sha256": bundle.card.sha256},
        "device": runner.device,
        "runtime": runner.runtime,
        "notes": runner.notes,
    }
    return residual_score(image, expected), facts


def _hidden_sets(image: FloatArray, targets: Sequence[Modality]) -> list[tuple[Modality, ...]]:
    """What each pass hides: all that is judged, or one by one where there is no T1 to go by."""
    if any(image[_index(m)].any() for m in (Modality.T1N, Modality.T1C)):
        return [tuple(targets)]
    return [(target,) for target in targets]


def _index(modality: Modality) -> int:
    return tuple(Modality).index(modality)
