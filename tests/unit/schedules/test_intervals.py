"""Intervals that no cron text expresses: fixed ones, counted from the epoch, and random ones."""

import itertools
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from jvscheduler import Schedule, parse_schedule

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def first(schedule: Schedule, count: int, after: datetime = NOON) -> list[datetime]:
    far = datetime(9000, 1, 1, tzinfo=UTC)
    return list(itertools.islice(schedule.between(after, far), count))


def delays(schedule: Schedule, count: int) -> Iterator[int]:
    for earlier, later in itertools.pairwise(first(schedule, count + 1)):
        yield (later - earlier) // SECOND


@pytest.mark.parametrize(
    ("text", "canonical", "seconds"),
    [
        ("every second", "every second", 1),
        ("every 1 seconds", "every second", 1),
        ("every 30 seconds", "every 30 seconds", 30),
        ("every 60 seconds", "every 60 seconds", 60),
        ("Every 07  Minutes", "every 7 minutes", 420),
        ("every 90 minutes", "every 90 minutes", 5400),
        ("every 5 hours", "every 5 hours", 18_000),
        ("every 48 hours", "every 48 hours", 172_800),
        ("every 3 days", "every 3 days", 259_200),
        ("every 2 weeks", "every 2 weeks", 1_209_600),
        ("every 3650 days", "every 3650 days", 315_360_000),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Australia/Lord_Howe"])
def test_a_fixed_interval_is_due_at_multiples_since_the_epoch(
    text: str, canonical: str, seconds: int, zone: str
) -> None:
    schedule = parse_schedule(text, zone)
    assert (str(schedule), schedule.cron) == (canonical, None)
    assert parse_schedule(canonical, zone) == schedule
    found = first(schedule, 20)
    assert found[0] > NOON >= found[0] - seconds * SECOND
    assert all((instant - EPOCH) // SECOND % seconds == 0 for instant in found)
    assert set(delays(schedule, 20)) == {seconds}


def test_next_is_strictly_after() -> None:
    schedule = parse_schedule("every 7 minutes")
    (due,) = first(schedule, 1)
    assert schedule.next(due - SECOND / 1000) == due
    assert schedule.next(due) == due + timedelta(minutes=7)
    assert schedule.next(EPOCH - timedelta(minutes=7)) == EPOCH


def test_nothing_is_due_after_the_calendars_end() -> None:
    last = datetime.max.replace(tzinfo=UTC)
    for text in ("every second", "every 3650 days", "every 1 to 3650 days"):
        assert parse_schedule(text).next(last) is None


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("every 5 to 10 minutes", 300, 600),
        ("every 20 to 40 seconds", 20, 40),
        ("every 1 to 2 seconds", 1, 2),
        ("every 23 to 25 hours", 82_800, 90_000),
        ("every 1 to 3650 days", 86_400, 315_360_000),
    ],
)
def test_each_delay_of_a_random_interval_is_in_its_range(text: str, low: int, high: int) -> None:
    schedule = parse_schedule(text, seed="shop.restock")
    assert (str(schedule), schedule.cron) == (text, None)
    found = list(delays(schedule, 600))
    assert min(found) >= low
    assert max(found) <= high
    assert len(set(found)) > min(high - low, 100) / 2


def test_the_delays_are_uniform_to_the_second() -> None:
    """Chi-squared: 301 values, whose statistic has mean 300 and deviation 35 at most."""
    count = 120_000
    found = Counter(delays(parse_schedule("every 5 to 10 minutes", seed="shop.restock"), count))
    assert set(found) == set(range(300, 601))
    expected = count / 301
    statistic = sum((seen - expected) ** 2 / expected for seen in found.values())
    assert 195 < statistic < 440


def test_successive_delays_are_uncorrelated() -> None:
    found = list(delays(parse_schedule("every 5 to 10 minutes", seed="shop.restock"), 100_000))
    off = [delay - 450 for delay in found]
    for lag in (1, 2, 5):
        together = sum(a * b for a, b in zip(off, off[lag:], strict=False))
        assert abs(together / sum(a * a for a in off)) < 0.02


def test_next_is_the_same_from_every_earlier_instant() -> None:
    schedule = parse_schedule("every 20 to 40 seconds", seed="shop.restock")
    walked = first(schedule, 1500)
    for earlier, later in itertools.pairwise(walked):
        assert schedule.next(later - SECOND) == later
        assert schedule.next(earlier + 7 * SECOND) == later


def test_the_seed_decides() -> None:
    text = "every 5 to 10 minutes"
    found = {seed: tuple(first(parse_schedule(text, seed=seed), 20)) for seed in "abc"}
    assert len({instant for instants in found.values() for instant in instants}) > 50
    assert tuple(first(parse_schedule(text, "Asia/Tokyo", "a"), 20)) == found["a"]


def test_another_process_and_another_version_find_the_same_instants() -> None:
    code = (
        "from datetime import UTC, datetime; from jvscheduler import parse_schedule\n"
        "schedule = parse_schedule('every 5 to 10 minutes', seed='shop.restock')\n"
        "print(schedule.next(datetime(2026, 11, 23, 12, tzinfo=UTC)).isoformat())"
    )
    command = [sys.executable, "-c", code]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    assert found == "2026-11-23T12:01:57+00:00"
