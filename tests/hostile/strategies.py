"""Generates hostile objects: an honest one, with some of its parts replaced by anything.

Hypothesis gives the seed of each. It does not build the parts itself: that took ten times as long
as what reads them, and an object has three changed parts at most, so that there is little to
shrink.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from random import Random
from typing import Any, Final

from hypothesis import strategies as st

TIMES: Final = (
    "2026-03-02T12:00:00",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "1970-01-01T00:00:00Z",
    "2199-12-31T23:59:59+00:00",
)
WORDS: Final = (
    "",
    "shop",
    "b",
    "tenant-b",
    "failed",
    "running",
    "every 2 to 1 seconds",
    "\ud800",
    "a\nb",
    "\0",
    "x" * 50_000,
    "9" * 5000,
)
NUMBERS: Final = (
    *(0, 1, -1, 7, 2**31, 2**63, -(2**63), 10**400),
    *(0.5, -0.0, 1e300, float("nan"), float("inf"), float("-inf")),
)
_ALPHABET: Final = "ab9-_./$ \t\r\n\"'\\\x00\x1b\x7f\u0301\u2028\u202e\ud800\ue000\ufffe\U0001f600"


def _deep(levels: int) -> Any:
    value: Any = 1
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


def _text(random: Random) -> str:
    return "".join(random.choices(_ALPHABET, k=random.randrange(12)))


_LEAVES: Final[Sequence[Callable[[Random], Any]]] = (
    lambda _: None,
    lambda random: random.random() < 0.5,
    lambda random: random.randint(-1000, 1000),
    lambda random: random.choice(NUMBERS),
    lambda random: random.choice(TIMES),
    lambda random: random.choice(WORDS),
    _text,
)


def _value(random: Random, levels: int = 3) -> Any:
    kind = random.random()
    if levels and kind < 0.15:
        return [_value(random, levels - 1) for _ in range(random.randrange(4))]
    if levels and kind < 0.3:
        return {_text(random): _value(random, levels - 1) for _ in range(random.randrange(4))}
    if kind < 0.33:
        return _deep(random.randint(1, 150))
    return random.choice(_LEAVES)(random)


_randoms: Final = st.randoms(use_true_random=True)
anything: Final[st.SearchStrategy[Any]] = _randoms.map(_value)


def _places(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to each part of a value of JSON."""
    yield before
    items: Iterable[tuple[Any, Any]] = value.items() if isinstance(value, dict) else ()
    items = enumerate(value) if isinstance(value, list) else items
    for key, part in items:
        yield from _places(part, (*before, key))


def like(honest: Any) -> st.SearchStrategy[Any]:
    """Objects like this one, with up to three parts replaced, removed, added or exchanged."""
    places = list(_places(honest))
    return _randoms.map(lambda random: _changed(honest, places, random))


def _changed(honest: Any, places: Sequence[tuple[Any, ...]], random: Random) -> Any:
    whole = {"it": deepcopy(honest)}
    for _ in range(random.randint(1, 3)):
        *way, last = ("it", *random.choice(places))
        parent: Any = whole
        try:
            for key in way:
                parent = parent[key]
            _change(parent, last, honest, random.choice(places), random)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change has removed the way
    return whole["it"]


def _change(parent: Any, last: Any, honest: Any, other: tuple[Any, ...], random: Random) -> None:
    kind = random.random()
    if kind < 0.2 and last != "it":
        del parent[last]
    elif kind < 0.3:
        parent[last][_text(random)] = _value(random)
    elif kind < 0.4:
        found = honest
        for key in other:
            found = found[key]
        parent[last] = deepcopy(found)
    else:
        parent[last] = _value(random)


def as_text(value: Any) -> str:
    """Return the value as JSON of any depth: Python's own writer has a limit."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(str(k))}:{as_text(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(as_text, value)) + "]"
    return json.dumps(value) if not isinstance(value, int) or abs(value) < 10**4000 else "7"


brackets: Final = _randoms.map(
    lambda random: "".join(random.choices('[]{}",:a1', k=random.randrange(3_000)))
)
raw: Final = _randoms.map(lambda random: random.randbytes(random.randrange(200)))


def lines_like(honest: Sequence[Any]) -> st.SearchStrategy[bytes]:
    """Files of lines of JSON: honest ones, hostile ones, and ones that were cut short."""
    places = [list(_places(line)) for line in honest]

    def line(random: Random) -> bytes:
        number, kind = random.randrange(len(honest)), random.random()
        if kind < 0.5:
            return as_text(_changed(honest[number], places[number], random)).encode()
        good = as_text(honest[number]).encode()
        if kind < 0.7:
            return good[: random.randrange(len(good))]
        return good if kind < 0.9 else random.randbytes(random.randrange(40))

    return _randoms.map(lambda random: b"\n".join(line(random) for _ in range(random.randrange(6))))
