"""What a run left behind for the sliders, and whether the user edited it since. No Qt."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from napari_brats.core.case import Segmentation
from napari_brats.core.labels import LabelMap
from napari_brats.core.lookup import words_of
from napari_brats.inference.postprocess_options import PostprocessOptions


@dataclass(eq=False)
class AutomaticResult:
    """A segmentation with its probabilities, and every label map made from it so far.

    Attributes
    ----------
    segmentation
        As the run returned it, probabilities included.
    options
        Those that the label map on screen was made with.
    layer
        The layer it is shown in; whatever the viewer calls a layer.
    """

    segmentation: Segmentation
    options: PostprocessOptions
    layer: Any
    _latest: LabelMap = field(init=False, repr=False)
    _digests: set[bytes] = field(init=False, repr=False, default_factory=set)

    def __post_init__(self) -> None:
        self.note(self.segmentation.labels, self.options)

    def note(self, labels: LabelMap, options: PostprocessOptions) -> None:
        """Remember ``labels`` (copied) as made automatically with ``options``."""
        self.options = options
        self._latest = labels.copy()
        self._digests.add(digest_of(labels))

    def is_edited(self, labels: LabelMap) -> bool:
        """Whether ``labels`` is none of the label maps made automatically.

        Undoing edits, or slider steps, leads back to one that was.
        """
        return not np.array_equal(labels, self._latest) and digest_of(labels) not in self._digests


ResultOf = Callable[[], "AutomaticResult | None"]
"""Gives the result of the label map that is edited, None where no run made it."""


def digest_of(labels: LabelMap) -> bytes:
    """The same bytes for the same voxels of one shape, whatever their order in memory.

    Hashes where something is, and what: the rest of a label map is background.
    """
    words, rest = words_of(np.ascontiguousarray(labels).ravel())
    held = np.flatnonzero(words != 0)
    digest = hashlib.blake2b(digest_size=16)
    for part in (held, words[held], np.ascontiguousarray(rest)):
        digest.update(part.data)
    return digest.digest()
