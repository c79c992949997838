"""Well-known forms of schedules, to suggest the one that is closest to a text or an interval."""

from difflib import get_close_matches
from typing import Final

from jvscheduler.cron import SYNONYMS

_FORMS: Final = (
    "daily at 14:30",
    "daily",
    "hourly",
    "hourly at :15",
    "weekly",
    "weekly on friday at 17:00",
    "weekly on monday",
    "monthly",
    "monthly on 15 at 12:00",
    "every minute",
    "every 5 minutes",
    "every 5 to 10 minutes",
    "every 30 seconds",
    "every hour",
    "every 2 hours",
    "every day",
    "every day at 09:00",
    "every week",
    "every weekday at 08:15",
    "every monday at 09:00",
    "every monday, wednesday and friday at 07:30",
    "0 9 * * mon-fri",
    *SYNONYMS,
)
_CARRIED: Final = (
    (60, "every minute"),
    *((60 * n, f"every {n} minutes") for n in range(2, 60) if 60 % n == 0),
    (3600, "every hour"),
    *((3600 * n, f"every {n} hours") for n in range(2, 24) if 24 % n == 0),
    (86400, "every day"),
    (7 * 86400, "every week"),
    (30 * 86400, "monthly"),
)
_UNITS: Final = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def nearest_form(text: str) -> str:
    """Return the form that is most like the text; the first of the list when none is like it."""
    return next(iter(get_close_matches(text[:80], _FORMS, n=1, cutoff=0.5)), _FORMS[0])


def nearest_carried(seconds: int) -> str:
    """Return the interval that a CronJob can have and that differs by the smallest factor."""
    return min(_CARRIED, key=lambda known: max(seconds, known[0]) / min(seconds, known[0]))[1]


def phrase_of_seconds(seconds: int) -> str:
    size, unit = next(known for known in _UNITS if seconds % known[0] == 0)
    return f"every {seconds // size} {unit}s" if seconds > size else f"every {unit}"
