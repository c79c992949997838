"""Aggregation pipelines, evaluated in memory over documents.

All stages are parsed before a row is read: a wrong stage is an error at once, not after
minutes of reading. A field of an entity is `$context.name`; a time is its stored UTC text.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import islice
from typing import Any, Final

from jvscheduler.history.errors import InvalidQuery
from jvscheduler.history.queries.expressions import (
    check_expression,
    evaluate,
    path_of,
    with_value,
)
from jvscheduler.history.queries.fields import Kinds, document_field
from jvscheduler.history.queries.groups import group
from jvscheduler.history.queries.limits import check_rows, check_size, shown
from jvscheduler.history.queries.matching import Row, matches, sort_rows, value_at
from jvscheduler.history.queries.parsing import parse, parse_sort

Stage = Callable[[Iterable[Row]], Iterable[Row]]


def leading_match(pipeline: Any, kinds: Kinds) -> tuple[Any, tuple[Stage, ...]]:
    """The query of a `$match` at the start, which the database does, and the other stages."""
    named = [_named(stage) for stage in _list(pipeline)]
    query: Any = {}
    if named and named[0][0] == "$match":
        query = named.pop(0)[1]
    return query, tuple(_STAGES[name](value, kinds) for name, value in named)


def run_pipeline(rows: Iterable[Row], stages: Iterable[Stage]) -> list[Row]:
    for stage in stages:
        rows = stage(rows)
    return list(rows)


def _list(pipeline: Any) -> list[Any]:
    if not isinstance(pipeline, list | tuple):
        raise InvalidQuery(f"a pipeline is a list of stages, not {shown(pipeline)}")
    check_size("a pipeline", pipeline)
    return list(pipeline)


def _named(stage: Any) -> tuple[str, Any]:
    if not isinstance(stage, Mapping) or len(stage) != 1:
        raise InvalidQuery(f"a stage is a dict of one operator, not {shown(stage)}")
    ((name, value),) = stage.items()
    if name not in _STAGES:
        raise InvalidQuery(f"{shown(name)} is no stage; known are {', '.join(_STAGES)}")
    return name, value


def _match(query: Any, kinds: Kinds) -> Stage:
    condition = parse(query, partial(document_field, kinds=kinds))
    return lambda rows: (row for row in rows if matches(row, condition))


def _sort(sort: Any, kinds: Kinds) -> Stage:
    sorts = parse_sort(sort, partial(document_field, kinds=kinds))
    if not sorts:
        raise InvalidQuery("$sort takes fields and 1 or -1, such as {'count': -1}")
    return lambda rows: sort_rows(rows, sorts)


def _limit(number: Any) -> Stage:
    most = check_rows("$limit", number)
    return lambda rows: islice(rows, most)


def _skip(number: Any) -> Stage:
    first = check_rows("$skip", number)
    return lambda rows: islice(rows, first, None)


def _count(name: Any) -> Stage:
    if not isinstance(name, str) or not name or name.startswith("$") or "." in name:
        raise InvalidQuery(f"$count takes the name of its result, not {shown(name)}")
    return lambda rows: _counted(name, rows)


def _counted(name: str, rows: Iterable[Row]) -> Iterable[Row]:
    """As in MongoDB, no documents give no result, rather than a zero."""
    number = sum(1 for _ in rows)
    return [{name: number}] if number else []


def _unwind(spec: Any) -> Stage:
    options = spec if isinstance(spec, Mapping) else {"path": spec}
    unknown = set(options) - {"path", "preserveNullAndEmptyArrays"}
    if unknown or "path" not in options:
        raise InvalidQuery(
            f"$unwind takes a path, or path and preserveNullAndEmptyArrays, not {shown(spec)}"
        )
    path, keep = (
        path_of("$unwind", options["path"]),
        bool(options.get("preserveNullAndEmptyArrays")),
    )
    return lambda rows: (item for row in rows for item in _unwound(row, path, keep))


def _unwound(row: Row, path: str, keep: bool) -> list[Row]:
    found = value_at(row, path)
    if isinstance(found, list) and found:
        return [with_value(row, path, item) for item in found]
    if found is None or found == []:
        return [row] if keep else []
    return [row]


def _project(spec: Any) -> Stage:
    if not isinstance(spec, Mapping) or not spec:
        raise InvalidQuery(f"$project takes fields and 1, 0 or expressions, not {shown(spec)}")
    flags = {path: value for path, value in spec.items() if _is_flag(value)}
    computed = {path: value for path, value in spec.items() if not _is_flag(value)}
    for expression in computed.values():
        check_expression("$project", expression)
    dropped = [path for path, value in flags.items() if not value]
    kept = [path for path, value in flags.items() if value]
    if not kept and not computed:
        return lambda rows: (_without(row, dropped) for row in rows)
    if set(dropped) - {"_id"}:
        raise InvalidQuery("$project either takes fields (1) or leaves fields out (0), not both")
    if "_id" not in spec:
        kept = ["_id", *kept]
    return lambda rows: (_projected(row, kept, computed) for row in rows)


def _projected(row: Row, kept: Iterable[str], computed: Mapping[str, Any]) -> Row:
    projected: Row = {}
    for path in kept:
        found = value_at(row, path)
        if found is not None:
            projected = with_value(projected, path, found)
    for path, expression in computed.items():
        projected = with_value(projected, path, evaluate(expression, row))
    return projected


def _without(row: Row, paths: Iterable[str]) -> Row:
    for path in paths:
        name, _, rest = path.partition(".")
        inner = row.get(name)
        if rest and isinstance(inner, dict):
            row = {**row, name: _without(inner, [rest])}
        elif not rest:
            row = {key: value for key, value in row.items() if key != name}
    return row


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool) or (isinstance(value, int) and value in (0, 1))


_STAGES: Final[Mapping[str, Callable[[Any, Kinds], Stage]]] = {
    "$match": _match,
    "$group": lambda spec, _: group(spec),
    "$sort": _sort,
    "$limit": lambda spec, _: _limit(spec),
    "$skip": lambda spec, _: _skip(spec),
    "$project": lambda spec, _: _project(spec),
    "$unwind": lambda spec, _: _unwind(spec),
    "$count": lambda spec, _: _count(spec),
}
