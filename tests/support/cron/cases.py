"""Random cron fields of every form, and instants where the clocks of a zone change."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

ZONES = (
    *("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"),
    *("Asia/Beirut", "Africa/Cairo", "America/Sao_Paulo", "Pacific/Chatham", "America/St_Johns"),
    *("Europe/Dublin", "Asia/Kolkata", "America/Havana", "Africa/Casablanca", "Asia/Tehran"),
    *("Antarctica/Troll", "America/Asuncion", "Atlantic/Azores"),
)
FIRST = datetime(2011, 1, 1, tzinfo=UTC)
LAST = datetime(2036, 1, 1, tzinfo=UTC)
AFTER_APIAS_LOST_DAY = datetime(2012, 1, 1, tzinfo=UTC)
"""Asked about an earlier instant, robfig's search may never end."""

_MONTHS = ("jan", "FEB", "mar", "Apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "DEC")
_WEEKDAYS = ("sun", "mon", "TUE", "wed", "thu", "Fri", "sat")


@dataclass(frozen=True)
class Field:
    low: int
    high: int
    names: tuple[str, ...] = ()

    def value(self, random: Random) -> int:
        return random.randint(self.low, self.high)

    def written(self, value: int, random: Random) -> str:
        forms = [str(value)] * 6 + [f"{value:02}", f"+{value}", f"0{value:02}"]
        if self.names:
            forms += [self.names[value - self.low]] * 6
        return random.choice(forms)


MINUTE, HOUR, DAY = Field(0, 59), Field(0, 23), Field(1, 31)
MONTH, WEEKDAY = Field(1, 12, _MONTHS), Field(0, 6, _WEEKDAYS)
FIELDS = (MINUTE, HOUR, DAY, MONTH, WEEKDAY)


def expression(random: Random) -> str:
    """Return five valid fields; many are due near the hours in which clocks change."""
    stars = (1, 2, 5, 7, 5)
    fields = [_field(random, field, n) for field, n in zip(FIELDS, stars, strict=True)]
    if random.random() < 0.5:
        fields[1] = random.choice(["0", "1", "2", "3", "23", "0-3", "1,2", "*/2", "22/1"])
    return random.choice([" ", " ", "  "]).join(fields)


def _field(random: Random, field: Field, stars: int) -> str:
    if random.randrange(10) < stars:
        return random.choice(["*", "*", "*", "?", "*/1"])
    items = [item(random, field) for _ in range(random.choice([1, 1, 1, 2, 3]))]
    return random.choice(["", "", "", "", ","]) + ",".join(items)


def item(random: Random, field: Field) -> str:
    low, high = sorted(field.value(random) for _ in range(2))
    first, last = field.written(low, random), field.written(high, random)
    span = random.choice(["*", first, first, f"{first}-{last}", f"{first}-{last}", "*-7"])
    step = random.choice([2, 3, 5, 7, 10, 15, 20, 30, 70])
    return span + random.choice(["", "", f"/{step}", "/1", f"/0{step}"])


def refused_or_accepted(random: Random) -> str:
    """Return five fields of which one is damaged. The result may still be valid."""
    fields = expression(random).split()
    index = random.randrange(5)
    field = FIELDS[index]
    value = field.value(random)
    spoilt = [
        *(f"{field.high + 1}", f"{field.low - 1}", f"{field.high}-{field.low}", f"{value}-"),
        *(f"-{value}", f"{value}/", f"{value}/0", f"{value}//2", f"{value}-{value}-{value}"),
        *(f"{value}/-1", f"{value}/x", "x", "L", f"{value}W", f"{value}#2", "Q", "*?", "?-x"),
        *(",", ",,", f"{value},,{value}", "jan", "mon", "monday", f"{value}.0", "1_0", "0x1"),
        *("*/2/3", "**", "*5", f"{value}-{field.high}/99999", "/5", "*/", "-", "+", "+-1"),
        *(f"{value}/9223372036854775807", f"{value}/9223372036854775808", "*/+2", "mon-fri"),
    ]
    fields[index] = random.choice(spoilt)
    return " ".join(random.choice([fields, fields, fields, fields[1:], [*fields, "*"]]))


def instants(random: Random, zone: str, count: int) -> list[int]:
    """Return instants. Two of three are near a clock change, and some at its very second."""
    first = AFTER_APIAS_LOST_DAY if zone == "Pacific/Apia" else FIRST
    low, high = int(first.timestamp()), int(LAST.timestamp())
    changes = list(clock_changes(zone, low, high))
    found = []
    for _ in range(count):
        if changes and random.random() < 0.67:
            near = random.choice([0, 1, 3600, 7200, 86400, 3 * 86400])
            found.append(max(low, random.choice(changes) + random.randint(-near - 1, near)))
        else:
            found.append(random.randint(low, high))
    return found


def clock_changes(zone: str, low: int, high: int) -> Iterator[int]:
    """Yield the first second of each new offset."""
    clock = ZoneInfo(zone)
    for start in range(low, high, 86400):
        before, after = start, start + 86400
        if _offset(clock, before) != _offset(clock, after):
            while after - before > 1:
                middle = (before + after) // 2
                same = _offset(clock, middle) == _offset(clock, before)
                before, after = (middle, after) if same else (before, middle)
            yield after


def _offset(clock: ZoneInfo, instant: int) -> timedelta | None:
    return datetime.fromtimestamp(instant, clock).utcoffset()
