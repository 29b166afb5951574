"""What the buttons of the shape tools compute."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from napari_brats.core.edits import morphology
from napari_brats.core.edits.edit import Edit
from napari_brats.core.edits.interpolate import interpolate_slices
from napari_brats.core.edits.planes import Plane
from napari_brats.core.edits.targets import Target, labels_in
from napari_brats.core.geometry import Spacing
from napari_brats.core.labels import LabelMap
from napari_brats.core.progress import Job, Progress
from napari_brats.widgets.shape_tools_panel import BUTTONS, ShapeRequest


@dataclass(frozen=True, eq=False)
class ShapeTask:
    """One use of a tool: what it acts on, copied, so that painting goes on meanwhile.

    Attributes
    ----------
    labels
        In display order; ``spacing_mm`` and ``plane`` are, too.
    target
        The label or region.
    plane
        The slice looked at.
    request
        The button, and what was set beside it.
    """

    labels: LabelMap
    spacing_mm: Spacing
    target: Target
    plane: Plane
    request: ShapeRequest


def shape_job(task: ShapeTask) -> Job[Edit | None]:
    """The edit that a task asks for; None if it changes nothing."""
    yield Progress(0, 1, BUTTONS[task.request.tool][0])
    if task.request.tool == "interpolate":
        return _interpolated(task)
    amount = (task.request.amount,) if task.request.tool in _WITH_AMOUNT else ()
    tool = _WITH_AMOUNT.get(task.request.tool) or _WITHOUT[task.request.tool]
    return tool(
        task.labels,
        task.target,
        *amount,
        task.spacing_mm,
        plane=task.plane if task.request.this_slice else None,
        scheme=task.request.scheme,
    )


_WITH_AMOUNT: Mapping[str, Callable[..., Edit | None]] = {
    "smooth": morphology.smooth,
    "grow": morphology.grow,
    "shrink": morphology.shrink,
    "remove_islands": morphology.remove_islands,
}
_WITHOUT: Mapping[str, Callable[..., Edit | None]] = {
    "fill_holes": morphology.fill_holes,
    "keep_largest": morphology.keep_largest,
}


def _interpolated(task: ShapeTask) -> Edit | None:
    return interpolate_slices(
        task.labels,
        labels_in(task.target),
        task.plane.axis,
        task.spacing_mm,
        over=range(1, 256) if task.request.over_labels else (),
        longest_gap_mm=task.request.amount,
        only_slice=task.plane.index if task.request.this_slice else None,
    )
