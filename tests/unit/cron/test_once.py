"""`dst="once"`: each time of a calendar day is due once, also where the clock changes."""

import itertools
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from jvscheduler import parse_schedule
from jvscheduler.errors import InvalidSchedule
from tests.support.cron.cases import ZONES


class Once(NamedTuple):
    what: str
    text: str
    zone: str
    after: str
    expected: list[str]
    """Instants with the zone's offset."""


CASES = [
    Once(
        "a skipped time is due when the clock has jumped",
        text="daily at 02:30",
        zone="Europe/Berlin",
        after="2026-03-28T12:00+01:00",
        expected=["2026-03-29T03:00+02:00", "2026-03-30T02:30+02:00"],
    ),
    Once(
        "a time that occurs twice is due at its first occurrence",
        text="daily at 02:30",
        zone="Europe/Berlin",
        after="2026-10-24T12:00+02:00",
        expected=["2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"],
    ),
    Once(
        "also when asked between the two",
        text="daily at 02:30",
        zone="Europe/Berlin",
        after="2026-10-25T02:40+02:00",
        expected=["2026-10-26T02:30+01:00"],
    ),
    Once(
        "a midnight that is skipped",
        text="daily",
        zone="Africa/Cairo",
        after="2026-04-23T12:00+02:00",
        expected=["2026-04-24T01:00+03:00", "2026-04-25T00:00+03:00"],
    ),
    Once(
        "the last minutes of a day that the clock skips",
        text="daily at 23:45",
        zone="America/Scoresbysund",
        after="2025-03-29T12:00-02:00",
        expected=["2025-03-30T00:00-01:00", "2025-03-30T23:45-01:00"],
    ),
    Once(
        "a change by half an hour",
        text="daily at 02:15",
        zone="Australia/Lord_Howe",
        after="2026-10-03T12:00+10:30",
        expected=["2026-10-04T02:30+11:00", "2026-10-05T02:15+11:00"],
    ),
    Once(
        "times that are skipped together have one job",
        text="*/20 1-3 * * *",
        zone="America/New_York",
        after="2026-03-08T01:30-05:00",
        expected=["2026-03-08T01:40-05:00", "2026-03-08T03:00-04:00", "2026-03-08T03:20-04:00"],
    ),
    Once(
        "hours that occur twice have one job each",
        text="hourly",
        zone="America/New_York",
        after="2026-11-01T00:30-04:00",
        expected=["2026-11-01T01:00-04:00", "2026-11-01T02:00-05:00"],
    ),
    Once(
        "a day that a zone skipped is none",
        text="daily at 09:00",
        zone="Pacific/Apia",
        after="2011-12-29T12:00-10:00",
        expected=["2011-12-31T09:00+14:00", "2012-01-01T09:00+14:00"],
    ),
    Once(
        "the 29th of February",
        text="0 0 29 2 *",
        zone="Asia/Kolkata",
        after="2026-11-23T12:00+05:30",
        expected=["2028-02-29T00:00+05:30", "2032-02-29T00:00+05:30"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_due(case: Once) -> None:
    schedule = parse_schedule(case.text, case.zone, dst="once")
    after, found = datetime.fromisoformat(case.after), []
    for _ in case.expected:
        after = schedule.next(after) or pytest.fail("nothing is due")
        found.append(after.astimezone(ZoneInfo(case.zone)).isoformat(timespec="minutes"))
    assert found == case.expected


@pytest.mark.parametrize("zone", ZONES)
def test_every_calendar_day_is_due_once_and_no_two_days_coincide(zone: str) -> None:
    start, end = datetime(2012, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    for time in ("00:00", "00:30", "01:30", "02:15", "03:00"):
        due = list(parse_schedule(f"daily at {time}", zone, dst="once").between(start, end))
        days = [instant.astimezone(ZoneInfo(zone)).date() for instant in due]
        assert all(b - a == timedelta(days=1) for a, b in itertools.pairwise(days)), time
        assert all(a < b for a, b in itertools.pairwise(due))


@pytest.mark.parametrize("text", ["daily at 02:30", "*/10 * * * *", "0 0 1,15 * mon"])
def test_in_a_zone_without_clock_changes_once_equals_cron(text: str) -> None:
    random, start = Random(20261123), datetime(2026, 1, 1, tzinfo=UTC)
    once, cron = (parse_schedule(text, "Asia/Kolkata", dst=dst) for dst in ("once", "cron"))
    for _ in range(300):
        after = start + timedelta(seconds=random.randrange(10**8))
        assert once.next(after) == cron.next(after)


def test_it_is_not_cron() -> None:
    schedule = parse_schedule("daily at 02:30", "Europe/Berlin", dst="once")
    assert (schedule.cron, schedule.dst) == (None, "once")
    assert "with dst='cron'" in (schedule.refusal or "")
    assert schedule != parse_schedule("daily at 02:30", "Europe/Berlin")


@pytest.mark.parametrize("text", ["every 7 minutes", "every 5 to 10 minutes"])
def test_dst_is_refused_with_an_interval(text: str) -> None:
    with pytest.raises(InvalidSchedule, match="dst='once' is for times of the wall clock"):
        parse_schedule(text, dst="once")


@pytest.mark.parametrize("dst", ["twice", "", None, True, ["once"]])
def test_another_policy_is_refused(dst: object) -> None:
    with pytest.raises(InvalidSchedule, match="dst must be 'cron' or 'once', got"):
        parse_schedule("daily", dst=dst)  # type: ignore[arg-type]
