"""The due instants of a period, in one line of a test."""

from datetime import datetime, timedelta

from jvscheduler.decorators import task_of
from jvscheduler.errors import InvalidSettings
from jvscheduler.schedules import Dst, Schedule, parse_schedule
from jvscheduler.zones import zone


def instants(
    schedule: object,
    period: str,
    *,
    time_zone: str = "UTC",
    dst: Dst = "cron",
    task_id: str = "",
) -> list[datetime]:
    """Return when a schedule is due in a year, a month or a day, on the clock of its time zone.

    `schedule` is a text, with `time_zone`, `dst` and `task_id`, or a decorated function, which has
    its own. `period` is such as `2027`, `2027-03` or `2027-03-28`.

    ```python
    assert len(instants("every weekday at 08:15", "2027-03")) == 23
    ```
    """
    parsed = _schedule(schedule, time_zone, dst, task_id)
    start, end = _ends(period)
    clock, moment = zone(parsed.time_zone), timedelta(seconds=1)
    due = parsed.between(start.replace(tzinfo=clock) - moment, end.replace(tzinfo=clock) - moment)
    return [instant.astimezone(clock) for instant in due]


def _schedule(schedule: object, time_zone: str, dst: Dst, task_id: str) -> Schedule:
    if isinstance(schedule, str):
        return parse_schedule(schedule, time_zone, task_id, dst)
    task = task_of(schedule)
    if task is None:
        raise InvalidSettings(f"instants() takes a schedule or a decorated function, {schedule!r}")
    return task.schedule


def _ends(period: str) -> tuple[datetime, datetime]:
    for form, next_of in (("%Y", _next_year), ("%Y-%m", _next_month), ("%Y-%m-%d", _next_day)):
        try:
            start = datetime.strptime(period, form)  # noqa: DTZ007 - the zone's wall clock
        except ValueError:
            continue
        return start, next_of(start)
    raise InvalidSettings(f"a period is such as 2027, 2027-03 or 2027-03-28, got {period!r}")


def _next_year(start: datetime) -> datetime:
    return start.replace(year=start.year + 1)


def _next_month(start: datetime) -> datetime:
    return (start + timedelta(days=31)).replace(day=1)


def _next_day(start: datetime) -> datetime:
    return start + timedelta(days=1)
