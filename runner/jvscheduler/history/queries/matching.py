"""Matches and sorts rows in memory. Every backend must give the same answers as this module."""

import operator
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from jvscheduler.history.queries.conditions import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Exists,
    Matches,
    Not,
    OneOf,
    Order,
    Scalar,
    Sort,
)

Row = dict[str, Any]

_COMPARE: Final = {
    Order.EQUAL: operator.eq,
    Order.ABOVE: operator.gt,
    Order.FROM: operator.ge,
    Order.BELOW: operator.lt,
    Order.UP_TO: operator.le,
}
_FLAGS: Final = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}


def matches(row: Mapping[str, Any], condition: Condition) -> bool:  # noqa: PLR0911 - one for each
    match condition:
        case AllOf(parts):
            return all(matches(row, part) for part in parts)
        case AnyOf(parts):
            return any(matches(row, part) for part in parts)
        case Not(part):
            return not matches(row, part)
        case Exists(field):
            return value_at(row, field.path) is not None
        case Compare(field, order, wanted):
            return _compares(value_at(row, field.path), order, wanted)
        case OneOf(field, values):
            value = value_at(row, field.path)
            # Ranks first: to Python True is 1, and a list cannot be looked up.
            return rank(value)[0] == rank(values[0])[0] and value in condition.lookup
        case Matches(field, pattern, options):
            text = value_at(row, field.path)
            return isinstance(text, str) and searches(pattern, options, text)


def value_at(row: Any, path: str) -> Any:
    """The value at the path; None when there is nothing."""
    for name in path.split("."):
        if not isinstance(row, Mapping):
            return None
        row = row.get(name)
    return row


def searches(pattern: str, options: str, text: str) -> bool:
    flags = re.NOFLAG
    for option in options:
        flags |= _FLAGS[option]
    return re.search(pattern, text, flags) is not None


def sort_rows(rows: Iterable[Row], sorts: Sequence[Sort]) -> list[Row]:
    """Rows that are equal in all fields are in the order of their ids."""
    ordered = sorted(rows, key=lambda row: str(row.get("id", "")))
    for sort in reversed(sorts):
        path = sort.field.path
        present = [row for row in ordered if value_at(row, path) is not None]
        missing = [row for row in ordered if value_at(row, path) is None]
        present.sort(key=lambda row: rank(value_at(row, path)), reverse=sort.descending)
        ordered = present + missing
    return ordered


def rank(value: Any) -> tuple[int, Any]:
    """A sort key for values of any type: numbers, texts, booleans, then all others."""
    match value:
        case None:
            return (0, 0)
        case bool():
            return (3, value)
        case int() | float():
            return (1, value)
        case str():
            return (2, value)
        case _:
            return (4, repr(value))


def _compares(value: Any, order: Order, wanted: Scalar) -> bool:
    if value is None or rank(value)[0] != rank(wanted)[0]:
        return False
    return bool(_COMPARE[order](value, wanted))
