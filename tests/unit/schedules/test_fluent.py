"""Jobs of the `schedule` package, translated into the grammar."""

from collections.abc import Callable

import pytest
import schedule
from schedule import every

from jvscheduler import on_schedule
from jvscheduler.decorators import task_of
from jvscheduler.errors import InvalidSchedule


def fresh() -> Callable[[], None]:
    def function() -> None:
        pass

    function.__qualname__ = function.__name__ = "fresh"
    return function


@pytest.mark.parametrize(
    ("job", "text", "cron"),
    [
        (every().minute, "every minute", "* * * * *"),
        (every(5).minutes, "every 5 minutes", "*/5 * * * *"),
        (every(7).minutes, "every 7 minutes", None),
        (every(30).seconds, "every 30 seconds", None),
        (every(5).to(10).minutes, "every 5 to 10 minutes", None),
        (every(5).to(5).minutes, "every 5 minutes", "*/5 * * * *"),
        (every().hour, "every hour", "0 * * * *"),
        (every().hour.at(":15"), "hourly at :15", "15 * * * *"),
        (every(2).hours.at(":15"), "15 */2 * * *", "15 */2 * * *"),
        (every().day, "every day", "0 0 * * *"),
        (every().day.at("10:30"), "every day at 10:30", "30 10 * * *"),
        (every(3).days, "every 3 days", None),
        (every().week, "every week", "0 0 * * 0"),
        (every(2).weeks, "every 2 weeks", None),
        (every().monday, "every monday", "0 0 * * 1"),
        (every().wednesday.at("13:15"), "every wednesday at 13:15", "15 13 * * 3"),
    ],
)
def test_a_job_is_translated(job: schedule.Job, text: str, cron: str | None) -> None:
    task = task_of(on_schedule(job)(fresh()))
    assert task is not None
    assert (str(task.schedule), task.schedule.cron) == (text, cron)
    assert task.schedule.time_zone == "UTC"


@pytest.mark.parametrize("time_zone", [None, "Europe/Berlin"])
def test_the_time_zone_of_a_job_becomes_the_tasks(time_zone: str | None) -> None:
    job = every().monday.at("09:00", "Europe/Berlin")
    task = task_of(on_schedule(job, time_zone=time_zone)(fresh()))
    assert task is not None
    assert str(task.schedule) == "every monday at 09:00"
    assert task.schedule.time_zone == "Europe/Berlin"


def test_a_job_without_a_time_zone_takes_the_decorators() -> None:
    task = task_of(on_schedule(every().day.at("09:00"), time_zone="Asia/Tokyo")(fresh()))
    assert task is not None
    assert task.schedule.time_zone == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("job", "reason"),
    [
        (every().day.until("2099-01-01 00:00"), "until.*suspend the task"),
        (every().day.tag("nightly"), "tags, and tasks have none"),
        (every().day.at("10:30").do(print), "leave do"),
        (every(5), "no unit"),
        (every().day.at("10:30:15"), "a second of the minute"),
        (every().minute.at(":15"), "a second of the minute"),
        (every().hour.at("05:30"), "a second of the minute"),
        (every(5).hours.at(":15"), "no multiple of 5 hours"),
        (every(3).days.at("10:30"), "every 3 days with a time or a day has no form"),
        (every(2).to(4).days.at("10:30"), "do not go together"),
        (every(0).minutes, "expected a number from 1"),
        (every(10).to(5).minutes, "nearest form: 'every 5 to 10 minutes'"),
    ],
)
def test_a_job_is_refused_with_the_reason(job: schedule.Job, reason: str) -> None:
    with pytest.raises(InvalidSchedule, match=reason):
        on_schedule(job)


@pytest.mark.parametrize("time_zone", ["UTC", "Asia/Tokyo"])
def test_two_time_zones_are_refused(time_zone: str) -> None:
    job = every().monday.at("09:00", "Europe/Berlin")
    with pytest.raises(InvalidSchedule, match=f"'Europe/Berlin', and time_zone is '{time_zone}'"):
        on_schedule(job, time_zone=time_zone)
