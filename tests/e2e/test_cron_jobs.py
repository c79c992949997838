"""Kubernetes' own CronJob controller and API server mean what our schedules mean."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import yaml

from jvscheduler import parse_schedule
from jvscheduler.errors import InvalidSchedule
from tests.cluster.errors import CommandError
from tests.cluster.plugin import RunningCluster
from tests.e2e.cron_jobs import NAMESPACE, FirstStart, Missed, cron_job, first_starts
from tests.support.cron.cases import ZONES, clock_changes

CASES = [
    Missed("every minute", count=150),
    Missed("every 5 minutes", "Asia/Kathmandu", count=12),
    Missed("every 30 minutes", "Australia/Lord_Howe", count=3),
    Missed("every hour", "Asia/Kolkata", count=20),
    Missed("every hour at :15", "Pacific/Chatham"),
    Missed("every 2 hours", "Asia/Tokyo", count=5),
    Missed("every 8 hours", "America/St_Johns"),
    Missed("hourly"),
    Missed("hourly at :45", "Asia/Kolkata", count=7),
    Missed("daily", "Pacific/Kiritimati", count=6),
    Missed("daily at 14:30", "America/New_York"),
    Missed("every day at 09:00", "Europe/Berlin"),
    Missed("every weekday at 08:15", "Europe/Dublin"),
    Missed("every week", "Asia/Tokyo", count=3),
    Missed("every monday at 09:00", "Asia/Tehran"),
    Missed("every mon, wednesday and fri at 07:30", "Africa/Casablanca"),
    Missed("weekly", "America/Sao_Paulo"),
    Missed("weekly on monday", "Pacific/Apia"),
    Missed("weekly on friday at 17:00", "Pacific/Auckland"),
    Missed("monthly", "Asia/Beirut"),
    Missed("monthly on 15 at 12:00", "Africa/Cairo"),
    Missed("monthly on 31 at 23:59", "America/Havana"),
    Missed("@hourly", count=101),
    Missed("@daily", "Europe/London"),
    Missed("@midnight", "Asia/Kolkata", count=2),
    Missed("@weekly", "America/Asuncion"),
    Missed("@monthly", "Atlantic/Azores"),
    Missed("@yearly", "Antarctica/Troll"),
    Missed("@annually"),
    Missed("* * * * *", "Asia/Tokyo", count=30),
    Missed("*/7 * * * *"),
    Missed("*/5 9-17 * * mon-fri", "Europe/Berlin"),
    Missed("5/20 * * * *"),
    Missed("3-59/13 */5 * * *", "Australia/Adelaide"),
    Missed("0,15,,45 6,18 * * *", "Asia/Kolkata"),
    Missed("0 0 1,15 * *", "Europe/Berlin"),
    Missed("0 0 13 * FRI", "America/Chicago"),
    Missed("0 0 */2 * sun"),
    Missed("0 0 */1 * sun"),
    Missed("0 9 1 jan ?", "Europe/Paris"),
    Missed("0 9 ? Jan-Mar,oct/2 Tue", "Europe/Paris"),
    Missed("30 4 29 2 *"),
    Missed("0 12 31 * *", "Asia/Shanghai"),
    Missed("0 0 31 */2 *"),
    Missed("59 23 31 12 *", "Pacific/Kiritimati"),
    Missed("+5 010 * * 01-5/2", "Asia/Tokyo"),
    Missed("?/10 ? ? ? ?", count=9),
    Missed("0 22/1 * * 6"),
    Missed("0 0 29-31 apr,JUN *", "Europe/Rome"),
    Missed("0 0 * * 0,6", "Asia/Tokyo"),
    Missed("15 3 1-7 * mon", "Asia/Tokyo"),
    Missed("0 */23 * * *"),
]


def near_clock_changes() -> Iterator[Missed]:
    """The hours that the last clock changes skipped or repeated, and the one before them."""
    now = datetime.now(UTC)
    low, high = (int((now - timedelta(days=days)).timestamp()) for days in (400, 1))
    for zone in ZONES:
        for change in list(clock_changes(zone, low, high))[-2:]:
            yield at_change(ZoneInfo(zone), change)


def at_change(zone: ZoneInfo, change: int) -> Missed:
    before, after = (
        datetime.fromtimestamp(change - second, zone).replace(tzinfo=None) for second in (1, 0)
    )
    wall = min(before + timedelta(seconds=1), after)
    is_skipped = wall < after
    hours = f"{wall.hour - 1},{wall.hour}" if is_skipped and wall.hour else wall.hour
    return Missed(f"{wall.minute} {hours} {wall.day} {wall.month} *", zone.key)


@pytest.fixture(scope="module")
def namespace(cluster: RunningCluster) -> Iterator[str]:
    cluster.kubectl("delete", "ns", NAMESPACE, "--ignore-not-found", "--timeout=120s")
    cluster.kubectl("create", "ns", NAMESPACE)
    yield NAMESPACE
    cluster.kubectl("delete", "ns", NAMESPACE, "--wait=false")


def test_the_controller_starts_what_is_due(cluster: RunningCluster, namespace: str) -> None:
    cases = [*CASES, *near_clock_changes()]
    assert namespace == NAMESPACE
    assert len(CASES) >= 50
    starts = dict(zip(cases, first_starts(cluster, cases), strict=True))
    assert {case: start for case, start in starts.items() if not agrees(start)} == {}


def agrees(start: FirstStart) -> bool:
    return start.started in start.due


@dataclass(frozen=True)
class Text:
    """A `spec.schedule` and who takes it."""

    text: str
    ours: bool
    theirs: bool


TEXTS = [
    Text("*/15 9-17 * * mon-fri", ours=True, theirs=True),
    Text("0 9 1 JAN ?", ours=True, theirs=True),
    Text("5/20 0,,12 *-7 +1-012/2 0-6", ours=True, theirs=True),
    Text("@yearly", ours=True, theirs=True),
    Text("  0 9 * * *  ", ours=True, theirs=True),
    Text("0 9 * *\tmon", ours=True, theirs=True),
    Text("@Daily", ours=True, theirs=False),
    Text("daily at 09:00", ours=True, theirs=False),
    Text("every 5 minutes", ours=True, theirs=False),
    Text("@every 5m", ours=False, theirs=True),
    Text("0 0 30 2 *", ours=False, theirs=True),
    Text("0\u00a09 * * *", ours=False, theirs=True),
    Text("TZ=UTC 0 9 * * *", ours=False, theirs=False),
    Text("CRON_TZ=Europe/Berlin 0 9 * * *", ours=False, theirs=False),
    Text("0 0 * * 7", ours=False, theirs=False),
    Text("0 0 * * mon-sun", ours=False, theirs=False),
    Text("0 0 L * *", ours=False, theirs=False),
    Text("0 0 15W * *", ours=False, theirs=False),
    Text("0 0 * * mon#2", ours=False, theirs=False),
    Text("0 0 0 * * *", ours=False, theirs=False),
    Text("0 0 * *", ours=False, theirs=False),
    Text("60 * * * *", ours=False, theirs=False),
    Text("*/0 * * * *", ours=False, theirs=False),
    Text("@reboot", ours=False, theirs=False),
    Text("sometimes", ours=False, theirs=False),
    Text("", ours=False, theirs=False),
]


@pytest.mark.parametrize("case", TEXTS, ids=lambda case: ascii(case.text))
def test_the_api_server_takes_a_text_or_not(
    case: Text, cluster: RunningCluster, namespace: str
) -> None:
    assert namespace == NAMESPACE
    refusal = admission(cluster, case.text)
    assert parses(case.text) == case.ours
    assert (refusal == "") == case.theirs
    assert case.theirs or "spec.schedule" in refusal


def parses(text: str) -> bool:
    try:
        parse_schedule(text)
    except InvalidSchedule:
        return False
    return True


def admission(cluster: RunningCluster, text: str) -> str:
    """Why the API server refuses a CronJob's schedule; nothing where it takes it."""
    words = ("create", "--dry-run=server", "-f", "-")
    try:
        cluster.kubectl(*words, stdin=yaml.safe_dump(cron_job("admitted", text)))
    except CommandError as error:
        return str(error)
    return ""
