"""From a case to its segmentation: the one path that panel and command line share."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_brats.core.case import Case, Segmentation
from napari_brats.core.errors import CaseError
from napari_brats.core.labels import LabelMap
from napari_brats.core.progress import Job, Progress
from napari_brats.inference.devices import resolve_device
from napari_brats.inference.fallback import NetworkRunner
from napari_brats.inference.familiar import likeness_to_expected
from napari_brats.inference.half import to_half
from napari_brats.inference.mirroring import (
    MirroredPrediction,
    Mirroring,
    Probabilities,
    predict_mirrored,
)
from napari_brats.inference.postprocess import postprocess
from napari_brats.inference.postprocess_options import (
    PostprocessOptions,
    options_from_card,
    postprocess_record,
)
from napari_brats.inference.preprocess import PreparedImage, prepare_image, resize, to_spacing
from napari_brats.inference.review import Answer, review_answer
from napari_brats.models.bundle import Bundle
from napari_brats.models.card import Card
from napari_brats.models.subset_scores import expectation_text

STEPS = 100
PREPARED = 2
"""Which `Progress` of `segment` tells that the images are prepared; the network comes after it."""
NETWORK_DONE = 92
"""Of `STEPS`; from here on `segment` needs the network no more."""


@dataclass(frozen=True)
class SegmentOptions:
    """How to run a bundle on a case.

    Attributes
    ----------
    device
        ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
    postprocess
        How probabilities become a label map; None leaves it to the bundle's card.
    keep_probabilities
        Whether the segmentation keeps them (3 float16 values per voxel).
    mirroring
        How many mirror images the network looks at, too; its answers are averaged.
    keep_uncertainty
        Whether the review keeps the map of uncertainty (1 float16 value per voxel).
    threads
        How many the network may use on the CPU; None for `devices.cpu_threads`.
    """

    device: str = "auto"
    postprocess: PostprocessOptions | None = None
    keep_probabilities: bool = False
    mirroring: Mirroring = Mirroring.OFF
    keep_uncertainty: bool = False
    threads: int | None = None


def segment(case: Case, bundle: Bundle, options: SegmentOptions) -> Job[Segmentation]:
    """Run a bundle on a case; a job that can be closed between any two levels of the network.

    Modalities the case lacks are passed to the network as missing, which the provenance notes.
    What comes before `PREPARED` and after `NETWORK_DONE` may run in other threads, while the
    network runs on another case.

    Raises
    ------
    GeometryError
        If the modalities do not lie on one grid.
    CaseError
        If the case has no modality the bundle uses, or nothing in it looks like a brain.
    BundleError, JobError
        If the weights are damaged or the card's options unknown, or the device is not there.
    """
    clock = _Clock()
    card = bundle.card
    grid = case.require_one_grid()
    notes = _notes_on_modalities(case, card)
    device = resolve_device(options.device)
    chosen = options_from_card(card) if options.postprocess is None else options.postprocess
    yield Progress(0, STEPS, "Preparing the images")
    arrays = {m: volume.data for m, volume in case.volumes.items()}
    prepared = prepare_image(arrays, grid, card.modalities, flatten=card.flatten)
    image = to_spacing(prepared, card.spacing_mm)
    clock.lap("prepare")
    yield Progress(5, STEPS, "Loading the network")
    clock.go_on()
    runner = NetworkRunner(bundle, device, threads=options.threads)
    runner.load()
    clock.lap("load_network")
    prediction = yield from _run(runner, image, options.mirroring)
    notes += runner.notes
    clock.lap("network")
    yield Progress(NETWORK_DONE, STEPS, "Post-processing")
    clock.go_on()
    prediction = _in_brain(prediction, prepared)
    probabilities = _to_file_grid(prediction.probabilities, prepared)
    labels = postprocess(probabilities, grid.spacing_mm, chosen)
    notes += _note_on_nothing_left(labels, probabilities, grid.voxel_mm3)
    clock.lap("postprocess")
    yield Progress(95, STEPS, "Looking for what is in doubt")
    likeness = likeness_to_expected(prepared, card.modalities, options.threads)
    answer = Answer(arrays, prepared, prediction, options.mirroring, likeness)
    review = review_answer(answer, labels, card, keep_uncertainty=options.keep_uncertainty)
    clock.lap("review")
    provenance: dict[str, Any] = {
        "bundle": {"name": card.name, "sha256": card.sha256},
        "device": runner.device,
        "runtime": runner.runtime,
        "mirroring": options.mirroring.value,
        "review": review.to_json(),
        "postprocess": postprocess_record(chosen, card),
        "seconds": clock.seconds,
        "notes": notes,
    }
    kept = probabilities if options.keep_probabilities else None
    return Segmentation(
        case.case_id, labels, case.reference, case.convention, kept, provenance, review
    )


class _Clock:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.seconds[stage] = round(now - self._last, 3)
        self._last = now

    def go_on(self) -> None:
        """Leave out what passed since the last lap: the job may have waited for its turn."""
        self._last = time.perf_counter()


def _note_on_nothing_left(
    labels: LabelMap, probabilities: npt.NDArray[np.floating[Any]], voxel_mm3: float
) -> list[str]:
    """A small tumour must not vanish without a word."""
    if labels.any():
        return []
    found_ml = float(np.count_nonzero(probabilities.max(axis=0) > 0.5)) * voxel_mm3 / 1000
    if not found_ml:
        return []
    note = f"Post-processing dropped all that was found ({found_ml:.2f} ml above one half)."
    return [f"{note} Lower the least parts or the thresholds to see it."]


def _notes_on_modalities(case: Case, card: Card) -> list[str]:
    usable = [m for m in card.modalities if m in case.volumes]
    if not usable:
        raise CaseError(
            f"Case {case.case_id} has {', '.join(case.modalities)}, but bundle '{card.name}' "
            f"works on {', '.join(card.modalities)}. Add or reassign at least one of these."
        )
    missing = [m for m in card.modalities if m not in case.volumes]
    if not missing:
        return []
    without = f"Without {', '.join(missing)} the result is less reliable than with all modalities."
    return [f"{without} {expectation_text(card, usable)}".strip()]


def _run(
    runner: NetworkRunner, image: npt.NDArray[np.float32], mirroring: Mirroring
) -> Job[MirroredPrediction]:
    try:
        return (yield from _report(predict_mirrored(runner, image, mirroring), runner))
    finally:  # cancelled, too
        runner.free_memory()


def _report(
    steps: Generator[float, None, MirroredPrediction], runner: NetworkRunner
) -> Job[MirroredPrediction]:
    """The network's passes as `Progress` from 10 to 90 of `STEPS`."""
    while True:
        try:
            share = next(steps)
        except StopIteration as end:
            prediction: MirroredPrediction = end.value
            return prediction
        yield Progress(10 + int(80 * share), STEPS, f"Running the network on {runner.device}")


def _in_brain(prediction: MirroredPrediction, prepared: PreparedImage) -> MirroredPrediction:
    """The prediction on the prepared image's grid; 0 off the brain."""
    probabilities = prediction.probabilities
    if probabilities.shape[1:] != prepared.brain.shape:
        probabilities = resize(probabilities, prepared.brain.shape)
    return replace(prediction, probabilities=probabilities * prepared.brain)


def _to_file_grid(probabilities: Probabilities, prepared: PreparedImage) -> npt.NDArray[np.float16]:
    """Probabilities (R, X, Y, Z) float16 on the file's grid; 0 outside the brain's box."""
    placement = prepared.placement
    full = np.zeros((len(probabilities), *placement.shape), np.float16)
    for region, whole in zip(probabilities, full, strict=True):
        placement.to_canonical(whole)[...] = to_half(region)
    return full
