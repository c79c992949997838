"""The stage `$group`: documents with an equal `_id` become one document."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from jvscheduler.history.errors import InvalidQuery
from jvscheduler.history.queries.expressions import check_expression, evaluate
from jvscheduler.history.queries.limits import shown
from jvscheduler.history.queries.matching import Row, rank

Values = Sequence[Any]


def group(spec: Any) -> Callable[[Iterable[Row]], Iterable[Row]]:
    if not isinstance(spec, Mapping) or "_id" not in spec:
        raise InvalidQuery(f"$group takes _id (None for all) and results, not {shown(spec)}")
    check_expression("$group", spec["_id"])
    results = {str(n): _accumulator(str(n), v) for n, v in spec.items() if n != "_id"}
    return lambda rows: _grouped(rows, spec["_id"], results)


def _grouped(
    rows: Iterable[Row], key: Any, results: Mapping[str, tuple[str, Any]]
) -> Iterable[Row]:
    """The groups, in the order of their first documents."""
    groups: dict[str, tuple[Any, list[Row]]] = {}
    for row in rows:
        value = evaluate(key, row)
        groups.setdefault(json.dumps(value, sort_keys=True), (value, []))[1].append(row)
    for value, members in groups.values():
        accumulated = {
            name: _ACCUMULATORS[operator]([evaluate(expression, row) for row in members])
            for name, (operator, expression) in results.items()
        }
        yield {"_id": value, **accumulated}


def _accumulator(name: str, spec: Any) -> tuple[str, Any]:
    if not isinstance(spec, Mapping) or len(spec) != 1:
        raise InvalidQuery(
            f"$group: {name} takes one operator such as {{'$sum': 1}}, not {shown(spec)}"
        )
    ((operator, expression),) = spec.items()
    if operator not in _ACCUMULATORS:
        raise InvalidQuery(
            f"$group: {shown(operator)} for {name} is no operator; "
            f"known are {', '.join(_ACCUMULATORS)}"
        )
    if operator == "$count":
        return operator, 1
    check_expression("$group", expression)
    return operator, expression


def _numbers(values: Values) -> list[float]:
    return [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]


def _average(values: Values) -> float | None:
    numbers = _numbers(values)
    return sum(numbers) / len(numbers) if numbers else None


def _existing(values: Values) -> list[Any]:
    return [value for value in values if value is not None]


_ACCUMULATORS: Final[Mapping[str, Callable[[Values], Any]]] = {
    "$sum": lambda values: sum(_numbers(values)),
    "$avg": _average,
    "$min": lambda values: min(_existing(values), key=rank, default=None),
    "$max": lambda values: max(_existing(values), key=rank, default=None),
    "$count": len,
    "$push": list,
    "$first": lambda values: values[0],
    "$last": lambda values: values[-1],
}
