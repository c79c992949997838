"""How long after its due instant a job starts, and how much jitter a schedule takes."""

from datetime import UTC, datetime, timedelta

import pytest

from jvscheduler.errors import InvalidSchedule
from jvscheduler.schedules import parse_schedule
from jvscheduler.schedules.jitter import check_jitter, start_delay

DUE = datetime(2026, 3, 2, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_the_delay_is_fixed_for_a_task_and_an_instant() -> None:
    delay = start_delay("shop.restock", DUE, 60)
    assert delay == start_delay("shop.restock", DUE.astimezone(), 60)
    others = {start_delay("shop.restock", DUE + HOUR, 60), start_delay("shop.clean_up", DUE, 60)}
    assert delay not in others
    assert start_delay("shop.restock", DUE, 0) == timedelta(0)


def test_delays_are_uniform_over_the_jitter() -> None:
    delays = [start_delay("a", DUE + n * HOUR, 100).total_seconds() for n in range(10_000)]
    assert min(delays) >= 0
    assert max(delays) < 100
    for tenth in range(10):
        assert 0.09 < sum(10 * tenth <= d < 10 * tenth + 10 for d in delays) / len(delays) < 0.11


@pytest.mark.parametrize(
    ("schedule", "most"),
    [
        ("every minute", 59),
        ("every 7 minutes", 419),
        ("every 20 to 40 seconds", 19),
        ("0,5 9 * * *", 299),
        ("daily at 09:00 and 09:30", 1799),
        ("daily", 3600),
        ("0 0 29 2 *", 3600),
    ],
)
def test_a_job_starts_before_the_next_one_is_due(schedule: str, most: int) -> None:
    parsed = parse_schedule(schedule)
    check_jitter(parsed, most)
    if most < 3600:
        with pytest.raises(InvalidSchedule, match=f"{most + 1} s of jitter are too many"):
            check_jitter(parsed, most + 1)
