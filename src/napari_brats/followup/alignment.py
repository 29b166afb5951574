"""A time point laid onto the grid of the baseline: registered, checked, and carried over."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from napari_brats.core.case import Volume
from napari_brats.core.labels import LabelMap, Mask, volumes_ml
from napari_brats.core.modalities import Modality
from napari_brats.core.progress import Job, Progress
from napari_brats.followup.brains import IDENTITY, Brain, find_brain
from napari_brats.followup.change import carry_labels, field_of_view
from napari_brats.followup.loading import Loaded
from napari_brats.followup.registration import MIN_DICE, Registration, register, unregistered
from napari_brats.io.resample import resample_volume

_ORDER = (Modality.T1C, Modality.T1N, Modality.T2F, Modality.T2W)
"""Which modality is registered, the best one first: sharp, and in most cases isotropic."""

LARGEST_LOSS = 0.05
"""The share of a region's volume that may be lost on the way onto the baseline's grid unsaid."""


@dataclass(frozen=True, eq=False)
class Aligned:
    """A time point on the grid of the baseline.

    Attributes
    ----------
    registration
        How it was laid there.
    modality
        The modality of ``image``.
    image
        Its image on the baseline's grid.
    labels
        Its label map there, (X, Y, Z) internal labels.
    seen
        Where its field of view reaches.
    """

    registration: Registration
    modality: Modality
    image: Volume
    labels: LabelMap
    seen: Mask


def align(
    loaded: Loaded, baseline: Loaded, registration: bool
) -> Job[tuple[Aligned | None, tuple[str, ...]]]:
    """A time point on the baseline's grid, with notes; None with the reason if it does not fit.

    Without ``registration`` its place in the scanner is taken as it is. CaseError if nothing in an
    image looks like a brain.
    """
    ours, theirs = _modalities(baseline, loaded)
    name = loaded.point.name
    notes = []
    if ours is not theirs:
        notes.append(f"{name}: no modality in common, {theirs} is registered onto {ours}.")
    fixed, moving = _brain(baseline, ours), _brain(loaded, theirs)
    if loaded is baseline:
        found = Registration(IDENTITY, 1.0, 1.0, "the baseline itself")
    elif not registration:
        found = unregistered(fixed, moving)
    else:
        found = yield from _named(register(fixed, moving), name)
    if not found.is_usable:
        reason = (
            f"{name} could not be laid onto {baseline.point.name}: their brains overlap with a "
            f"Dice of {found.dice:.2f} only (expected at least {MIN_DICE:g}). No change is mapped; "
            f"volumes and diameters, measured on its own grid, stand. Check that both are of one "
            f"patient, and look at the images."
        )
        return None, (*notes, reason)
    yield Progress(95, 100, f"{name}: carrying the label map over")
    onto = baseline.labels.volume
    placed = found.rigid.place(loaded.labels.volume)
    carried = carry_labels(placed, onto).data
    image = resample_volume(found.rigid.place(loaded.images[theirs]), onto)
    aligned = Aligned(found, theirs, image, carried, field_of_view(placed, onto))
    return aligned, (*notes, *_losses(loaded, carried, onto))


def _named(job: Job[Registration], name: str) -> Job[Registration]:
    """The registration's steps as those of a time point, with its name."""
    while True:
        try:
            step = next(job)
        except StopIteration as end:
            result: Registration = end.value
            return result
        yield replace(step, message=f"{name}: {step.message.lower()}")


def _modalities(baseline: Loaded, later: Loaded) -> tuple[Modality, Modality]:
    """The modalities that are laid upon each other: one that both have, if any."""
    shared = [m for m in _ORDER if m in baseline.images and m in later.images]
    if shared:
        return shared[0], shared[0]
    return (
        next(m for m in _ORDER if m in baseline.images),
        next(m for m in _ORDER if m in later.images),
    )


def _brain(loaded: Loaded, modality: Modality) -> Brain:
    image = loaded.images[modality]
    tumour: npt.NDArray[np.bool_] = (
        resample_volume(loaded.labels.volume, image, nearest=True).data != 0
    )
    return find_brain(image, tumour)


def _losses(loaded: Loaded, carried: LabelMap, onto: Volume) -> list[str]:
    """Which regions lost volume on their way, because the baseline's grid ends or is coarse."""
    there = volumes_ml(carried, onto.grid.voxel_mm3)
    lost = [
        f"{region} {before:.1f} ml, there {there[region]:.1f} ml"
        for region, before in loaded.measures.volumes_ml.items()
        if abs(there[region] - before) > max(LARGEST_LOSS * before, 0.1)
    ]
    if not lost:
        return []
    text = (
        f"{loaded.point.name}: volumes differ on the grid of the baseline ({'; '.join(lost)}): "
        f"lesions are small against its voxels, or it does not reach as far. The change map is "
        f"less exact for it; the volumes of the table are measured on the own grid."
    )
    return [text]
