"""`instants` says in one line when a task is due."""

from datetime import UTC, datetime

import pytest

from jvscheduler import on_schedule
from jvscheduler.errors import InvalidSettings
from jvscheduler.testing import instants


@on_schedule("H H(2-2) * * *", task_id="a", time_zone="Europe/Berlin", dst="once")
def nightly() -> None: ...


@pytest.mark.parametrize(
    ("period", "count"), [("2027", 365), ("2028", 366), ("2027-03", 31), ("2027-12-31", 1)]
)
def test_a_period_is_a_year_a_month_or_a_day(period: str, count: int) -> None:
    assert len(instants("daily", period)) == count


def test_a_period_begins_and_ends_on_the_clock_of_the_zone() -> None:
    (due,) = instants("daily", "2027-03-28", time_zone="Europe/Berlin")
    assert (due, due.hour) == (datetime(2027, 3, 27, 23, tzinfo=UTC), 0)
    assert len(instants("hourly", "2027-03-28", time_zone="Europe/Berlin")) == 23
    assert len(instants("hourly", "2027-10-31", time_zone="Europe/Berlin")) == 25


def test_a_task_has_its_own_zone_and_id() -> None:
    (due,) = instants(nightly, "2027-03-28")
    assert due == datetime(2027, 3, 28, 1, tzinfo=UTC)
    (due,) = instants(nightly, "2027-03-29")
    assert (due.hour, due.minute) == (2, 43)


@pytest.mark.parametrize("period", ["", "March", "2027-3x", "2027-13", "2027-02-30"])
def test_another_period_is_refused(period: str) -> None:
    with pytest.raises(InvalidSettings, match="a period is such as"):
        instants("daily", period)


def test_what_has_no_schedule_is_refused() -> None:
    with pytest.raises(InvalidSettings, match="takes a schedule or a decorated function"):
        instants(len, "2027")
