"""Generates hostile objects: an honest one, with some of its parts replaced by anything."""

from collections.abc import Iterable, Iterator
from copy import deepcopy
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
    "shop",
    "tenant-b",
    "failed",
    "running",
    "every 2 to 1 seconds",
    "\ud800",
    "a\nb",
    "\0",
)


def _deep(levels: int) -> Any:
    value: Any = 1
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


_leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([-1, 2**31, 2**63, 10**400]),
    st.floats(),
    st.text(st.characters(), max_size=20),
    st.sampled_from(TIMES + WORDS),
    st.sampled_from(["x" * 50_000, "9" * 5000]),
)
anything = st.one_of(
    st.recursive(
        _leaves,
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
        ),
        max_leaves=10,
    ),
    st.integers(1, 150).map(_deep),
)


def _places(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to each part of a value of JSON."""
    yield before
    items: Iterable[tuple[Any, Any]] = value.items() if isinstance(value, dict) else ()
    items = enumerate(value) if isinstance(value, list) else items
    for key, part in items:
        yield from _places(part, (*before, key))


def like(honest: Any) -> st.SearchStrategy[Any]:
    """Objects like this one, with up to three parts replaced or removed."""
    places = list(_places(honest))
    change = st.tuples(st.sampled_from(places), st.just("remove") | st.just("put"), anything)
    return st.lists(change, min_size=1, max_size=3).map(lambda c: _changed(honest, c))


def _changed(honest: Any, changes: list[tuple[tuple[Any, ...], str, Any]]) -> Any:
    whole = {"it": deepcopy(honest)}
    for place, what, value in changes:
        *way, last = ("it", *place)
        parent: Any = whole
        try:
            for key in way:
                parent = parent[key]
            if what == "remove" and place:
                del parent[last]
            else:
                parent[last] = value
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change has removed the way
    return whole["it"]
