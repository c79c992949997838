"""The one schedule grammar, which decorator, custom resource and API share.

Wall-clock phrases and cron text become a cron schedule; a phrase that cron
cannot say is recognised and refused, with the nearest one that it can.
"""

from jvscheduler.schedules.schedule import MAX_TEXT, Schedule, parse_schedule

__all__ = ["MAX_TEXT", "Schedule", "parse_schedule"]
