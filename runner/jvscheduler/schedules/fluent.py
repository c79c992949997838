"""Translate jobs of the `schedule` package, such as `every(5).to(10).minutes`, into the grammar.

That package is never imported here. A user who passes such a job has imported it, and the job is
recognised by the name of its class. A job that the grammar cannot express is refused, with the
reason.
"""

from datetime import time
from typing import Final, Protocol

from jvscheduler.errors import InvalidSchedule


class FluentJob(Protocol):
    """The attributes of a job that have a meaning here. The others lead to a refusal."""

    @property
    def interval(self) -> int: ...
    @property
    def latest(self) -> int | None: ...
    @property
    def unit(self) -> str | None: ...
    @property
    def start_day(self) -> str | None: ...


_UNITS: Final = ("seconds", "minutes", "hours", "days", "weeks")
_REFUSED: Final = {
    "cancel_after": "until(…), and a schedule here has no end: suspend the task instead",
    "tags": "tags, and tasks have none: leave tag(…) out",
    "job_func": "a function of its own: leave do(…) out, the decorated function is what runs",
}


def is_fluent(value: object) -> bool:
    """True when the value is a job of the `schedule` package."""
    return any((cls.__module__, cls.__name__) == ("schedule", "Job") for cls in type(value).__mro__)


def translated(job: FluentJob, time_zone: str | None) -> tuple[str, str | None]:
    """Return the schedule's text, and its time zone if the job or `time_zone` names one.

    Raises InvalidSchedule, which says why the job cannot be translated.
    """
    for attribute, reason in _REFUSED.items():
        if getattr(job, attribute, None):
            raise _refused(f"this job has {reason}")
    return _text(job), _time_zone(job, time_zone)


def _text(job: FluentJob) -> str:
    at: time | None = getattr(job, "at_time", None)
    if job.unit not in _UNITS:
        raise _refused("this job has no unit: end it with .minutes, .hours, .monday or the like")
    if at is not None and (at.second or job.unit == "minutes"):
        raise _refused("this job is due at a second of the minute, which no wall-clock form has")
    if job.latest is not None:
        return _random(job, at)
    if job.start_day is not None:
        return _every(job, job.start_day, f" at {at:%H:%M}" if at else "")
    return f"every {job.interval} {job.unit}" if at is None else _at(job, at)


def _random(job: FluentJob, at: time | None) -> str:
    if at is not None or job.start_day is not None:
        raise _refused("this job has to(…) and a time or a day, which do not go together")
    high = "" if job.latest == job.interval else f" to {job.latest}"
    return f"every {job.interval}{high} {job.unit}"


def _at(job: FluentJob, at: time) -> str:
    if job.unit != "hours":
        return _every(job, "day", f" at {at:%H:%M}")
    if 24 % job.interval:
        raise _refused(f"a day is no multiple of {job.interval} hours: give no minute with at(…)")
    return f"{at.minute} */{job.interval} * * *" if job.interval > 1 else f"hourly at :{at:%M}"


def _every(job: FluentJob, what: str, at: str) -> str:
    if job.interval != 1:
        raise _refused(f"every {job.interval} {job.unit} with a time or a day has no form")
    return f"every {what}{at}"


def _time_zone(job: FluentJob, time_zone: str | None) -> str | None:
    own = getattr(job, "at_time_zone", None)
    if own is None:
        return time_zone
    if time_zone not in (None, str(own)):
        raise _refused(f"this job is for {str(own)!r}, and time_zone is {time_zone!r}: give one")
    return str(own)


def _refused(reason: str) -> InvalidSchedule:
    return InvalidSchedule(f"schedule: {reason}")
