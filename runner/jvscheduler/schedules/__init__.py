"""The one schedule grammar, which the decorator, the custom resource and the API share.

Wall-clock phrases and cron text become cron lines. All other intervals, fixed or random, are
counted from the Unix epoch.

- `schedule`: a Schedule and its instants. `parsing`: from a text to its meaning.
- `phrases`: the forms in words, read by `words`. `intervals`: the forms that cron cannot say.
- For a text that is refused: `rewording` and `unreadable` make a form that may be meant, and
  `faithful` says whether it is. `nearest`: an interval that a CronJob can have.
- `fluent`: jobs of the `schedule` package.
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
