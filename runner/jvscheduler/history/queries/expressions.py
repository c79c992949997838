"""Expressions in a pipeline: `$path`, constants, and objects of both."""

from collections.abc import Mapping
from typing import Any

from jvscheduler.history.errors import InvalidQuery
from jvscheduler.history.queries.limits import shown
from jvscheduler.history.queries.matching import Row, value_at
from jvscheduler.history.queries.values import storable


def evaluate(expression: Any, row: Row) -> Any:
    """The expression's value for this row; None when there is nothing at its path."""
    if isinstance(expression, str) and expression.startswith("$"):
        return value_at(row, expression[1:])
    if isinstance(expression, Mapping):
        return {str(name): evaluate(value, row) for name, value in expression.items()}
    return storable(expression)


def check_expression(stage: str, expression: Any) -> None:
    """Raises InvalidQuery for an expression that `evaluate` does not know."""
    if isinstance(expression, Mapping):
        for name, value in expression.items():
            if str(name).startswith("$"):
                raise InvalidQuery(
                    f"{stage}: {shown(name)} is no expression; known are '$path', "
                    "constants and objects of them"
                )
            check_expression(stage, value)
    elif isinstance(expression, str) and expression.startswith("$"):
        path_of(stage, expression)


def path_of(stage: str, text: Any) -> str:
    if not isinstance(text, str) or not text.startswith("$") or "$" in text[1:] or len(text) < 2:
        raise InvalidQuery(f"{stage}: expected a path such as '$context.status', not {shown(text)}")
    return text[1:]


def with_value(row: Row, path: str, value: Any) -> Row:
    """A copy of the row with this value. Everything outside the path is shared, not copied."""
    name, _, rest = path.partition(".")
    if not rest:
        return {**row, name: value}
    inner = row.get(name)
    return {**row, name: with_value(inner if isinstance(inner, dict) else {}, rest, value)}
