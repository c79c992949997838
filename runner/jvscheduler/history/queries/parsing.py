"""Parses a MongoDB-style query into conditions. A query that has no clear meaning is an error."""

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
)
from jvscheduler.history.queries.fields import Resolve
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
    if query is None:
        return EVERY
    if not isinstance(query, Mapping):
        raise InvalidQuery(
            f"a query is a dict such as {{'context.status': 'failed'}}, not {query!r}"
        )
    return _all_of([_clause(str(key), value, resolve) for key, value in query.items()])


def parse_sort(sort: Any, resolve: Resolve) -> tuple[Sort, ...]:
    """Parses pairs such as `("context.execution_time", -1)`, or a dict of them."""
    pairs = list(sort.items()) if isinstance(sort, Mapping) else list(sort or ())
    for pair in pairs:
        if not isinstance(pair, Sequence) or len(pair) != 2 or pair[1] not in (1, -1):
            raise InvalidQuery(
                f"sort takes pairs of a field and 1 or -1, such as ('context.x', -1), not {pair!r}"
            )
    return tuple(Sort(resolve(str(path)), direction == -1) for path, direction in pairs)


def _clause(key: str, value: Any, resolve: Resolve) -> Condition:
    match key:
        case "$and":
            return _all_of(_each(key, value, resolve))
        case "$or":
            return AnyOf(_each(key, value, resolve))
        case "$nor":
            return Not(AnyOf(_each(key, value, resolve)))
        case "$not":
            return Not(parse(value, resolve))
    if key.startswith("$"):
        raise _unknown(key, ["$and", "$or", "$nor", "$not"], "beside fields")
    return _of_field(resolve(key), value)


def _each(key: str, queries: Any, resolve: Resolve) -> tuple[Condition, ...]:
    if not isinstance(queries, list | tuple) or not queries:
        raise InvalidQuery(f"{key} takes a list of one query or more, not {queries!r}")
    return tuple(parse(query, resolve) for query in queries)


def _of_field(field: Field, wanted: Any) -> Condition:
    if not isinstance(wanted, Mapping):
        return _equal(field, wanted)
    if not wanted:
        raise InvalidQuery(f"{field.path} is compared with {{}}; give a value or an operator")
    return _all_of([_operator(field, str(name), wanted) for name in wanted if name != "$options"])


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
    return Not(_equal(field, value))


def _ordered(field: Field, name: str, value: Any) -> Condition:
    compared = comparable(field, value)
    if isinstance(compared, bool):
        raise InvalidQuery(f"{name} for {field.path}: {value!r} has no order; use $eq or $ne")
    return Compare(field, _ORDERS[name], compared)


def _one_of(field: Field, values: Any) -> Condition:
    if not isinstance(values, list | tuple | set | frozenset):
        raise InvalidQuery(f"$in and $nin for {field.path} take a list, not {values!r}")
    parts = tuple(_equal(field, value) for value in values)
    texts = [p.value for p in parts if isinstance(p, Compare) and isinstance(p.value, str)]
    if texts and len(texts) == len(parts):
        return OneOf(field, tuple(texts))
    return AnyOf(parts)


def _none_of(field: Field, values: Any) -> Condition:
    return Not(_one_of(field, values))


def _exists(field: Field, wanted: Any) -> Condition:
    return Exists(field) if wanted else Not(Exists(field))


def _not(field: Field, wanted: Any) -> Condition:
    if not isinstance(wanted, Mapping):
        raise InvalidQuery(f"$not for {field.path} takes operators, not {wanted!r}; use $ne")
    return Not(_of_field(field, wanted))


def _regex(field: Field, pattern: Any, options: Any) -> Condition:
    if not isinstance(pattern, str) or not isinstance(options, str) or set(options) - set(_OPTIONS):
        raise InvalidQuery(
            f"$regex for {field.path} takes a text, and $options some of {_OPTIONS!r}, "
            f"not {pattern!r} and {options!r}"
        )
    try:
        re.compile(pattern)
    except re.error as error:
        raise InvalidQuery(f"$regex for {field.path}: {pattern!r} is none ({error})") from error
    return Matches(field, pattern, "".join(sorted(set(options))))


def _all_of(parts: Sequence[Condition]) -> Condition:
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _unknown(name: str, known: Sequence[str], where: str) -> InvalidQuery:
    return InvalidQuery(f"{name!r} is no operator {where}; known are {', '.join(known)}")


_OPERATORS: Final[Mapping[str, Callable[[Field, Any], Condition]]] = {
    "$eq": _equal,
    "$ne": _different,
    "$in": _one_of,
    "$nin": _none_of,
    "$exists": _exists,
    "$not": _not,
}
