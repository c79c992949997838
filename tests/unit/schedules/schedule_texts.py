"""Random schedule texts, most of them valid, for tests of the grammar as a whole."""

from random import Random

_DAYS = ("monday", "tue", "Wednesday", "thu", "FRIDAY", "saturday", "sun")
_MONTHS = ("jan", "Feb", "MAR", "december")
_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))


def random_text(random: Random) -> str:
    words = random.choice([_interval, _wall_clock, _weekdays, _cron])(random).split()
    spaces = (random.choice([" ", " ", " ", "  ", "\t", "\n"]) for _ in words)
    text = "".join(f"{space}{word}" for space, word in zip(spaces, words, strict=True))
    return random.choice([text.strip(), text, text.upper()])


def _interval(random: Random) -> str:
    unit = random.choice(["second", "minute", "hour", "day", "week", "fortnight"])
    count = random.choice(["", "1", "01", "2", "4", "5", "7", "12", "15", "24", "60", "3 to 5"])
    plural = random.choice(["", "s"])
    return f"every {count} {unit}{plural} {_at(random)}"


def _wall_clock(random: Random) -> str:
    form = random.choice(
        [
            *("daily", "every day", "every weekday", "weekly", "hourly", "every hour"),
            f"weekly on {random.choice(_DAYS)}",
            f"monthly on {random.randint(0, 33)}",
        ]
    )
    return f"{form} {_at(random)}"


def _weekdays(random: Random) -> str:
    days = [random.choice(_DAYS) for _ in range(random.randint(1, 4))]
    separator = random.choice([",", " , ", " and ", ", and ", " "])
    return f"every {separator.join(days)} {_at(random)}"


def _at(random: Random) -> str:
    time = f"{random.randint(0, 24)}:{random.randint(0, 61):02}"
    and_, minute = random.choice([",", ", ", " and ", " , and "]), random.randint(0, 61)
    minutes = f"at :{minute:02}" + random.choice(["", f"{and_}:59"])
    times = f"at {time}" + random.choice(["", f"{and_}{random.randint(0, 24)}:{minute:02}"])
    return random.choice(["", times, f"at 0{time}", minutes])


def _cron(random: Random) -> str:
    return " ".join(_cron_field(random, index) for index in range(random.choice([5] * 19 + [4, 6])))


def _cron_field(random: Random, index: int) -> str:
    items = [_cron_item(random, index % 5) for _ in range(random.choice([1, 1, 1, 2, 3]))]
    return random.choice(["", "", "", ","]) + ",".join(items)


def _cron_item(random: Random, index: int) -> str:
    low, high = sorted(_cron_value(random, index) for _ in range(2))
    own = ["H", f"h({low}-{high})"] if index < 2 or not random.randint(0, 9) else []
    span = random.choice(["*", "*", "?", low, f"{low}-{high}", "*-3", *own])
    return span + random.choice(["", "", "", "/1", "/2", "/+15", "/070", "/0"])


def _cron_value(random: Random, index: int) -> str:
    low, high = _BOUNDS[index]
    number = str(random.randint(low, high + random.choice([0, 0, 0, 1])))
    names = {3: _MONTHS, 4: tuple(day[:3] for day in _DAYS)}.get(index, (number,))
    return random.choice([number, number, f"0{number}", f"+{number}", random.choice(names)])
