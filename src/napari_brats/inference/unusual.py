"""Signs that images are not what the networks were made for: skull-stripped MRI of a glioma.

Every range is that of 17 cases of BraTS 2021, widened by a margin that was set by hand; a warning
says what was found and what is usual. None is a proof, and no warning is no promise: an unusual
tumour in a usual brain passes unremarked.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_brats.core.labels import Mask, Region
from napari_brats.core.modalities import Modality
from napari_brats.inference.preprocess import PreparedImage

Floats = npt.NDArray[np.float32]

USUAL_BRAIN_ML = (900.0, 2100.0)  # the 17 cases: 1250 to 1731
USUAL_SIZE_MM = (
    ("from side to side", 110.0, 175.0),  # 133 to 145
    ("from front to back", 130.0, 215.0),  # 158 to 182
    ("from bottom to top", 95.0, 180.0),  # 126 to 146
)
MAX_FACE_SHARE = 0.3  # of a face of the brain's box; up to 0.10
USUAL_ROUNDNESS = (0.65, 0.93)  # 0.80 to 0.88; a ball has 1
MIN_NEIGHBOUR_CORRELATION = 0.55  # 0.78 to 0.97
MIN_SYMMETRY = 0.2  # of T1N, which tumours disturb least: 0.41 to 0.84
MAX_LIKENESS = 0.97  # of two modalities; up to 0.83
MAX_SPACING_MM = 3.0
MIN_MIRROR_AGREEMENT = 0.3
MIN_LIKENESS_TO_EXPECTED = 0.15  # 0.25 to 0.54; inverted or mixed-up images: mostly below 0.13
HOUNSFIELD_AIR = (-3100.0, -900.0)
"""The background of a CT; no scaling of an MR image reaches it."""

_STEP_MM = 2.0


def find_unusual(
    prepared: PreparedImage,
    arrays: Mapping[Modality, npt.NDArray[Any]],
    modalities: Sequence[Modality],
    agreement: Mapping[Region, float] | None = None,
    likeness: float | None = None,
) -> tuple[str, ...]:
    """What is unusual about the images of a case, a sentence each; empty if nothing is.

    Parameters
    ----------
    prepared
        What the network saw.
    arrays
        Modality -> (X, Y, Z) as read.
    modalities
        The channels of ``prepared``, in their order; those not in ``arrays`` are left out.
    agreement
        Region -> Dice between the passes over mirror images, where there was more than one.
    likeness
        `familiar.likeness_to_expected`, where it is known.
    """
    step = [max(1, round(_STEP_MM / s)) for s in prepared.spacing_mm]
    coarse = tuple(slice(None, None, n) for n in step)
    brain = prepared.brain[coarse]
    edges_mm = [s * n for s, n in zip(prepared.spacing_mm, step, strict=True)]
    images = {
        m: image[coarse]
        for m, image in zip(modalities, prepared.image, strict=True)
        if m in arrays and image.any()
    }
    return (
        *_about_scale(arrays),
        *_about_size(prepared),
        *_about_shape(brain, edges_mm),
        *_about_content(prepared, images, brain, modalities),
        *_about_likeness(likeness),
        *_about_agreement(agreement or {}),
    )


def _about_scale(arrays: Mapping[Modality, npt.NDArray[Any]]) -> Iterator[str]:
    low, high = HOUNSFIELD_AIR
    minima = {m: float(array.min()) for m, array in arrays.items()}
    if ct := [m for m, value in minima.items() if low <= value <= high]:
        yield (
            f"The lowest value of {', '.join(ct)} is {minima[ct[0]]:g}, as air has in a CT; the "
            f"network knows MRI only."
        )


def _about_size(prepared: PreparedImage) -> Iterator[str]:
    ml = float(np.count_nonzero(prepared.brain)) * math.prod(prepared.spacing_mm) / 1000
    low, high = USUAL_BRAIN_ML
    if not low <= ml <= high:
        guess = "Is the skull still on?" if ml > high else "Is a part cut off?"
        yield (
            f"{ml:.0f} ml differ from the background; a brain alone has {low:.0f} to "
            f"{high:.0f} ml. {guess}"
        )
    sizes = zip(prepared.brain.shape, prepared.spacing_mm, USUAL_SIZE_MM, strict=True)
    odd = [
        f"{n * mm:.0f} mm {direction} (usual: {low:.0f} to {high:.0f})"
        for n, mm, (direction, low, high) in sizes
        if not low <= n * mm <= high
    ]
    if odd:
        yield f"What differs from the background measures {', '.join(odd)}."
    if max(prepared.spacing_mm) > MAX_SPACING_MM:
        yield (
            f"Voxels are up to {max(prepared.spacing_mm):.1f} mm long; the network was trained at "
            f"1 mm. Fine detail is missing."
        )


def _about_shape(brain: Mask, edges_mm: Sequence[float]) -> Iterator[str]:
    faces = [float(brain.take(end, axis).mean()) for axis in range(3) for end in (0, -1)]
    if max(faces) > MAX_FACE_SHARE:
        yield (
            f"The brain ends in a flat cut: {max(faces):.0%} of a face of its box are filled "
            f"(usual: below {MAX_FACE_SHARE:.0%}). Is the skull on, or a part cut off?"
        )
    roundness, (low, high) = _roundness(brain, edges_mm), USUAL_ROUNDNESS
    if not low <= roundness <= high:
        words = "as smooth as a ball's" if roundness > high else "ragged, or hollow"
        yield (
            f"The outline is {words} (roundness {roundness:.2f}; usual: {low} to {high}): perhaps "
            f"no brain, or not alone."
        )


def _roundness(brain: Mask, edges_mm: Sequence[float]) -> float:
    """The surface of a ball of equal volume by that of the mask: 1 for a ball, less for others.

    A surface made of voxel faces is 3/2 of that of the smooth body, averaged over directions.
    """
    volume = math.prod(edges_mm)
    padded = np.pad(brain, 1)
    faces = sum(
        np.count_nonzero(np.diff(padded, axis=axis)) * volume / edge
        for axis, edge in enumerate(edges_mm)
    )
    ball = (36 * math.pi * (np.count_nonzero(brain) * volume) ** 2) ** (1 / 3)
    return float(ball / (faces * 2 / 3))


def _about_content(
    prepared: PreparedImage,
    images: Mapping[Modality, Floats],
    brain: Mask,
    modalities: Sequence[Modality],
) -> Iterator[str]:
    if not images:
        yield "The images are of one value each inside the brain."
        return
    likeness = {m: _neighbours(prepared, modalities.index(m)) for m in images}
    if noisy := [m for m, value in likeness.items() if value < MIN_NEIGHBOUR_CORRELATION]:
        yield f"Noise in {', '.join(noisy)}: neighbouring voxels hardly resemble each other."
    if Modality.T1N in images:
        symmetry = _symmetry(images[Modality.T1N], brain)
        if symmetry < MIN_SYMMETRY:
            yield (
                f"Left and right of T1N hardly resemble each other (correlation {symmetry:.2f}; "
                f"usual: above {MIN_SYMMETRY}): perhaps no brain, or lying askew."
            )
    alike = [
        f"{one} and {other}"
        for one, other in itertools.combinations(images, 2)
        if correlation(images[one][brain], images[other][brain]) > MAX_LIKENESS
    ]
    if alike:
        yield f"Nearly the same image: {'; '.join(alike)}."


def _neighbours(prepared: PreparedImage, channel: int) -> float:
    """Correlation of voxels with their neighbour along axis 0, on the slice half way up."""
    middle = prepared.brain.shape[2] // 2
    image, inside = prepared.image[channel, :, :, middle], prepared.brain[:, :, middle]
    both = inside[1:] & inside[:-1]
    return correlation(image[1:][both], image[:-1][both])


def _symmetry(image: Floats, brain: Mask) -> float:
    """Correlation of an image with its left-right mirror image, both smoothed."""
    from scipy.ndimage import uniform_filter

    smooth = uniform_filter(image, 3)
    both = brain & np.flip(brain, 0)
    return correlation(smooth[both], np.flip(smooth, 0)[both])


def correlation(one: Floats, other: Floats) -> float:
    """Pearson's; 0 for fewer than ten values or constant ones."""
    if one.size < 10 or one.std() == 0 or other.std() == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def _about_likeness(likeness: float | None) -> Iterator[str]:
    if likeness is not None and likeness < MIN_LIKENESS_TO_EXPECTED:
        yield (
            f"T2W and T2F hardly look as T1N and T1C let expect of a brain (correlation "
            f"{likeness:.2f}; usual: above {MIN_LIKENESS_TO_EXPECTED}): perhaps mixed up, inverted "
            f"or not of one brain."
        )


def _about_agreement(agreement: Mapping[Region, float]) -> Iterator[str]:
    agreed = agreement.get(Region.WT, 1.0)
    if agreed < MIN_MIRROR_AGREEMENT:
        yield (
            f"The network contradicts itself: on mirror images it finds another tumour (Dice of WT "
            f"{agreed:.2f} between them)."
        )
