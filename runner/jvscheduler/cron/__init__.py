"""Cron, exactly as the CronJob controller understands it.

Kubernetes reads a CronJob's schedule with robfig/cron v3.0.1 (`ParseStandard`)
and asks it for each next instant (`SpecSchedule.Next`). What we say is due must
be what the controller makes Jobs for, so both are followed to the letter, also
where they surprise: Sunday is 0 and never 7, `*/2` is a restriction and `*/1`
is none, `N/step` means `N-max/step`, and the clock changes as Go's search
sees them. No Python library does: they differ on one of those points.

Ours alone: `@every` and `TZ=` are refused, because an interval has a form of
its own in the grammar and the time zone a field of its own; a schedule that
can never be due is refused; and the search looks 8 years ahead, not 5, so that
29 February is found across a century's end.
"""

from jvscheduler.cron.fields import (
    MONTHS,
    SYNONYMS,
    WEEKDAYS,
    Cron,
    CronItemError,
    CronShapeError,
    parse_cron,
)
from jvscheduler.cron.once import next_once

__all__ = [
    "MONTHS",
    "SYNONYMS",
    "WEEKDAYS",
    "Cron",
    "CronItemError",
    "CronShapeError",
    "next_once",
    "parse_cron",
]
