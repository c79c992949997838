"""Forms of schedules to suggest: examples, and the closest interval that a CronJob can have."""

from typing import Final

EXAMPLES: Final = "'every 5 minutes', 'daily at 14:30', 'every weekday at 08:15', '0 9 * * mon-fri'"
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


def nearest_carried(seconds: int) -> str:
    """Return the interval that a CronJob can have and that differs by the smallest factor."""
    return min(_CARRIED, key=lambda known: max(seconds, known[0]) / min(seconds, known[0]))[1]


def phrase_of_seconds(seconds: int) -> str:
    size, unit = next(known for known in _UNITS if seconds % known[0] == 0)
    return f"every {seconds // size} {unit}s" if seconds > size else f"every {unit}"
