"""Parses a MongoDB-style query into conditions. A query that has no clear meaning is an error.

Only `{}` means every row. Any other query that would match every row is a mistake, such as a
forgotten operator. Without this rule `delete_many` would delete everything for it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from jvscheduler.history.errors import InvalidQuery
from jvscheduler.history.queries.conditions import (
    EVERY,
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Exists,
    Field,
    Matches,
    Not,
    OneOf,
    Order,
    Sort,
    constant,
)
from jvscheduler.history.queries.fields import Resolve
from jvscheduler.history.queries.limits import check_size, shown
from jvscheduler.history.queries.values import comparable

_ORDERS: Final = {
    "$gt": Order.ABOVE,
    "$gte": Order.FROM,
    "$lt": Order.BELOW,
    "$lte": Order.UP_TO,
}
_OPTIONS: Final = "ims"


def parse(query: Any, resolve: Resolve) -> Condition:
    """Raises InvalidQuery, which names the wrong operator or field, and those that are known."""
    if isinstance(query, Mapping) and not query:
        return EVERY
    check_size("a query", query)
    condition = _query(query, resolve)
    if constant(condition):
        raise InvalidQuery(f"{shown(query)} would match everything; only {{}} means everything")
    return condition


def parse_sort(sort: Any, resolve: Resolve) -> tuple[Sort, ...]:
    """Parses pairs such as `("context.execution_time", -1)`, or a dict of them."""
    if sort is None:
        return ()
    check_size("a sort", sort)
    pairs = list(sort.items()) if isinstance(sort, Mapping) else sort
    if not isinstance(pairs, list | tuple):
        raise _no_pair(sort)
    for pair in pairs:
        if not isinstance(pair, list | tuple) or len(pair) != 2 or not _is_direction(pair[1]):
            raise _no_pair(pair)
    return tuple(Sort(resolve(_name(path)), direction == -1) for path, direction in pairs)


def _is_direction(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value in (1, -1)


def _no_pair(given: Any) -> InvalidQuery:
    return InvalidQuery(
        f"sort takes pairs of a field and 1 or -1, such as ('context.x', -1), not {shown(given)}"
    )


def _query(query: Any, resolve: Resolve) -> Condition:
    if not isinstance(query, Mapping) or not query:
        raise InvalidQuery(
            f"a query is a dict such as {{'context.status': 'failed'}}, not {shown(query)}; "
            "{} for everything stands alone"
        )
    return _all_of([_clause(_name(key), value, resolve) for key, value in query.items()])


def _name(key: Any) -> str:
    """A field or an operator. Text only: `str(None)` would name a field that no row has."""
    if not isinstance(key, str):
        raise InvalidQuery(f"a field or an operator is a text, not {shown(key)}")
    return key


def _clause(key: str, value: Any, resolve: Resolve) -> Condition:
    match key:
        case "$and":
            return _all_of(_each(key, value, resolve))
        case "$or":
            return _any_of(_each(key, value, resolve))
        case "$nor":
            return _none_of(_any_of(_each(key, value, resolve)))
        case "$not":
            return _none_of(_query(value, resolve))
    if key.startswith("$"):
        raise _unknown(key, ["$and", "$or", "$nor", "$not"], "next to fields")
    return _of_field(resolve(key), value)


def _each(key: str, queries: Any, resolve: Resolve) -> tuple[Condition, ...]:
    if not isinstance(queries, list | tuple) or not queries:
        raise InvalidQuery(f"{key} takes a list of one query or more, not {shown(queries)}")
    return tuple(_query(query, resolve) for query in queries)


def _of_field(field: Field, wanted: Any) -> Condition:
    if not isinstance(wanted, Mapping):
        return _equal(field, wanted)
    if not wanted:
        raise InvalidQuery(f"{field.path} is compared with {{}}; give a value or an operator")
    if "$options" in wanted and "$regex" not in wanted:
        raise InvalidQuery(f"$options for {field.path} belongs to a $regex; there is none")
    names = [_name(name) for name in wanted if name != "$options"]
    return _all_of([_operator(field, name, wanted) for name in names])


def _operator(field: Field, name: str, wanted: Mapping[str, Any]) -> Condition:
    if name in _ORDERS:
        return _ordered(field, name, wanted[name])
    if name in _OPERATORS:
        return _OPERATORS[name](field, wanted[name])
    if name == "$regex":
        return _regex(field, wanted[name], wanted.get("$options", ""))
    raise _unknown(name, [*_ORDERS, *_OPERATORS, "$regex", "$options"], f"for {field.path}")


def _equal(field: Field, value: Any) -> Condition:
    if value is None:
        return Not(Exists(field))
    return Compare(field, Order.EQUAL, comparable(field, value))


def _different(field: Field, value: Any) -> Condition:
    return _none_of(_equal(field, value))


def _ordered(field: Field, name: str, value: Any) -> Condition:
    compared = comparable(field, value)
    if isinstance(compared, bool):
        raise InvalidQuery(f"{name} for {field.path}: {shown(value)} has no order; use $eq or $ne")
    return Compare(field, _ORDERS[name], compared)


def _one_of(field: Field, values: Any) -> Condition:
    if not isinstance(values, list | tuple | set | frozenset):
        raise InvalidQuery(f"$in and $nin for {field.path} take a list, not {shown(values)}")
    return _any_of([_equal(field, value) for value in values])


def _not_one_of(field: Field, values: Any) -> Condition:
    return _none_of(_one_of(field, values))


def _exists(field: Field, wanted: Any) -> Condition:
    if not isinstance(wanted, int) or wanted not in (True, False):
        raise InvalidQuery(f"$exists for {field.path} takes True or False, not {shown(wanted)}")
    return Exists(field) if wanted else Not(Exists(field))


def _not(field: Field, wanted: Any) -> Condition:
    if not isinstance(wanted, Mapping):
        raise InvalidQuery(f"$not for {field.path} takes operators, not {shown(wanted)}; use $ne")
    return _none_of(_of_field(field, wanted))


def _regex(field: Field, pattern: Any, options: Any) -> Condition:
    if not isinstance(pattern, str) or not isinstance(options, str) or set(options) - set(_OPTIONS):
        raise InvalidQuery(
            f"$regex for {field.path} takes a text, and $options some of {_OPTIONS!r}, "
            f"not {shown(pattern)} and {shown(options)}"
        )
    if not pattern:
        # A pattern from a search field that was left empty must not delete everything.
        raise InvalidQuery(
            f"$regex for {field.path} is empty and would match every text; use $exists"
        )
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        problem = f"{shown(pattern)} is none ({error})"
        raise InvalidQuery(f"$regex for {field.path}: {problem}") from error
    return Matches(field, pattern, "".join(sorted(set(options))))


def _all_of(parts: Sequence[Condition]) -> Condition:
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _any_of(parts: Sequence[Condition]) -> Condition:
    """One of the parts. Equalities of one field become one list: a database has few parameters."""
    lists: dict[tuple[Field, bool], list[Any]] = {}
    others: list[Condition] = []
    for part in parts:
        match part:
            case Compare(field, Order.EQUAL, value) if not isinstance(value, bool):
                lists.setdefault((field, isinstance(value, str)), []).append(value)
            case OneOf(field, values):
                lists.setdefault((field, isinstance(values[0], str)), []).extend(values)
            case _:
                others.append(part)
    equal = [OneOf(field, tuple(values)) for (field, _), values in lists.items()]
    every = (*equal, *others)
    return every[0] if len(every) == 1 else AnyOf(every)


def _none_of(part: Condition) -> Condition:
    """Negate the part. Two negations cancel each other: SQL would need more and more brackets."""
    return part.part if isinstance(part, Not) else Not(part)


def _unknown(name: str, known: Sequence[str], where: str) -> InvalidQuery:
    return InvalidQuery(f"{shown(name)} is no operator {where}; known are {', '.join(known)}")


_OPERATORS: Final[Mapping[str, Callable[[Field, Any], Condition]]] = {
    "$eq": _equal,
    "$ne": _different,
    "$in": _one_of,
    "$nin": _not_one_of,
    "$exists": _exists,
    "$not": _not,
}
