"""The time of finding due instants, against croniter and cronsim on the same expressions.

Only the search should be compared, and not the parsing. croniter is moved to
each start with `set_current`. cronsim has no such function, so that its time
includes parsing.
"""

import contextlib
import gc
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice, product
from random import Random
from zoneinfo import ZoneInfo

from croniter import croniter
from cronsim import CronSim

from benchmarks.report import Ratio, side_by_side
from jvscheduler import Schedule, parse_schedule
from jvscheduler.cron import fast_path
from jvscheduler.errors import InvalidSchedule
from tests.support.cron.cases import ZONES as ZONES_OF_CASES
from tests.support.cron.cases import expression, instants

ROUNDS = 9
GOAL = 0.2
WORST = 1000.0
"""The most microseconds that one `next` may take."""
GENERATED = 500
EXPRESSIONS = (
    "* * * * *",
    "*/5 * * * *",
    "15 * * * *",
    "*/15 9-17 * * mon-fri",
    "30 2 * * *",
    "0 9 * * mon",
    "0 0 1,15 * *",
    "0 12 31 * *",
    "0 0 1 1 *",
    "0 0 29 2 *",
    "0 0 13 * fri",
)
SPARSE = (
    "0 0 29 2 *",
    "0 0 29 2 mon",
    "0 0 1 1 *",
    "59 23 31 12 *",
    "0 0 31 */2 *",
    "30 4 29 feb *",
)
ZONES = ("UTC", "Europe/Berlin", "Australia/Lord_Howe")
STARTS = [datetime(2026, 3, 1, 3, 4, 5, tzinfo=UTC) + timedelta(hours=31 * n) for n in range(280)]
BEFORE_EIGHT_YEARS = datetime(2096, 3, 1, tzinfo=UTC)
MANY = 200

Pair = tuple[str, ZoneInfo]
Question = tuple[Schedule, datetime]
PAIRS: list[Pair] = [(text, ZoneInfo(zone)) for text in EXPRESSIONS for zone in ZONES]


def measure() -> Iterable[Ratio]:
    schedules = [parse_schedule(text, zone.key) for text, zone in PAIRS]
    ours = partial(_next, schedules)
    theirs = partial(_croniter_next, [croniter(text, STARTS[0]) for text, _ in PAIRS])
    calls = len(PAIRS) * len(STARTS)
    yield _ratio("next", "croniter", side_by_side(ours, theirs, ROUNDS), calls)
    yield _ratio("next", "cronsim", side_by_side(ours, _cronsim_next, ROUNDS), calls)
    between, calls = partial(_between, schedules), len(PAIRS) * MANY
    yield _ratio("between", "croniter", side_by_side(between, _croniter_between, ROUNDS), calls)
    yield _ratio("between", "cronsim", side_by_side(between, _cronsim_between, ROUNDS), calls)
    yield _worst("sparse schedules", _sparse(), _keep)
    yield _worst("sparse schedules, nothing cached", _sparse(), _clear)
    yield _worst("generated schedules, nothing cached", _generated(), _clear)


def _ratio(what: str, baseline: str, seconds: tuple[float, float], calls: int) -> Ratio:
    ours, theirs = (value * 1e6 / calls for value in seconds)
    goal = GOAL if baseline == "croniter" else None
    return Ratio(f"{what}, each instant", ours, baseline, theirs, "µs", goal)


def _next(schedules: list[Schedule]) -> None:
    for schedule in schedules:
        for start in STARTS:
            schedule.next(start)


def _croniter_next(iterators: list[croniter]) -> None:
    for (_, zone), iterator in zip(PAIRS, iterators, strict=True):
        for start in STARTS:
            iterator.set_current(start.astimezone(zone), force=True)
            iterator.get_next(datetime)


def _cronsim_next() -> None:
    for text, zone in PAIRS:
        for start in STARTS:
            next(CronSim(text, start.astimezone(zone)))


def _between(schedules: list[Schedule]) -> None:
    for schedule in schedules:
        _take(schedule.between(STARTS[0], datetime(9000, 1, 1, tzinfo=UTC)))


def _croniter_between() -> None:
    for text, zone in PAIRS:
        _take(croniter(text, STARTS[0].astimezone(zone), datetime).all_next())


def _cronsim_between() -> None:
    for text, zone in PAIRS:
        _take(CronSim(text, STARTS[0].astimezone(zone)))


def _take(instants: Iterable[datetime]) -> None:
    for _ in islice(instants, MANY):
        pass


def _worst(what: str, questions: Iterable[Question], prepare: Callable[[], None]) -> Ratio:
    """The slowest of many single calls.

    Each call counts with the best of three, because another process may interrupt one.
    """
    gc.disable()
    seconds = [
        min(_seconds(schedule, start, prepare) for _ in range(3)) for schedule, start in questions
    ]
    gc.enable()
    least, median = min(seconds) * 1e6, statistics.median(seconds) * 1e6
    label = f"{what}, {len(seconds)} calls, min {least:.1f} µs, median {median:.1f} µs, max"
    return Ratio(label, max(seconds) * 1e6, "what is allowed", WORST, "µs", 1.0)


def _seconds(schedule: Schedule, start: datetime, prepare: Callable[[], None]) -> float:
    prepare()
    begin = time.perf_counter()
    schedule.next(start)
    return time.perf_counter() - begin


def _sparse() -> Iterator[Question]:
    """Sparse schedules in every zone, from many starts.

    One start is before the eight years, around 2100, without a 29 February.
    """
    for text, zone in product(SPARSE, ZONES_OF_CASES):
        schedule = parse_schedule(text, zone)
        yield from ((schedule, start) for start in (*STARTS[::10], BEFORE_EIGHT_YEARS))


def _generated() -> Iterator[Question]:
    """The random cases of the tests against robfig's library. Most are near clock changes."""
    random = Random(20261123)  # noqa: S311 - cases, not secrets
    for zone in ZONES_OF_CASES:
        starts = [datetime.fromtimestamp(at, UTC) for at in instants(random, zone, GENERATED)]
        for start in starts:
            with contextlib.suppress(InvalidSchedule):  # an expression that is never due
                yield parse_schedule(expression(random), zone), start


def _keep() -> None:
    """Leave the caches as they are."""


def _clear() -> None:
    for function in vars(fast_path).values():
        if hasattr(function, "cache_clear"):
            function.cache_clear()
