"""The grammar of schedules."""

import pickle
import random
import re
from datetime import UTC, datetime, timedelta

import pytest

from jvscheduler import Schedule, parse_schedule
from jvscheduler.errors import InvalidSchedule
from jvscheduler.manifests import patterns
from jvscheduler.schedules import Dst
from tests.unit.schedules.schedule_texts import random_text

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "canonical", "cron"),
    [
        ("every minute", "every minute", "* * * * *"),
        ("every 1 minutes", "every minute", "* * * * *"),
        ("every 5 minutes", "every 5 minutes", "*/5 * * * *"),
        ("every 30 minutes", "every 30 minutes", "*/30 * * * *"),
        ("every 60 minutes", "every 60 minutes", "0 * * * *"),
        ("every hour", "every hour", "0 * * * *"),
        ("every hour at :15", "every hour at :15", "15 * * * *"),
        ("every 2 hours", "every 2 hours", "0 */2 * * *"),
        ("every 24 hours", "every 24 hours", "0 0 * * *"),
        ("every day", "every day", "0 0 * * *"),
        ("every day at 09:00", "every day at 09:00", "0 9 * * *"),
        ("every 1 day", "every day", "0 0 * * *"),
        ("every week", "every week", "0 0 * * 0"),
        ("every weekday at 08:15", "every weekday at 08:15", "15 8 * * 1-5"),
        ("every monday at 09:00", "every monday at 09:00", "0 9 * * 1"),
        (
            "every monday, wednesday and friday at 07:30",
            "every monday, wednesday and friday at 07:30",
            "30 7 * * 1,3,5",
        ),
        ("every sun and sat and sunday", "every saturday and sunday", "0 0 * * 0,6"),
        ("daily", "daily", "0 0 * * *"),
        ("Daily  AT 9:05", "daily at 09:05", "5 9 * * *"),
        ("weekly", "weekly", "0 0 * * 0"),
        ("weekly on monday", "weekly on monday", "0 0 * * 1"),
        ("weekly on fri at 17:00", "weekly on friday at 17:00", "0 17 * * 5"),
        ("hourly", "hourly", "0 * * * *"),
        ("hourly at :15", "hourly at :15", "15 * * * *"),
        ("monthly", "monthly", "0 0 1 * *"),
        ("monthly on 15 at 12:00", "monthly on 15 at 12:00", "0 12 15 * *"),
        ("daily at 17:00 AND 9:00", "daily at 09:00 and 17:00", "0 9,17 * * *"),
        (
            "daily at 17:30,9:00, 17:00 and 9:30 and 09:30",
            "daily at 09:00, 09:30, 17:00 and 17:30",
            "0,30 9,17 * * *",
        ),
        (
            "every weekday at 08:15 , and 12:15",
            "every weekday at 08:15 and 12:15",
            "15 8,12 * * 1-5",
        ),
        (
            "weekly on friday at 09:00 and 17:00",
            "weekly on friday at 09:00 and 17:00",
            "0 9,17 * * 5",
        ),
        (
            "every mon, fri at 09:00, 17:00",
            "every monday and friday at 09:00 and 17:00",
            "0 9,17 * * 1,5",
        ),
        ("monthly on 1 at 06:00, 18:00", "monthly on 1 at 06:00 and 18:00", "0 6,18 1 * *"),
        ("hourly at :45 and :15", "hourly at :15 and :45", "15,45 * * * *"),
        ("every hour at :15, :45", "every hour at :15 and :45", "15,45 * * * *"),
        ("@Weekly", "@weekly", "0 0 * * 0"),
        ("  0  9 * * MON-FRI\n", "0 9 * * mon-fri", "0 9 * * mon-fri"),
        ("*/7 * * * *", "*/7 * * * *", "*/7 * * * *"),
    ],
)
def test_a_form_and_its_cron(text: str, canonical: str, cron: str) -> None:
    schedule = parse_schedule(text)
    assert (str(schedule), schedule.cron) == (canonical, cron)
    assert parse_schedule(str(schedule)) == schedule


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("every 7 minutes", "every 6 minutes"),
        ("every 45 minutes", "every hour"),
        ("every 90 minutes", "every 2 hours"),
        ("every 30 seconds", "every minute"),
        ("every second", "every minute"),
        ("every 60 seconds", "every minute"),
        ("every 5 hours", "every 6 hours"),
        ("every 3 days", "every week"),
        ("every 2 weeks", "every week"),
        ("every 5 to 10 minutes", "every 6 minutes"),
        ("every 20 to 40 seconds", "every minute"),
    ],
)
def test_a_form_that_no_cronjob_carries_says_so(text: str, nearest: str) -> None:
    schedule = parse_schedule(text)
    assert schedule.cron is None
    assert (
        "leave the backend out or ask for the Loop; nearest form that a CronJob carries: "
        f"{nearest!r}" in (schedule.refusal or "")
    )
    assert parse_schedule(nearest).cron


def test_times_that_no_one_cron_line_has_are_due_at_exactly_these_times() -> None:
    """`0,15 8,12` would be due at 08:00 and 12:15 too."""
    schedule = parse_schedule("every weekday at 08:15 and 12:00", "Europe/Berlin")
    friday = datetime(2026, 11, 27, tzinfo=UTC)
    due = schedule.between(friday, friday + timedelta(days=4))
    assert [f"{at:%a %H:%M}" for at in due] == ["Fri 07:15", "Fri 11:00", "Mon 07:15", "Mon 11:00"]
    assert (schedule.cron, schedule.lines) == (None, ("0 12 * * 1-5", "15 8 * * 1-5"))
    assert "a CronJob carries a task for each of '0 12 * * 1-5', '15 8 * * 1-5'" in (
        schedule.refusal or ""
    )


@pytest.mark.parametrize("dst", ["cron", "once"])
def test_a_day_has_just_the_times_of_its_text(dst: Dst) -> None:
    generator = random.Random(20261127)
    start = NOON.replace(hour=0) - timedelta(seconds=1)
    for _ in range(500):
        count = generator.randint(1, 6)
        times = {
            (generator.choice([0, 9, 17]), generator.choice([0, 15, 30])) for _ in range(count)
        }
        text = ", ".join(f"{hour}:{minute:02}" for hour, minute in times)
        due = parse_schedule(f"daily at {text}", dst=dst).between(start, start + timedelta(days=1))
        assert [(at.hour, at.minute) for at in due] == sorted(times), text


def test_times_that_are_skipped_together_are_one_instant_with_once() -> None:
    schedule = parse_schedule("daily at 02:15, 02:30 and 03:15", "Europe/Berlin", dst="once")
    night = datetime(2026, 3, 29, tzinfo=UTC)
    due = list(schedule.between(night, night + timedelta(hours=3)))
    assert due == [night + timedelta(hours=1), night + timedelta(hours=1, minutes=15)]


@pytest.mark.parametrize(
    ("text", "is_finer"),
    [
        ("every minute", False),
        ("every 60 seconds", False),
        ("every 59 seconds", True),
        ("every 30 to 90 seconds", True),
        ("* * * * *", False),
    ],
)
def test_whether_two_instants_may_be_less_than_a_minute_apart(text: str, is_finer: bool) -> None:
    assert parse_schedule(text).is_finer_than_a_minute == is_finer


def test_a_form_that_a_cronjob_carries_is_not_refused() -> None:
    assert parse_schedule("daily").refusal is None


@pytest.mark.parametrize("value", [None, 5, b"daily", ["daily"]])
def test_a_schedule_must_be_text(value: object) -> None:
    with pytest.raises(InvalidSchedule, match="must be text"):
        parse_schedule(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "Etc/GMT+5", "America/Port-au-Prince"])
def test_a_time_zone(name: str) -> None:
    assert parse_schedule("daily", name).time_zone == name


@pytest.mark.parametrize(
    "name",
    [
        *("", "Local", "local", "localtime", "posixrules", "right/UTC", "posix/UTC"),
        *("../../etc/passwd", "/etc/localtime", "Europe/../UTC", "Europe", "tzdata.zi", "+02:00"),
        *("Europe/Atlantis", "UTC\n", "UTC ", "Europe/Berlin\x00", "x" * 10_000, "Ü"),
    ],
)
def test_a_time_zone_that_is_refused(name: str) -> None:
    with pytest.raises(InvalidSchedule, match="is not an IANA time zone") as refused:
        parse_schedule("daily", name)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Berlin", "Europe/Berlin"),
        ("Asia/Tokio", "Asia/Tokyo"),
        ("America/NewYork", "America/New_York"),
        ("Canada/Pacifc", "Canada/Pacific"),
        *((name, None) for name in ("Europe/Germany", "Europe/Munich", "Asia/Bangalore")),
        *((name, None) for name in ("PST", "CEST", "IST", "UTC+2", "GMT+2", "Mars", "Europe/")),
    ],
)
def test_another_place_is_not_suggested(name: str, meant: str | None) -> None:
    with pytest.raises(InvalidSchedule) as refused:
        parse_schedule("daily", name)
    suggestion = str(refused.value).partition("; did you mean ")[2]
    assert suggestion == (f"{meant!r}?" if meant else "")


def test_the_nearest_time_zone_is_suggested() -> None:
    with pytest.raises(InvalidSchedule, match="did you mean 'Europe/Berlin'"):
        parse_schedule("daily", "europe/berlin")


def test_wall_clock_times_are_those_of_the_time_zone() -> None:
    schedule = parse_schedule("daily at 09:00", "Asia/Tokyo")
    assert schedule.next(NOON) == datetime(2026, 11, 24, 0, tzinfo=UTC)


def test_between_excludes_its_start_and_includes_its_end() -> None:
    due = parse_schedule("every 30 minutes").between(NOON, NOON + timedelta(hours=1))
    assert list(due) == [NOON + timedelta(minutes=30), NOON + timedelta(hours=1)]


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="must be aware"):
        parse_schedule("daily").next(datetime(2026, 1, 1))  # noqa: DTZ001


def test_a_schedule_survives_pickling() -> None:
    schedule = parse_schedule("daily at 09:00", "Europe/Berlin")
    copy: Schedule = pickle.loads(pickle.dumps(schedule))  # noqa: S301
    assert copy == schedule
    assert copy.next(NOON) == schedule.next(NOON)


def test_a_long_text_is_parsed_in_one_pass() -> None:
    """A text at the limit is one list of 30 days: nothing in it is looked at twice."""
    days = ", ".join(["monday", "tuesday", "friday"] * 17)
    assert parse_schedule(f"every {days} at 09:00").cron == "0 9 * * 1,2,5"


def test_every_valid_text_passes_admission_and_parses_again_from_its_canonical_form() -> None:
    generator = random.Random(20261123)
    accepted = 0
    for _ in range(20_000):
        text = random_text(generator)
        try:
            schedule = parse_schedule(text)
        except InvalidSchedule:
            continue
        accepted += 1
        assert re.match(patterns.SCHEDULE, text, re.ASCII), text
        wall_clock = re.match(patterns.WALL_CLOCK, text, re.ASCII) is not None
        assert wall_clock == bool(schedule.lines), text
        assert parse_schedule(str(schedule)) == schedule, text
    assert accepted > 5_000


@pytest.mark.parametrize(
    "text",
    [
        *("", "sometimes", "dayly", "daily at 24:00", "daily at 14:60", "daily at", "every"),
        *("every 0 minutes", "every 0 to 5 minutes", "every 5 months", "every -5 minutes"),
        *("monthly on 0", "monthly on 32", "hourly at :60", "hourly at 15"),
        *("* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *"),
        *("* * * * 7", "*/0 * * * *", "1-2-3 * * * *", "0 0 l * *", "@every 5m", "@reboot"),
        *("TZ=UTC 0 0 * * *", "every monday tuesday", "weekly on someday", "daily; rm", "daily x"),
    ],
)
def test_admission_refuses_what_a_pattern_can_detect(text: str) -> None:
    assert re.match(patterns.SCHEDULE, text, re.ASCII) is None
    with pytest.raises(InvalidSchedule):
        parse_schedule(text)
