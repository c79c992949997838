"""The fast path finds the instants that the search finds, or leaves them to the search."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo, available_timezones

import pytest

from jvscheduler.cron import parse_cron
from jvscheduler.cron.fast_path import next_by_arithmetic
from jvscheduler.cron.offsets import SPAN_DAYS
from jvscheduler.cron.search import Search
from jvscheduler.errors import InvalidSchedule
from tests.support.cron.cases import ZONES, expression, instants

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WALLS = [EPOCH.replace(tzinfo=None) + timedelta(days=day) for day in range(24_838)]


@pytest.mark.parametrize("zone", ZONES)
def test_it_agrees_with_the_search_wherever_it_answers(zone: str) -> None:
    random, clock, answered = Random(20261123), ZoneInfo(zone), 0
    for _ in range(60):
        try:
            cron = parse_cron(expression(random).lower())
        except InvalidSchedule:
            continue
        for after in instants(random, zone, 10):
            found = next_by_arithmetic(cron, clock, after)
            answered += found is not None
            if found is not None:
                searched = Search(cron, clock, EPOCH + timedelta(seconds=after)).run()
                assert searched == EPOCH + timedelta(seconds=found)
    assert answered > 50


@pytest.mark.parametrize("text", ["*/5 * * * *", "0 0 29 2 *", "0 0 1 1 *", "30 4 15 jul *"])
def test_it_always_answers_in_a_zone_without_clock_changes(text: str) -> None:
    cron = parse_cron(text)
    for day in range(0, 3000, 7):
        assert next_by_arithmetic(cron, ZoneInfo("Asia/Kolkata"), 1_800_000_000 + day * 86_400)


def test_no_zone_changes_its_clock_and_changes_it_back_within_a_span() -> None:
    for name in available_timezones():
        for (day, before, _), (next_day, _, after) in pairwise(clock_changes(ZoneInfo(name))):
            assert next_day - day > SPAN_DAYS or after != before, name


def clock_changes(zone: ZoneInfo) -> list[tuple[int, timedelta | None, timedelta | None]]:
    """Return each change from 1970 to 2037: its day, and the offsets before and after."""
    offsets = enumerate(map(zone.utcoffset, WALLS))
    return [(day, old, new) for (_, old), (day, new) in pairwise(offsets) if old != new]
