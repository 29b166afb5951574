"""What the tool "Refine" computes: one stroke after the other, from where the last one led."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from napari_brats.core.boxes import Box
from napari_brats.core.edits.refine import DEFAULTS, FloatArray, refine, stroke_box
from napari_brats.core.edits.scheme import Scheme, may_take
from napari_brats.core.edits.similar import Appearance
from napari_brats.core.edits.targets import Target
from napari_brats.core.geometry import Spacing
from napari_brats.core.labels import LabelMap, Mask
from napari_brats.core.progress import Job, Progress
from napari_brats.widgets.refine_stroke import Voxels


@dataclass(eq=False)
class RefineSession:
    """Strokes on one label map about one target, and what became of its mask so far."""

    layer: Any
    target: Target
    scheme: Scheme
    before: Mask
    after: Mask
    spacing_mm: Spacing
    waiting: list[tuple[Voxels, bool]] = field(default_factory=list)

    @property
    def change_ml(self) -> float:
        """How much the target gained."""
        gained = np.count_nonzero(self.after) - np.count_nonzero(self.before)
        return gained * float(np.prod(self.spacing_mm)) / 1000


def refine_job(
    session: RefineSession,
    stroke: Voxels,
    belongs: bool,
    look: Appearance,
    probability: FloatArray | None,
) -> Job[Mask]:
    """The mask of a session after one more stroke."""
    yield Progress(0, 1, "Refine")
    before, layer = session.after, session.layer
    box = stroke_box(stroke, before.shape, session.spacing_mm, DEFAULTS.limit_mm)
    drawn = np.zeros(before.shape, dtype=bool)
    drawn[tuple(stroke.T)] = True
    refined = refine(
        before[box],
        images_in(look, box),
        drawn[box],
        belongs=belongs,
        spacing_mm=session.spacing_mm,
        probability=None if probability is None else probability[box].astype(np.float32),
    )
    labels: LabelMap = layer.data[box]
    gained = refined & ~before[box]
    refined &= ~gained | may_take(labels, session.target, session.scheme)
    after = before.copy()
    after[box] = refined
    return after


def images_in(look: Appearance, box: Box) -> FloatArray:
    """The images in a box of the label map; not a number where there are none."""
    shape = [side.stop - side.start for side in box]
    images = np.full((len(look.images), *shape), np.nan, np.float32)
    shared = [
        slice(max(side.start, own.start), min(side.stop, own.stop))
        for side, own in zip(box, look.box, strict=True)
    ]
    if all(side.start < side.stop for side in shared):
        there = tuple(
            slice(side.start - own.start, side.stop - own.start)
            for side, own in zip(shared, look.box, strict=True)
        )
        here = tuple(
            slice(side.start - own.start, side.stop - own.start)
            for side, own in zip(shared, box, strict=True)
        )
        images[(slice(None), *here)] = look.images[(slice(None), *there)]
    return images
