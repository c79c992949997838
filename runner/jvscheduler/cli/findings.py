"""What `jvscheduler build --check` finds: what works, and will probably not do what was meant.

Pure. What cannot work, such as two tasks with one id, is an error of every command.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Final

from jvscheduler.cli.fleet import preview
from jvscheduler.errors import InvalidSchedule
from jvscheduler.names import TASK_CONTAINER
from jvscheduler.schedules import Schedule, parse_schedule
from jvscheduler.tasks import Task
from jvscheduler.zones import zone

_DAYS: Final = 7
_TWO_YEARS: Final = timedelta(days=2 * 366)
"""Every zone's rules for a clock change have come round by then."""
_MOST_TIMES: Final = 4
"""Times of a day. A task that is due more often has another time soon."""
_MOST_NAMES: Final = 5


class Kind(StrEnum):
    SKIPPED_TIME = "SkippedTime"
    REPEATED_TIME = "RepeatedTime"
    NO_TIME_LIMIT = "NoTimeLimit"
    NO_MEMORY_LIMIT = "NoMemoryLimit"
    CROWDED_MINUTE = "CrowdedMinute"
    IMAGE_WITHOUT_TAG = "ImageWithoutTag"


@dataclass(frozen=True)
class Finding:
    kind: Kind
    task_id: str | None
    """None: it is about all of them."""
    message: str


def findings(
    tasks: Sequence[Task], image: str, now: datetime, most_at_once: int
) -> Iterator[Finding]:
    """In the order of the tasks; then what is about all of them."""
    for task in tasks:
        if task.enabled:
            yield from _of_clock(task, now)
            yield from _of_limits(task)
    yield from _of_fleet(tasks, now, most_at_once)
    if not has_tag(image):
        yield Finding(
            Kind.IMAGE_WITHOUT_TAG,
            None,
            f"image {image} may be another one tomorrow: name a tag that stays, or a digest",
        )


def has_tag(image: str) -> bool:
    """False for no tag and for `latest`. The host of a registry may have a port."""
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return bool(digest) or tag not in ("", "latest")


def _of_clock(task: Task, now: datetime) -> Iterator[Finding]:
    schedule = task.schedule
    if schedule.dst == "once" or len(set(_first_day(schedule, now))) > _MOST_TIMES:
        return
    try:
        once = parse_schedule(schedule.text, schedule.time_zone, schedule.seed, "once")
    except InvalidSchedule:  # an interval has no time of a day
        return
    end = now + _TWO_YEARS
    as_cron, as_meant = set(schedule.between(now, end)), set(once.between(now, end))
    clock = zone(schedule.time_zone)
    for kind, verb, instants in (
        (Kind.SKIPPED_TIME, "is not due", as_meant - as_cron),
        (Kind.REPEATED_TIME, "is due twice", as_cron - as_meant),
    ):
        if instants:
            when = min(instants).astimezone(clock)
            yield Finding(
                kind,
                task.task_id,
                f"{schedule} {verb} on {when:%Y-%m-%d}, when the clock of {schedule.time_zone} "
                "changes: choose another time, or dst='once'",
            )


def _first_day(schedule: Schedule, now: datetime) -> Iterator[datetime]:
    return islice(schedule.between(now, now + timedelta(days=1)), _MOST_TIMES + 1)


def _of_limits(task: Task) -> Iterator[Finding]:
    if task.timeout_seconds is None:
        yield Finding(
            Kind.NO_TIME_LIMIT,
            task.task_id,
            "an attempt may hang for ever, and no further job starts: set timeout_seconds",
        )
    if not _has_memory_limit(task):
        yield Finding(
            Kind.NO_MEMORY_LIMIT,
            task.task_id,
            "it may take the memory of its node: set pod={'memory': …}",
        )


def _has_memory_limit(task: Task) -> bool:
    containers = ((task.template or {}).get("spec") or {}).get("containers") or []
    return any(
        container["name"] == TASK_CONTAINER
        and "memory" in ((container.get("resources") or {}).get("limits") or {})
        for container in containers
    )


def _of_fleet(tasks: Sequence[Task], now: datetime, most_at_once: int) -> Iterator[Finding]:
    # One that is due all the time is no crowd, and cannot be moved.
    rare = [task for task in tasks if not _is_due_all_the_time(task, now)]
    fleet = preview(rare, now, now + timedelta(days=_DAYS), _DAYS)
    if fleet.most <= most_at_once or fleet.worst_minute is None:
        return
    names = ", ".join(fleet.worst[:_MOST_NAMES])
    more = len(fleet.worst) - _MOST_NAMES
    yield Finding(
        Kind.CROWDED_MINUTE,
        None,
        f"{fleet.most} jobs start at {fleet.worst_minute:%Y-%m-%dT%H:%MZ}, more than "
        f"{most_at_once}: {names}{f' and {more} more' if more > 0 else ''}; move some of them, "
        "give them jitter_seconds, or write H in place of the minute",
    )


def _is_due_all_the_time(task: Task, now: datetime) -> bool:
    """True when it is due more than once a minute."""
    in_two_minutes = task.schedule.between(now, now + timedelta(minutes=2))
    return len(list(islice(in_two_minutes, 3))) > 2
