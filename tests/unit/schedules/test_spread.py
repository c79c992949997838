"""`H` in cron text: the task's own value."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from jvscheduler import parse_schedule
from jvscheduler.schedules import Dst


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("h  H * * MON", "H H * * mon"),
        ("30 h * * *", "30 H * * *"),
        ("H/15,h(0-9) H(9-16)/2 1 jan thu", "H/15,H(0-9) H(9-16)/2 1 jan thu"),
    ],
)
def test_h_is_the_tasks_own_value(text: str, canonical: str) -> None:
    schedule = parse_schedule(text, seed="shop.tasks.restock")
    assert str(schedule) == canonical
    assert parse_schedule(canonical, seed="shop.tasks.restock") == schedule
    assert schedule.cron == schedule.resolved == parse_schedule(schedule.cron or "").cron
    assert schedule.instants_key == parse_schedule(schedule.cron or "").instants_key
    other = parse_schedule(text, seed="shop.tasks.clean_up")
    assert other.instants_key != schedule.instants_key


def test_a_text_without_h_is_resolved_as_it_is() -> None:
    assert parse_schedule("0 9 * * thu", seed="x").resolved is None


def test_h_spreads_a_fleet_over_the_day() -> None:
    lines = [str(parse_schedule("H H * * *", seed=f"task-{n}").cron) for n in range(6000)]
    minutes = Counter(line.split()[0] for line in lines)
    hours = Counter(line.split()[1] for line in lines)
    assert len(minutes) == 60
    assert len(hours) == 24
    assert max(minutes.values()) < 2 * 6000 / 60
    assert max(hours.values()) < 2 * 6000 / 24


def test_h_follows_the_clock_of_the_zone_as_other_times_do() -> None:
    day = datetime(2026, 10, 25, tzinfo=UTC)
    by_dst: dict[Dst, int] = {"cron": 2, "once": 1}
    for dst, runs in by_dst.items():
        schedule = parse_schedule("H H(2-2) * * *", "Europe/Berlin", "a", dst)
        assert len(list(schedule.between(day, day + timedelta(hours=12)))) == runs
