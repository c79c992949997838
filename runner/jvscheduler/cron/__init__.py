"""Cron, exactly as the CronJob controller understands it.

Kubernetes parses a CronJob's schedule with robfig/cron v3.0.1 (`ParseStandard`), and asks it for
each next instant (`SpecSchedule.Next`). We must call the same instants due, because the controller
makes a Job for each of them. So both functions are followed to the letter, surprises included:

- Sunday is 0 and never 7.
- `*/2` restricts a field; `*/1` does not.
- `N/step` means `N-max/step`.
- Where clocks change, the result is that of the search in Go.

Each Python library that we know differs in at least one of these points.

Three things are different here, on purpose. `@every` and `TZ=` are refused, because the grammar
has its own form for intervals and its own field for the time zone. A schedule that is never due is
refused. And the search looks 8 years ahead instead of 5: around the year 2100, 8 years pass from
one 29 February to the next.
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
