"""When a time point was: read from names such as ``week056``, ``time2`` or ``1998.03.30``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from napari_brats.core.errors import CaseError


class Clock(StrEnum):
    """What a moment is counted in; only moments of one clock have an order."""

    DATE = "dates"
    DAYS = "days since a beginning"
    NUMBER = "numbers without an interval"
    UNKNOWN = "nothing"


@dataclass(frozen=True)
class Moment:
    """When a time point was.

    Attributes
    ----------
    clock
        What ``value`` counts.
    value
        Days (of a date: its ordinal), or a running number; 0.0 where nothing is known.
    part
        Tells examinations of one moment apart: 2 in ``week000-2``.
    text
        The words it was read from: ``week056``; empty where nothing is known.
    """

    clock: Clock = Clock.UNKNOWN
    value: float = 0.0
    part: int = 0
    text: str = ""

    @property
    def date(self) -> date | None:
        """The calendar day; None where only an order or an interval is known."""
        return date.fromordinal(int(self.value)) if self.clock is Clock.DATE else None

    @property
    def title(self) -> str:
        """For people: the date as YYYY-MM-DD, else the words it was read from."""
        return self.text if self.date is None else self.date.isoformat()


_DAYS = {"d": 1, "day": 1, "week": 7, "wk": 7, "month": 365.25 / 12, "mo": 365.25 / 12}
_DAYS["year"] = 365.25
_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)")
_INTERVAL = re.compile(
    r"(?<![a-z])(?P<unit>day|week|wk|month|mo|year)s?[-_ ]?(?P<count>\d{1,5})"
    r"(?:[-_](?P<part>\d{1,2}))?(?!\d)"
    r"|(?<![a-z])fu[-_]?(?P<after>\d{1,5})(?P<letter>d)(?![a-z\d])",  # UCSF: FU003d
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(?<![a-z])(?:time|timepoint|time[-_]point|tp|visit|ses|session|scan|exam|fu|follow[-_]?up)"
    r"[-_ ]?(?P<count>\d{1,4})(?:[-_](?P<part>\d{1,2}))?(?![\da-z])"
    r"|(?<=-\d{5})-(?P<brats>\d{3})(?=$|[-_])",  # BraTS-GLI-00005-101
    re.IGNORECASE,
)
_WORD = re.compile(
    r"(?<![a-z])(?:(?P<first>baseline|pre|preop)|(?P<next>follow[-_]?up|post|postop))(?![a-z])",
    re.IGNORECASE,
)


def moment_in(name: str) -> Moment:
    """The moment that a name tells; of several the last one. `Clock.UNKNOWN` where none is told.

    Dates are written year first (``1998.03.30``, ``20190103``): another order could be read in two
    ways. Weeks, months and years count days on the patient's own clock.
    """
    for match in reversed(list(_DATE.finditer(name))):
        try:
            day = date(int(match[1]), int(match[3]), int(match[4]))
        except ValueError:  # 30 February
            continue
        return Moment(Clock.DATE, float(day.toordinal()), 0, match[0])
    for match in reversed(list(_INTERVAL.finditer(name))):
        unit = (match["unit"] or match["letter"]).lower()
        days = float(match["count"] or match["after"]) * _DAYS[unit]
        return Moment(Clock.DAYS, days, int(match["part"] or 0), match[0])
    for match in reversed(list(_NUMBER.finditer(name))):
        number = float(match["count"] or match["brats"])
        return Moment(Clock.NUMBER, number, int(match["part"] or 0), match[0].lstrip("-"))
    for match in reversed(list(_WORD.finditer(name))):
        return Moment(Clock.NUMBER, 0.0 if match["first"] else 1.0, 0, match[0])
    return Moment()


def moment_of_user(text: str) -> Moment:
    """The moment that a user wrote: a date, ``week 12``, or a number; CaseError for anything else.

    An empty text is no moment.
    """
    words = text.strip()
    if not words:
        return Moment()
    if re.fullmatch(r"\d{1,4}", words):
        return Moment(Clock.NUMBER, float(words), 0, words)
    found = moment_in(words)
    if found.clock is Clock.UNKNOWN or found.text != words:
        raise CaseError(
            f"'{text}' is no time. Expected a date such as 2024-01-31, an interval such as "
            f"'week 12', 'month 6' or 'day 90', or a running number."
        )
    return found


def without_moment(name: str, moment: Moment) -> str:
    """A name without the words that tell the moment, which leaves the patient's part of it."""
    before, _, after = name.rpartition(moment.text) if moment.text else ("", "", name)
    return (before + after).strip("_.- ")


def days_between(first: Moment, later: Moment) -> float | None:
    """The days from one moment to another; None where no interval is known."""
    if first.clock is not later.clock or first.clock not in (Clock.DATE, Clock.DAYS):
        return None
    return later.value - first.value


def require_one_clock(moments: Sequence[tuple[str, Moment]]) -> None:
    """CaseError unless all moments, given with their time points' names, have an order."""
    clocks = {moment.clock for _, moment in moments}
    if len(clocks) == 1 and Clock.UNKNOWN not in clocks:
        return
    listing = "\n".join(
        f"  {name}: {f'{moment.title} ({moment.clock})' if moment.text else 'nothing told'}"
        for name, moment in moments
    )
    raise CaseError(
        f"The order of the time points is not known:\n{listing}\n"
        f"Expected dates, or weeks, or numbers, of all of them alike. Give each its date (panel: "
        f"the column 'When'; command line: --time-point NAME=2024-01-31 for each; without dates "
        f"their order on the command line counts)."
    )
