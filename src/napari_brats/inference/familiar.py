"""Whether the contrasts of a brain go together as the autoencoder learned that they do."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from napari_brats.core.errors import BundleError, JobError
from napari_brats.core.modalities import MODALITIES, Modality
from napari_brats.core.progress import drain
from napari_brats.inference.anomaly import BUNDLE, WORKING_MM, brain_of
from napari_brats.inference.fallback import NetworkRunner
from napari_brats.inference.preprocess import PreparedImage, to_spacing
from napari_brats.inference.unusual import correlation
from napari_brats.models.bundle import load_bundle

LOGGER = logging.getLogger(__name__)
_HIDDEN = (Modality.T2W, Modality.T2F)


def likeness_to_expected(
    prepared: PreparedImage, modalities: Sequence[Modality], threads: int | None = None
) -> float | None:
    """How well T1N and T1C foretell T2W and T2F: the mean of both correlations, -1 to 1.

    The autoencoder sees the T1 images alone and says what T2W and T2F of a brain without tumour
    would look like. A tumour disturbs that in its place; images of something else, inverted or
    mixed up, disturb it everywhere.

    Parameters
    ----------
    prepared
        What the segmentation network saw.
    modalities
        Its channels, in their order.
    threads
        How many the network may use on the CPU; None for the engine's choice.

    Returns
    -------
    float or None
        None where it cannot be told: a modality is missing, there is no memory for the network or
        its bundle is damaged (then the log says so).
    """
    channels = [modalities.index(m) for m in MODALITIES if m in modalities]
    if len(channels) < len(MODALITIES) or not prepared.image[channels].any(axis=(1, 2, 3)).all():
        return None
    image = to_spacing(prepared, WORKING_MM)[channels]
    brain = brain_of(image)
    seen = np.concatenate([image, brain[None].astype(np.float32)])
    hidden = [MODALITIES.index(m) for m in _HIDDEN]
    seen[hidden] = 0
    try:
        expected = drain(NetworkRunner(load_bundle(BUNDLE), "cpu", threads=threads)(seen))
    except (BundleError, JobError) as error:
        LOGGER.warning("Whether the images are unusual was not judged by %s: %s", BUNDLE, error)
        return None
    return float(np.mean([correlation(image[c][brain], expected[c][brain]) for c in hidden]))
