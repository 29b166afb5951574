"""The jobs behind the panel "Follow-up". No Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from napari_brats.core.case import Case, Segmentation
from napari_brats.core.errors import BratsError
from napari_brats.core.labels import REGIONS, Region
from napari_brats.core.progress import Job, Progress
from napari_brats.followup.comparison import FollowUp, FollowUpOptions, compare_time_points
from napari_brats.followup.plot import plot_series
from napari_brats.followup.time_points import Pick, TimePoint, choose, find_time_points, in_order

PLOT_INCHES = (2.85, 4.3)
"""About as wide as the panel, at the resolution at which plots are drawn."""


@dataclass(frozen=True)
class FollowUpRequest:
    """What the user asked for.

    Attributes
    ----------
    picks
        The ticked time points, with the times the user gave where these are not the found ones.
    registration
        Whether to register.
    bundle
        The network for time points without a label map; empty leaves these out.
    repeatability_percent
        None where it is not known.
    """

    picks: tuple[Pick, ...]
    registration: bool
    bundle: str
    repeatability_percent: float | None


@dataclass(frozen=True, eq=False)
class Shown:
    """What the window shows of a follow-up.

    Attributes
    ----------
    follow_up
        All of it.
    plots
        Region -> PNG; empty where matplotlib is missing.
    problem
        Why there are no plots; empty if there are.
    """

    follow_up: FollowUp
    plots: Mapping[Region, bytes]
    problem: str = ""


def look_for_time_points(folder: Path) -> Job[list[TimePoint]]:
    """The time points in a folder; CaseError if it holds no case."""
    yield Progress(0, 1, f"Looking into {folder}")
    return find_time_points([folder])


def compare(found: Sequence[TimePoint], request: FollowUpRequest) -> Job[Shown]:
    """Compare the ticked ones of the time points found, and draw what came out."""
    yield Progress(0, 1, "Reading the time points")
    points = in_order(choose(found, request.picks))
    options = FollowUpOptions(request.registration, request.repeatability_percent)

    def segment(case: Case) -> Job[Segmentation]:
        from napari_brats.inference.segment import SegmentOptions
        from napari_brats.inference.segment import segment as run_segment
        from napari_brats.models.bundle import load_bundle

        return (yield from run_segment(case, load_bundle(request.bundle), SegmentOptions()))

    follow_up = yield from compare_time_points(points, options, segment if request.bundle else None)
    plots: dict[Region, bytes] = {}
    for done, region in enumerate(REGIONS):
        yield Progress(done, len(REGIONS), "Drawing")
        try:
            plots[region] = plot_series(follow_up, "png", (region,), PLOT_INCHES)
        except BratsError as error:  # matplotlib is an extra
            return Shown(follow_up, {}, str(error))
    return Shown(follow_up, plots)
