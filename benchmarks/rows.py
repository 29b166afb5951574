"""What a benchmark reports, and how: one line of JSON per row, beside whatever else it prints.

A benchmark that `run_all.py` runs (``make bench``) is a script of its own. It measures ours and its
named peer in turn, in one run, and says what it found:

    from rows import AT_MOST_TIMES, Goal, Row, measured, report

    ours, peer = measured({"ours": open_case, "nibabel": unpack_one}, repeats=7).values()
    report(Row("open a case", ours, Goal(AT_MOST_TIMES, 2), peer="nibabel, one file", others=peer))

What this machine cannot measure is reported, too: ``Row(..., missing="no GPU at hand")``. Run on
its own such a script prints its rows readably. Add it to ``BENCHMARKS`` in `run_all.py`.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

AT_MOST = "at most"
AT_LEAST = "at least"
AT_MOST_TIMES = "at most, times the peer"
TIMES_FASTER = "at least, times as fast as the peer"
AT_MOST_MORE = "at most more than the peer"
CASES = "NAPARI_BRATS_CASES"
ROWS_AS_JSON = "NAPARI_BRATS_BENCH_ROWS"
"""Set by `run_all.py`; rows are then printed as JSON behind `MARK`."""
MARK = "BENCH-ROW "


@dataclass(frozen=True)
class Goal:
    """What a figure should be.

    Attributes
    ----------
    kind
        One of the constants above.
    limit
        In the row's unit, or a ratio where the kind speaks of times.
    """

    kind: str
    limit: float

    def describe(self, unit: str, peer: str) -> str:
        """In words, for the table."""
        number = f"{self.limit:g}"
        return {
            AT_MOST: f"<= {number} {unit}",
            AT_LEAST: f">= {number} {unit}",
            AT_MOST_TIMES: f"<= {number} x {peer}",
            TIMES_FASTER: f">= {number} x faster than {peer}",
            AT_MOST_MORE: f"<= {peer} + {number} {unit}",
        }[self.kind].strip()

    def is_met(self, ours: float, other: float | None) -> bool:
        """Whether a median of ours meets it beside the peer's, which may be missing."""
        if self.kind == AT_MOST:
            return ours <= self.limit
        if self.kind == AT_LEAST:
            return ours >= self.limit
        if other is None:
            return False
        if self.kind == AT_MOST_TIMES:
            return ours <= self.limit * other
        if self.kind == TIMES_FASTER:
            return other >= self.limit * ours
        return ours <= other + self.limit


@dataclass(frozen=True)
class Row:
    """One line of the results.

    Attributes
    ----------
    name
        What was measured.
    values
        Ours, one per repeat; empty with `missing`.
    goal
        What it should be; None for what is only told.
    unit
        Of the values.
    peer
        What is measured beside it.
    others
        The peer's values.
    note
        What else belongs to it: how often, on what, under which conditions.
    missing
        Why there are no values, e.g. ``no GPU at hand``.
    """

    name: str
    values: Sequence[float] = ()
    goal: Goal | None = None
    unit: str = "s"
    peer: str = ""
    others: Sequence[float] = ()
    note: str = ""
    missing: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the medians meet the goal; None where there is none, or nothing measured."""
        if self.goal is None or not self.values:
            return None
        return self.goal.is_met(median(self.values), median(self.others) if self.others else None)

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


def row_from_json(found: Mapping[str, Any]) -> Row:
    """The inverse of `Row.to_json`."""
    goal = found.get("goal")
    return Row(**{**found, "goal": Goal(**goal) if goal else None})


def report(row: Row) -> None:
    """Print a row: as JSON for `run_all.py`, else readably."""
    if os.environ.get(ROWS_AS_JSON):
        print(MARK + json.dumps(row.to_json()), flush=True)
    else:
        print(" | ".join(cells(row)), flush=True)


def cells(row: Row) -> tuple[str, str, str, str, str, str]:
    """What, goal, ours, peer, ratio (peer to ours) and whether the goal is met, as text."""
    goal = row.goal.describe(row.unit, row.peer) if row.goal else ""
    what = f"{row.name} ({row.note})" if row.note else row.name
    if not row.values:
        return what, goal, f"not measured ({row.missing})", row.peer, "", ""
    other = f"{row.peer}: {spread(row.others, row.unit)}" if row.others else ""
    ours = median(row.values)
    ratio = f"{median(row.others) / ours:.3g}" if row.others and ours else ""
    return what, goal, spread(row.values, row.unit), other, ratio, _VERDICT[row.met]


_VERDICT = {True: "yes", False: "NO", None: ""}


def spread(values: Sequence[float], unit: str) -> str:
    """Median, and least to greatest of several values."""
    middle = f"{median(values):.4g} {unit}".strip()
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):.3g} to {max(values):.3g}, n = {len(values)})"


def measured(
    works: Mapping[str, Callable[[], object]],
    repeats: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """Seconds of every work, one of each in turn, so that all meet the same load.

    ``clock`` may be `time.process_time`, which counts the CPU time of this process. Each is called
    once before, so that imports and caches are not measured.
    """
    for work in works.values():
        work()
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            begin = clock()
            work()
            found[name].append(clock() - begin)
    return found


def case_folder(given: Path | None = None) -> Path:
    """The case to measure on.

    ``given``; else a labelled case below the folder in NAPARI_BRATS_CASES; else the sample case.
    """
    if given is not None:
        return given
    folder = os.environ.get(CASES)
    if folder:
        labelled = sorted(Path(folder).glob("labelled/*/")) or sorted(Path(folder).glob("*/"))
        if labelled:
            return next((case for case in labelled if case.name.endswith("00006")), labelled[0])
    sample = Path(__file__).resolve().parent.parent / "sample_data"
    return next(path for path in sorted(sample.iterdir()) if path.is_dir())
