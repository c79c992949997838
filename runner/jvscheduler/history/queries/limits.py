"""How large a query or a pipeline may be. A larger one is refused before a database
sees it.

Each database has limits of its own. It refuses a query beyond them with an error that
looks like an outage: the call would be repeated, and the user would look for a broken database. So
one set of limits, which every database can serve, is checked first.
"""

from collections.abc import Mapping
from reprlib import Repr
from typing import Any, Final

from jvscheduler.history.errors import InvalidQuery

MAX_DEPTH: Final = 24
"""Dicts and lists inside each other. SQLite's parser has a stack of 100 entries."""
MAX_CONDITIONS: Final = 1000
"""Fields and operators of a query. PostgreSQL has 32,767 parameters, SQLite 1000 levels."""
MAX_VALUES: Final = 100_000
"""Values in lists, such as those of `$in`. They travel as one parameter."""
MAX_CHARACTERS: Final = 4 * 1024 * 1024
"""All texts of a query together. MongoDB takes a query of 16 MiB."""
MAX_PATH: Final = 500
"""Characters of a field's path."""
MAX_ROWS: Final = 2**63 - 1
"""The largest `limit` and `skip`: the integers of databases have 64 bits."""

_repr = Repr()
_repr.maxdict = _repr.maxlist = _repr.maxtuple = _repr.maxset = 4
_repr.maxlevel = 4
_repr.maxstring = _repr.maxother = _repr.maxlong = 100


def shown(value: Any) -> str:
    """A caller's value for a message: short, however large or deep the value is."""
    return _repr.repr(value)


def check_size(what: str, given: Any) -> None:
    """Raises InvalidQuery when the query is deeper or larger than the limits."""
    conditions = values = characters = 0
    rest = [(given, 0)]
    # Not recursive: a query may be deeper than Python's stack, and may even contain itself.
    while rest:
        part, depth = rest.pop()
        if isinstance(part, Mapping):
            conditions += len(part)
            inner = [*part.keys(), *part.values()]
        elif isinstance(part, list | tuple | set | frozenset):
            values += len(part)
            inner = list(part)
        else:
            characters += len(part) if isinstance(part, str) else 0
            continue
        _check(what, "levels of dicts and lists", depth + 1, MAX_DEPTH)
        _check(what, "fields and operators; use $in for many values", conditions, MAX_CONDITIONS)
        _check(what, "values", values, MAX_VALUES)
        rest += [(item, depth + 1) for item in inner]
    _check(what, "characters", characters, MAX_CHARACTERS)


def check_rows(name: str, number: Any) -> int:
    """A number of rows, such as a `limit`. Raises InvalidQuery for anything else."""
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= MAX_ROWS:
        raise InvalidQuery(f"{name} takes a number from 0 to {MAX_ROWS}, not {shown(number)}")
    return number


def _check(what: str, counted: str, number: int, most: int) -> None:
    if number > most:
        raise InvalidQuery(f"{what} is too large: it may have at most {most} {counted}")
