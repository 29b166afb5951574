"""From a case to its segmentation: the one path that panel and command line share."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_brats.core.case import Case, Segmentation
from napari_brats.core.errors import CaseError
from napari_brats.core.progress import Job, Progress
from napari_brats.inference.devices import resolve_device
from napari_brats.inference.postprocess import PostprocessOptions, postprocess
from napari_brats.inference.preprocess import PreparedImage, prepare_image, resize, to_spacing
from napari_brats.inference.windows import Logits, Pass, predict_whole, predict_windows
from napari_brats.models.bundle import Bundle, Card

if TYPE_CHECKING:
    from napari_brats.models.network import Network

STEPS = 100


@dataclass(frozen=True)
class SegmentOptions:
    """How to run a bundle on a case.

    Attributes
    ----------
    device
        ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
    postprocess
        How probabilities become a label map.
    keep_probabilities
        Whether the segmentation keeps them (3 float16 values per voxel).
    """

    device: str = "auto"
    postprocess: PostprocessOptions = field(default_factory=PostprocessOptions)
    keep_probabilities: bool = False


def segment(case: Case, bundle: Bundle, options: SegmentOptions) -> Job[Segmentation]:
    """Run a bundle on a case; a job that can be closed between any two levels of the network.

    Modalities the case lacks are passed to the network as missing, which the provenance notes.

    Raises
    ------
    GeometryError
        If the modalities do not lie on one grid.
    CaseError
        If the case has no modality the bundle uses, or nothing in it looks like a brain.
    BundleError, JobError
        If the weights are damaged, or the device is not there.
    """
    clock = _Clock()
    card = bundle.card
    grid = case.require_one_grid()
    notes = _notes_on_modalities(case, card)
    device = resolve_device(options.device)
    yield Progress(0, STEPS, "Preparing the images")
    arrays = {m: volume.data for m, volume in case.volumes.items()}
    prepared = prepare_image(arrays, grid, card.modalities)
    image = to_spacing(prepared, card.spacing_mm)
    clock.lap("prepare")
    yield Progress(5, STEPS, "Loading the network")
    network = bundle.load_network()
    clock.lap("load_network")
    logits, device = yield from _predict(network, image, device, notes)
    clock.lap("network")
    yield Progress(92, STEPS, "Post-processing")
    probabilities = _to_file_grid(logits, prepared)
    labels = postprocess(probabilities, grid.spacing_mm, options.postprocess)
    clock.lap("postprocess")
    provenance: dict[str, Any] = {
        "bundle": {"name": card.name, "sha256": card.sha256},
        "device": device,
        "postprocess": asdict(options.postprocess),
        "seconds": clock.seconds,
        "notes": notes,
    }
    return Segmentation(
        case.case_id,
        labels,
        case.reference,
        case.convention,
        probabilities if options.keep_probabilities else None,
        provenance,
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
    return [f"Without {', '.join(missing)} the result is less reliable than with all modalities."]


def _predict(
    network: Network, image: npt.NDArray[np.float32], device: str, notes: list[str]
) -> Job[tuple[Logits, str]]:
    """Logits and the device that made them: the whole image, else windows, else the CPU."""
    import torch

    attempts = [(device, predict_whole, "")]
    if device != "cpu":
        attempts += [
            (device, predict_windows, f"{device} ran out of memory; smaller windows were used."),
            ("cpu", predict_whole, f"{device} ran out of memory; the CPU was used."),
        ]
    for where, predict, note in attempts[:-1]:
        try:
            logits = yield from _report(predict(_on(network, where), image, where), where)
        except RuntimeError as error:
            if not _is_out_of_memory(error):
                raise
            torch.cuda.empty_cache()  # does nothing where CUDA was never used
            continue
        notes += [note] if note else []
        return logits, where
    where, predict, note = attempts[-1]
    notes += [note] if note else []
    return (yield from _report(predict(_on(network, where), image, where), where)), where


def _is_out_of_memory(error: RuntimeError) -> bool:
    """Whether a device ran out of memory: CUDA has an exception of its own, Apple's GPUs words."""
    import torch

    return isinstance(error, torch.OutOfMemoryError) or "out of memory" in str(error)


def _on(network: Network, device: str) -> Network:
    import torch

    return network.to(device=device, memory_format=torch.channels_last_3d)  # type: ignore[call-overload]


def _report(steps: Pass, device: str) -> Job[Logits]:
    """A network's pass as `Progress` from 10 to 90 of `STEPS`."""
    yield Progress(10, STEPS, f"Running the network on {device}")
    while True:
        try:
            share = next(steps)
        except StopIteration as end:
            logits: Logits = end.value
            return logits
        yield Progress(10 + int(80 * share), STEPS, f"Running the network on {device}")


def _to_file_grid(logits: Logits, prepared: PreparedImage) -> npt.NDArray[np.float16]:
    """Probabilities (R, X, Y, Z) float16 on the file's grid; 0 outside the brain's box."""
    import torch

    if logits.shape[1:] != prepared.brain.shape:
        logits = resize(logits, prepared.brain.shape)
    inside = torch.from_numpy(prepared.brain)
    probabilities = (torch.from_numpy(logits).sigmoid() * inside).half().numpy()
    return np.stack([prepared.placement.to_file(region) for region in probabilities])
