"""When a name says that it was."""

from __future__ import annotations

from datetime import date

import pytest

from napari_brats.core.errors import CaseError
from napari_brats.followup.moments import (
    Clock,
    days_between,
    moment_in,
    moment_of_user,
    require_one_clock,
    without_moment,
)


@pytest.mark.parametrize(
    ("name", "clock", "value", "part"),
    [
        ("TCGA-HT-8111_1998.03.30", Clock.DATE, date(1998, 3, 30).toordinal(), 0),
        ("Patient_20190103", Clock.DATE, date(2019, 1, 3).toordinal(), 0),
        ("Patient-001_week056", Clock.DAYS, 392, 0),
        ("Patient-001_week000-2", Clock.DAYS, 0, 2),
        ("Patient-001_week-044-1", Clock.DAYS, 308, 1),
        ("UCSF-PDGM-0429_FU003d", Clock.DAYS, 3, 0),
        ("100001_time2", Clock.NUMBER, 2, 0),
        ("sub-01_ses-03", Clock.NUMBER, 3, 0),
        ("BraTS-GLI-00005-101", Clock.NUMBER, 101, 0),
        ("P7_baseline", Clock.NUMBER, 0, 0),
        ("P7_followup", Clock.NUMBER, 1, 0),
        ("P7_follow-up2", Clock.NUMBER, 2, 0),
    ],
)
def test_names_that_tell_a_moment(name: str, clock: Clock, value: float, part: int):
    moment = moment_in(name)
    assert (moment.clock, moment.value, moment.part) == (clock, value, part)


@pytest.mark.parametrize(
    "name",
    ["BraTS2021_00000", "TCGA-HT-8111", "fla", "uptime9x", "19990230", "Brats18_TCIA02_607_1"],
)
def test_names_that_tell_none(name: str):
    assert moment_in(name).clock is Clock.UNKNOWN


def test_the_last_date_counts():
    assert moment_in("1950-01-01_x_2019-05-06").title == "2019-05-06"


def test_patient_is_what_is_left():
    for name in ("BraTS-GLI-00000-000", "BraTS-GLI-00000-001"):
        assert without_moment(name, moment_in(name)) == "BraTS-GLI-00000"
    assert without_moment("100001_time2", moment_in("100001_time2")) == "100001"


def test_what_users_write():
    assert moment_of_user(" 2024-01-31 ").date == date(2024, 1, 31)
    assert moment_of_user("week 12").value == 84
    assert moment_of_user("3").clock is Clock.NUMBER
    assert moment_of_user("").clock is Clock.UNKNOWN
    for text in ("31.1.2024", "soon", "week", "2024-13-01"):
        with pytest.raises(CaseError, match="is no time"):
            moment_of_user(text)


def test_intervals_are_known_on_one_clock_only():
    week, later = moment_in("week001"), moment_in("week003")
    assert days_between(week, later) == 14
    assert days_between(moment_in("time1"), moment_in("time2")) is None
    assert days_between(week, moment_in("2019-01-03")) is None


def test_mixed_clocks_have_no_order():
    with pytest.raises(CaseError, match="order of the time points is not known") as error:
        require_one_clock([("a", moment_in("week001")), ("b", moment_in("b"))])
    assert "b: nothing told" in str(error.value)
