"""The whole follow-up as one job: read, register onto the first, carry over, measure, compare."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from napari_brats.core.errors import BratsError, CaseError
from napari_brats.core.geometry import Grid
from napari_brats.core.labels import REGIONS, Region
from napari_brats.core.progress import Job, Progress
from napari_brats.followup.alignment import Aligned, align
from napari_brats.followup.change import ChangeMap, change_map
from napari_brats.followup.loading import Loaded, Segmenter, load_time_point
from napari_brats.followup.response import (
    Band,
    Quantity,
    Series,
    dice_band,
    follow,
    repeatability_band,
    sum_of_products_mm2,
)
from napari_brats.followup.time_points import TimePoint


@dataclass(frozen=True)
class FollowUpOptions:
    """How time points are compared.

    Attributes
    ----------
    registration
        Whether they are registered; else their places in the scanner are taken as they are.
    repeatability_percent
        How far measuring one tumour again may lead from a value; None takes what the network
        expects of its own label maps, where that is known.
    convention
        The name of the label convention of the label maps that are found; None infers it.
    """

    registration: bool = True
    repeatability_percent: float | None = None
    convention: str | None = None


@dataclass(frozen=True, eq=False)
class Examined:
    """A time point with what could be made of it.

    Attributes
    ----------
    point
        The time point.
    loaded
        What was read; None if it could not be used.
    aligned
        None where nothing was read, or it could not be laid onto the baseline.
    notes
        What the user should know of it, problems included.
    """

    point: TimePoint
    loaded: Loaded | None
    aligned: Aligned | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class FollowUp:
    """All time points of a patient, compared.

    Attributes
    ----------
    examined
        In order of time.
    series
        Every quantity of every region over time.
    notes
        What the user should know of the whole.
    """

    examined: tuple[Examined, ...]
    series: tuple[Series, ...]
    notes: tuple[str, ...]

    @property
    def baseline(self) -> Examined:
        """The first time point that could be used."""
        return next(one for one in self.examined if one.loaded is not None)

    @property
    def grid(self) -> Grid:
        """The baseline's voxel grid, on which all change maps lie."""
        loaded = self.baseline.loaded
        if loaded is None:
            raise CaseError("No time point could be used.")
        return loaded.labels.volume.grid

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """Which time points are compared: each with the baseline, and with the one before it."""
        usable = [i for i, one in enumerate(self.examined) if one.aligned is not None]
        pairs = [(usable[0], later) for later in usable[1:]]
        return (*pairs, *itertools.pairwise(usable[1:]))

    def change(self, before: int, after: int, region: Region) -> ChangeMap:
        """The change map of a region between two time points, on the baseline's grid.

        CaseError if one of them could not be laid there.
        """
        one, other = self.examined[before].aligned, self.examined[after].aligned
        if one is None or other is None:
            lost = self.examined[before if one is None else after]
            raise CaseError(f"{lost.point.name} has no label map on the grid of the baseline.")
        return change_map(one.labels, other.labels, region, other.seen)

    def series_of(self, region: Region, quantity: Quantity) -> Series:
        """One of the series."""
        return next(s for s in self.series if s.region is region and s.quantity is quantity)

    def days(self, index: int) -> float | None:
        """Days since the first time point; None where no interval is known."""
        return self.examined[index].point.days_since(self.examined[0].point)


def compare_time_points(
    points: Sequence[TimePoint], options: FollowUpOptions, segmenter: Segmenter | None = None
) -> Job[FollowUp]:
    """Compare time points that `in_order` gave.

    Label maps are those found; the segmenter makes one where there is none. A time point that
    cannot be used is passed over and says why; volumes and diameters are measured on each time
    point's own grid, so that they do not depend on the registration.

    Raises
    ------
    CaseError
        If fewer than two time points can be used.
    """
    if options.repeatability_percent is not None:
        repeatability_band(1.0, options.repeatability_percent)  # refuse it before the work
    examined = []
    baseline: Loaded | None = None
    for index, point in enumerate(points):
        total = len(points)
        steps = _examine(point, baseline, options, segmenter)
        one = yield from _part_of(steps, index, total)
        baseline = baseline or one.loaded
        examined.append(_without_images(one))
    if sum(one.loaded is not None for one in examined) < 2:
        listing = "\n".join(f"  {note}" for one in examined for note in one.notes)
        raise CaseError(
            f"Fewer than two time points can be compared:\n{listing}\nExpected at least two with "
            f"images and label maps."
        )
    series = tuple(_series(examined, r, q, options) for r in REGIONS for q in Quantity)
    return FollowUp(tuple(examined), series, _notes(examined, series))


def _without_images(one: Examined) -> Examined:
    """The same with no image but the one on the baseline's grid: a patient may have many visits."""
    return one if one.loaded is None else replace(one, loaded=replace(one.loaded, images={}))


def _part_of(job: Job[Examined], index: int, total: int) -> Job[Examined]:
    """One time point's job as part of the whole."""
    while True:
        try:
            step = next(job)
        except StopIteration as end:
            result: Examined = end.value
            return result
        done = 100 * index + (100 * step.done) // max(1, step.total)
        yield Progress(done, 100 * total, step.message)


def _examine(
    point: TimePoint,
    baseline: Loaded | None,
    options: FollowUpOptions,
    segmenter: Segmenter | None,
) -> Job[Examined]:
    try:
        loaded = yield from load_time_point(point, segmenter, options.convention)
    except BratsError as error:
        return Examined(point, None, None, (f"{point.name} is left out. {error}",))
    try:
        aligned, notes = yield from align(loaded, baseline or loaded, options.registration)
    except BratsError as error:
        return Examined(point, loaded, None, (f"{point.name} is not registered. {error}",))
    return Examined(point, loaded, aligned, notes)


def _series(
    examined: Sequence[Examined], region: Region, quantity: Quantity, options: FollowUpOptions
) -> Series:
    values = [_value(one.loaded, region, quantity) for one in examined]
    bands = [
        None if value is None else _band(one.loaded, value, region, quantity, options)
        for one, value in zip(examined, values, strict=True)
    ]
    return follow(region, quantity, values, bands)


def _value(loaded: Loaded | None, region: Region, quantity: Quantity) -> float | None:
    if loaded is None:
        return None
    if quantity is Quantity.VOLUME:
        return loaded.measures.volumes_ml[region]
    return sum_of_products_mm2(loaded.measures, region)


def _band(
    loaded: Loaded | None,
    value: float,
    region: Region,
    quantity: Quantity,
    options: FollowUpOptions,
) -> Band | None:
    if options.repeatability_percent is not None:
        return repeatability_band(value, options.repeatability_percent)
    dice = loaded.expected_dice.get(region) if loaded is not None else None
    if dice is None or dice.error is None or quantity is not Quantity.VOLUME:
        return None
    lowest = dice.value - dice.error
    return dice_band(value, lowest) if lowest > 0 else None


def _notes(examined: Sequence[Examined], series: Sequence[Series]) -> tuple[str, ...]:
    notes = []
    read = [one.loaded for one in examined if one.loaded is not None]
    made = [loaded.point.name for loaded in read if loaded.made_now]
    if made and len(made) < len(read):
        notes.append(
            f"The label maps of {', '.join(made)} were made by the network, the others were given: "
            f"a difference may come from who drew them."
        )
    if all(one.point.days_since(examined[0].point) is None for one in examined):
        notes.append("No dates are known: only the order of the time points is shown.")
    if all(value is None or value.band is None for s in series for value in s.values):
        notes.append(
            "How far the measures are repeatable is not known: no band of noise is shown. Give it "
            "in percent (panel: 'Noise'; command line: --repeatability)."
        )
    return tuple(notes)
