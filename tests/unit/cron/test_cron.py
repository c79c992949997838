"""Cron as the CronJob controller reads it. The expected instants are robfig/cron v3.0.1's."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from jvscheduler.cron import SYNONYMS, Cron, parse_cron
from jvscheduler.errors import InvalidSchedule


def instants(cron: Cron, after: str, zone: str, count: int) -> list[str]:
    found, instant = [], datetime.fromisoformat(f"{after}:00+00:00")
    for _ in range(count):
        following = cron.next(instant, ZoneInfo(zone))
        assert following is not None
        assert following > instant
        found.append(following.strftime("%Y-%m-%d %H:%M"))
        instant = following
    return found


class Due(NamedTuple):
    what: str
    cron: str
    zone: str
    after: str
    expected: list[str]


DUE = [
    Due(
        "an hour that the clock skips is not due",
        cron="30 2 * * *",
        zone="America/New_York",
        after="2026-03-07 12:00",
        expected=["2026-03-09 06:30", "2026-03-10 06:30"],
    ),
    Due(
        "an hour that occurs twice is due twice",
        cron="30 1 * * *",
        zone="America/New_York",
        after="2026-10-31 12:00",
        expected=["2026-11-01 05:30", "2026-11-01 06:30", "2026-11-02 06:30"],
    ),
    Due(
        "each hour is due once in each hour that passes",
        cron="0 * * * *",
        zone="America/New_York",
        after="2026-11-01 04:30",
        expected=["2026-11-01 05:00", "2026-11-01 06:00", "2026-11-01 07:00"],
    ),
    Due(
        "half hours go on through a skipped hour",
        cron="*/30 * * * *",
        zone="America/New_York",
        after="2026-03-08 06:15",
        expected=["2026-03-08 06:30", "2026-03-08 07:00", "2026-03-08 07:30"],
    ),
    Due(
        "the first minute of a skipped hour is skipped",
        cron="0 2 * * *",
        zone="Europe/Berlin",
        after="2026-03-28 12:00",
        expected=["2026-03-30 00:00", "2026-03-31 00:00"],
    ),
    Due(
        "a half hour that occurs twice is due twice",
        cron="45 1 * * *",
        zone="Australia/Lord_Howe",
        after="2026-04-04 00:00",
        expected=["2026-04-04 14:45", "2026-04-04 15:15", "2026-04-05 15:15"],
    ),
    Due(
        "robfig steps over 02:00 where the clock goes back by half an hour",
        cron="0 2 * * *",
        zone="Australia/Lord_Howe",
        after="2026-04-03 18:00",
        expected=["2026-04-05 15:30", "2026-04-06 15:30"],
    ),
    Due(
        "robfig misses a day without a midnight, east of Greenwich",
        cron="0 12 29 3 *",
        zone="Asia/Beirut",
        after="2026-03-27 00:00",
        expected=["2027-03-29 09:00", "2028-03-29 09:00"],
    ),
    Due(
        "robfig runs into a day without a midnight, west of it",
        cron="0 5 3 11 *",
        zone="America/Sao_Paulo",
        after="2018-11-03 12:00",
        expected=["2018-11-04 07:00", "2019-11-03 08:00"],
    ),
    Due(
        "a midnight that is skipped is not due",
        cron="0 0 * * *",
        zone="Africa/Cairo",
        after="2026-04-22 12:00",
        expected=["2026-04-22 22:00", "2026-04-24 21:00"],
    ),
    Due(
        "a zone of half hours",
        cron="0 9 * * 1-5",
        zone="Asia/Kolkata",
        after="2026-11-27 00:00",
        expected=["2026-11-27 03:30", "2026-11-30 03:30"],
    ),
    Due(
        "29 February",
        cron="0 0 29 2 *",
        zone="UTC",
        after="2026-01-01 00:00",
        expected=["2028-02-29 00:00", "2032-02-29 00:00"],
    ),
    Due(
        "29 February across a century's end",
        cron="0 0 29 2 *",
        zone="UTC",
        after="2096-03-01 00:00",
        expected=["2104-02-29 00:00"],
    ),
    Due(
        "one of two restricted day fields is enough",
        cron="0 0 1 * mon",
        zone="UTC",
        after="2026-11-23 00:00",
        expected=["2026-11-30 00:00", "2026-12-01 00:00", "2026-12-07 00:00"],
    ),
    Due(
        "a star with a step above 1 restricts",
        cron="0 0 */2 * 1",
        zone="UTC",
        after="2026-11-23 00:00",
        expected=["2026-11-25 00:00", "2026-11-27 00:00", "2026-11-29 00:00", "2026-11-30 00:00"],
    ),
    Due(
        "a star with step 1 does not",
        cron="0 0 */1 * 1",
        zone="UTC",
        after="2026-11-23 00:00",
        expected=["2026-11-30 00:00", "2026-12-07 00:00"],
    ),
    Due(
        "a number with a step runs to the field's end",
        cron="5/20 * * * *",
        zone="UTC",
        after="2026-11-23 00:00",
        expected=["2026-11-23 00:05", "2026-11-23 00:25", "2026-11-23 00:45", "2026-11-23 01:05"],
    ),
    Due(
        "day 31 skips the shorter months",
        cron="0 0 31 * *",
        zone="UTC",
        after="2026-01-31 00:00",
        expected=["2026-03-31 00:00", "2026-05-31 00:00"],
    ),
    Due(
        "a day that a zone skipped does not hold up the search",
        cron="0 0 30 12 *",
        zone="Pacific/Apia",
        after="2011-12-29 20:00",
        expected=["2012-12-29 10:00"],
    ),
]


@pytest.mark.parametrize("case", DUE, ids=lambda case: case.what)
def test_due(case: Due) -> None:
    found = instants(parse_cron(case.cron), case.after, case.zone, len(case.expected))
    assert found == case.expected


def test_next_is_strictly_after_and_on_the_whole_minute() -> None:
    every_minute = parse_cron("* * * * *")
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    just_before, just_after = noon - timedelta(microseconds=1), noon + timedelta(microseconds=1)
    assert every_minute.next(just_before, UTC) == noon
    assert every_minute.next(noon, UTC) == noon + timedelta(minutes=1)
    assert every_minute.next(just_after, UTC) == noon + timedelta(minutes=1)


def test_after_may_be_in_any_zone() -> None:
    daily = parse_cron("0 0 * * *")
    berlin = datetime(2026, 11, 23, 23, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    assert daily.next(berlin, ZoneInfo("Asia/Tokyo")) == datetime(2026, 11, 24, 15, tzinfo=UTC)


def test_nothing_is_due_after_the_calendars_end() -> None:
    assert parse_cron("* * * * *").next(datetime.max.replace(tzinfo=UTC), UTC) is None


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("? ? ? ? ?", "* * * * *"),
        ("+5 05 * jan sun", "5 5 * 1 0"),
        ("0 0 * jan-mar mon-fri", "0 0 * 1-3 1-5"),
        ("10-20/5 0 * * *", "10,15,20 0 * * *"),
        ("0 0 * * mon/2", "0 0 * * 1,3,5"),
        ("0/70 * * * *", "0 * * * *"),
        ("1,,2, 0 * * *", "1,2 0 * * *"),
        ("*-5 * * * *", "* * * * *"),
    ],
)
def test_two_texts_have_the_same_meaning(text: str, same: str) -> None:
    assert parse_cron(text) == parse_cron(same)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("* * * *", "five fields"),
        ("* * * * * *", "five fields.*found 6; Kubernetes has none for seconds"),
        ("60 * * * *", "position 1, minute: expected 0-59, found '60'"),
        ("* 24 * * *", "position 3, hour: expected 0-23"),
        ("* * 0 * *", "position 5, day of month: expected 1-31"),
        ("* * * 13 *", "position 7, month: expected 1-12 or jan-dec"),
        ("* * * * 7", "position 9, day of week: .* Sunday is 0"),
        ("1,2,x * * * *", "position 5, minute: expected 0-59, found 'x'"),
        ("5-1 * * * *", "runs backwards"),
        ("1-2-3 * * * *", "at most one '-'"),
        ("*/2/3 * * * *", "at most one '/'"),
        ("*/0 * * * *", "a step of 1 or more"),
        ("*/ * * * *", "a step of 1 or more"),
        ("*/-1 * * * *", "a step of 1 or more"),
        ("*/9223372036854775808 * * * *", "a step of 1 or more"),
        ("-1 * * * *", "expected 0-59, found ''"),
        ("1_0 * * * *", "expected 0-59, found '1_0'"),
        ("0 0 l * *", "does not know L"),
        ("0 0 15w * *", "does not know L"),
        ("0 0 * * mon#2", "does not know L"),
        ("0 0 31 2 *", "never due"),
        ("0 0 31 4,6,9,11 *", "never due"),
        ("0 0 30 feb *", "never due"),
        (", 0 * * *", "never due"),
    ],
)
def test_a_text_that_is_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidSchedule, match=message):
        parse_cron(text)


def test_a_month_without_the_day_is_due_by_the_day_of_the_week() -> None:
    assert parse_cron("0 0 31 2 mon").is_ever_due


@pytest.mark.parametrize(("synonym", "text"), SYNONYMS.items())
def test_a_synonym_is_five_fields(synonym: str, text: str) -> None:
    assert synonym.startswith("@")
    assert parse_cron(text).is_ever_due


class CountingUtc(tzinfo):
    """UTC, with a count of the instants that it was asked about."""

    def __init__(self) -> None:
        self.asked = 0

    def fromutc(self, when: datetime) -> datetime:
        self.asked += 1
        return when

    def utcoffset(self, _: datetime | None) -> timedelta:
        return timedelta(0)

    def tzname(self, _: datetime | None) -> str:
        return "UTC"

    def dst(self, _: datetime | None) -> timedelta:
        return timedelta(0)


def test_a_rare_instant_is_found_without_a_step_for_each_minute() -> None:
    """Eight years have four million minutes."""
    zone = CountingUtc()
    found = parse_cron("59 23 29 2 *").next(datetime(2096, 3, 1, tzinfo=UTC), zone)
    assert found == datetime(2104, 2, 29, 23, 59, tzinfo=UTC)
    assert zone.asked < 3000
