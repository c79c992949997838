"""Time zones by their IANA name. The name is checked before it becomes the path of a file.

`zoneinfo` and Kubernetes both open a file of that name. A name is refused unless it looks like one
of the time zone database: no dots, no leading slash. Names that mean "as this machine is set" are
refused too, because a schedule would then differ from machine to machine.
"""

import re
from difflib import get_close_matches
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from jvscheduler.errors import InvalidSchedule

NAME_PATTERN: Final = r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*"
MAX_NAME: Final = 64
"""Characters. The longest name of the database has 32."""
_NAME: Final = re.compile(NAME_PATTERN, re.ASCII)
_CLOSE: Final = 0.75
"""How much the names of one place resemble each other: not less than this, and at most 1."""
_SHORTEST: Final = 3
_DIGIT: Final = re.compile(r"[0-9]")
OF_THE_MACHINE: Final = ("local", "localtime", "posix", "posixrules", "right")
"""The machine's own zone, and folders that hold other versions of the database."""


def zone(name: str) -> ZoneInfo:
    """Raises InvalidSchedule, which suggests the nearest name of the database."""
    if not isinstance(name, str):
        raise InvalidSchedule(f"time_zone must be text such as 'Europe/Berlin', got {name!r}")
    if (
        len(name) > MAX_NAME
        or _NAME.fullmatch(name) is None
        or name.lower().split("/")[0] in OF_THE_MACHINE
    ):
        raise InvalidSchedule(_refusal(name))
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:  # no such file, a folder, or no zone file
        raise InvalidSchedule(_refusal(name)) from error


def _refusal(name: str) -> str:
    near = _nearest(name[:MAX_NAME])
    suggestion = f"; did you mean {near!r}?" if near else ""
    return (
        f"time_zone {name[: MAX_NAME + 1]!r} is not an IANA time zone "
        f"such as 'UTC' or 'Europe/Berlin'{suggestion}"
    )


def _nearest(name: str) -> str | None:
    """Return the zone whose place is spelt almost like this one. A similar place is another one."""
    known_names = available_timezones() - set(OF_THE_MACHINE)
    place = _place(name)
    near = next(iter(get_close_matches(place, set(map(_place, known_names)), 1, _CLOSE)), None)
    # Zones of three letters, and those that are an offset from UTC, differ in one character.
    if near is None or len(near) <= _SHORTEST or near[0] != place[0] or _DIGIT.search(place):
        return None
    there = sorted(known for known in known_names if _place(known) == near)
    return get_close_matches(name, there, 1, 0.0)[0]


def _place(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.rpartition("/")[2].lower())
