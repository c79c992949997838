"""What a refused text may have meant: the remedy in a schedule's error message."""

from difflib import get_close_matches
from typing import Final

from jvscheduler.cron import SYNONYMS, CronItemError, parse_cron
from jvscheduler.errors import InvalidSchedule

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
_INTERVALS: Final = (
    (60, "every minute"),
    *((60 * n, f"every {n} minutes") for n in range(2, 60) if 60 % n == 0),
    (3600, "every hour"),
    *((3600 * n, f"every {n} hours") for n in range(2, 24) if 24 % n == 0),
    (86400, "every day"),
    (7 * 86400, "every week"),
    (30 * 86400, "monthly"),
)
_TRIES: Final = 8


def nearest_form(text: str) -> str:
    return get_close_matches(text[:80], _FORMS, n=1, cutoff=0.0)[0]


def nearest_interval(seconds: int) -> str:
    """The wall-clock interval that differs by the smallest factor."""
    wanted = max(seconds, 1)
    return min(_INTERVALS, key=lambda known: max(wanted, known[0]) / min(wanted, known[0]))[1]


def nearest_cron(text: str) -> str | None:
    """The text with each refused item mended; None when that does not make it valid."""
    fields = text.split()
    if len(fields) == 6:
        fields = fields[1:]
    for _ in range(_TRIES):
        try:
            parse_cron(" ".join(fields))
        except CronItemError as error:
            items = fields[error.field].split(",")
            items[error.item] = error.nearest
            fields[error.field] = ",".join(items)
        except InvalidSchedule:
            return None
        else:
            return " ".join(fields)
    return None
