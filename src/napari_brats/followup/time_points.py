"""From a patient's folder to the time points in it, in order."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from napari_brats.core.errors import CaseError
from napari_brats.followup.moments import (
    Clock,
    Moment,
    days_between,
    moment_in,
    moment_of_user,
    require_one_clock,
    without_moment,
)
from napari_brats.io.discover import CaseFiles, discover
from napari_brats.io.names import absolute, case_folder


@dataclass(frozen=True)
class TimePoint:
    """One examination of the patient.

    Attributes
    ----------
    name
        Short and unlike the others': ``week056``, ``1998-03-30``, else the case id.
    files
        Its files.
    moment
        When it was.
    patient
        The patient's part of its name; empty where the name tells the time only.
    """

    name: str
    files: CaseFiles
    moment: Moment
    patient: str = ""

    @property
    def has_label_map(self) -> bool:
        """Whether a label map was found with it."""
        return self.files.label_map is not None

    def days_since(self, first: TimePoint) -> float | None:
        """Days since another time point; None where no interval is known."""
        return days_between(first.moment, self.moment)


@dataclass(frozen=True)
class Pick:
    """A time point that the user named, with the time they gave it (may be empty)."""

    name: str
    when: str = ""


def find_time_points(paths: Sequence[Path], apart_from: Path | None = None) -> list[TimePoint]:
    """The time points in a patient's folder (or in several folders), in order where it is known.

    Parameters
    ----------
    paths
        The patient's folder, or those of the time points.
    apart_from
        A folder whose files are left out: what a former comparison wrote there.

    Raises
    ------
    CaseError
        If a path holds no case.
    """
    found: list[CaseFiles] = []
    for path in paths:
        known = {(files.case_id, _folder(files)) for files in found}
        cases = discover(path, strict=False)
        found += [files for files in cases if (files.case_id, _folder(files)) not in known]
    kept = [f for f in found if f.modalities or f.unassigned]
    if apart_from is not None:
        aside = absolute(apart_from)
        kept = [f for f in kept if aside not in (_folder(f), *_folder(f).parents)]
    named = _with_names([_time_point(files, absolute(paths[0])) for files in kept])
    return sorted(named, key=lambda p: (p.moment.clock, p.moment.value, p.moment.part, p.name))


def choose(time_points: Sequence[TimePoint], picks: Sequence[Pick]) -> list[TimePoint]:
    """The time points the user named, with the times they gave; all of them without picks.

    Picks without any time, of time points whose names tell no order, are taken in the order given.

    Raises
    ------
    CaseError
        If a name fits no time point or a time cannot be read.
    """
    if not picks:
        return list(time_points)
    chosen = [_picked(time_points, pick) for pick in picks]
    repeated = [name for name, n in Counter(p.name for p in chosen).items() if n > 1]
    if repeated:
        raise CaseError(f"Time point {repeated[0]} is named twice. Expected each once.")
    clocks = {point.moment.clock for point in chosen}
    if not any(pick.when for pick in picks) and (len(clocks) > 1 or Clock.UNKNOWN in clocks):
        numbers = [Moment(Clock.NUMBER, float(i), 0, str(i)) for i in range(1, len(chosen) + 1)]
        chosen = [replace(p, moment=m) for p, m in zip(chosen, numbers, strict=True)]
    return chosen


def in_order(time_points: Sequence[TimePoint]) -> tuple[TimePoint, ...]:
    """At least two time points of one patient, the earliest first.

    Raises
    ------
    CaseError
        If there are fewer than two, they are of several patients, their order is not known, or two
        are of one moment.
    """
    if len(time_points) < 2:
        there = ", ".join(point.name for point in time_points) or "none"
        raise CaseError(
            f"A follow-up needs at least two time points; found: {there}. Choose the patient's "
            f"folder, which holds all of them, or name several folders."
        )
    patients = sorted({point.patient for point in time_points if point.patient})
    if len(patients) > 1:
        raise CaseError(
            f"These are time points of {len(patients)} patients: {', '.join(patients[:5])}"
            f"{', ...' if len(patients) > 5 else ''}. Expected one. Choose one patient's folder, "
            f"or pick the time points."
        )
    require_one_clock([(point.name, point.moment) for point in time_points])
    ordered = sorted(time_points, key=lambda p: (p.moment.value, p.moment.part))
    for first, second in itertools.pairwise(ordered):
        if _when(first) == _when(second):
            raise CaseError(
                f"{first.name} and {second.name} are of one time ({first.moment.title}), so that "
                f"their order is not known. Give them different times, or pick one of them."
            )
    return tuple(ordered)


def _picked(time_points: Sequence[TimePoint], pick: Pick) -> TimePoint:
    fits = [p for p in time_points if pick.name in (p.name, p.files.case_id)]
    if len(fits) != 1:
        raise CaseError(
            f"There is no time point '{pick.name}'. Found: "
            f"{', '.join(f'{p.name} ({p.files.case_id})' for p in time_points)}."
        )
    return replace(fits[0], moment=moment_of_user(pick.when)) if pick.when else fits[0]


def _time_point(files: CaseFiles, top: Path) -> TimePoint:
    """A case with the moment its id tells, else the folders it lies in, up to ``top``."""
    folder = _folder(files)
    above = [f.name for f in (folder, *folder.parents) if top in (f, *f.parents)]
    for name in (files.case_id, *above):
        moment = moment_in(name)
        if moment.text:
            source = files.case_id if moment.text in files.case_id else name
            return TimePoint(moment.title, files, moment, without_moment(source, moment))
    return TimePoint(files.case_id, files, Moment())


def _with_names(time_points: list[TimePoint]) -> list[TimePoint]:
    """The same with names that differ: case ids, or folders, where the moments do not tell."""
    for other in (lambda p: p.files.case_id, lambda p: f"{_folder(p.files).name}/{p.name}"):
        counts = Counter(point.name for point in time_points)
        time_points = [p if counts[p.name] == 1 else replace(p, name=other(p)) for p in time_points]
    return time_points


def _when(point: TimePoint) -> tuple[float, int]:
    return point.moment.value, point.moment.part


def _folder(files: CaseFiles) -> Path:
    choices = (*files.modalities.values(), *files.unassigned, *files.ignored)
    every = [*choices, files.label_map] if files.label_map else list(choices)
    return case_folder(every[0].path)
