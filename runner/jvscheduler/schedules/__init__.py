"""The one schedule grammar, which decorator, custom resource and API share.

Wall-clock phrases and cron text become a cron schedule; the other intervals
and random ones are due by the Unix epoch.
"""

from jvscheduler.schedules.fluent import FluentJob, is_fluent, translated
from jvscheduler.schedules.parsing import MAX_TEXT
from jvscheduler.schedules.schedule import Dst, Schedule, parse_schedule

__all__ = [
    "MAX_TEXT",
    "Dst",
    "FluentJob",
    "Schedule",
    "is_fluent",
    "parse_schedule",
    "translated",
]
