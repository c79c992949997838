"""MongoDB-style updates. An update is checked as a whole before anything is changed."""

import copy
from collections.abc import Mapping
from typing import Any, Final

from jvspatial.db.query import QueryEngine

from jvscheduler.history.errors import InvalidQuery
from jvscheduler.history.queries.conditions import Kind
from jvscheduler.history.queries.fields import Resolve
from jvscheduler.history.queries.limits import shown
from jvscheduler.history.queries.matching import Row
from jvscheduler.history.queries.values import comparable, storable

_OPERATORS: Final = ("$set", "$unset", "$inc", "$push", "$addToSet", "$pull")

Update = Mapping[str, Mapping[str, Any]]


def parse_update(update: Any, resolve: Resolve) -> Update:
    """The update with paths and values as rows have them. Raises InvalidQuery."""
    if not isinstance(update, Mapping) or not update:
        raise InvalidQuery(f"an update is a dict such as {{'$set': {{…}}}}, not {shown(update)}")
    unknown = [str(name) for name in update if name not in _OPERATORS]
    if unknown:
        raise InvalidQuery(
            f"{shown(unknown[0])} is no operator of updates; known are {', '.join(_OPERATORS)}"
        )
    return {name: _changes(name, changes, resolve) for name, changes in update.items()}


def applied(row: Row, update: Update) -> Row:
    changed: Row = QueryEngine.apply_update(copy.deepcopy(row), copy.deepcopy(dict(update)))
    return changed


def _changes(name: str, changes: Any, resolve: Resolve) -> dict[str, Any]:
    if not isinstance(changes, Mapping) or not changes:
        raise InvalidQuery(f"{name} takes a dict of fields and values, not {shown(changes)}")
    return dict(_change(name, str(path), value, resolve) for path, value in changes.items())


def _change(name: str, path: str, value: Any, resolve: Resolve) -> tuple[str, Any]:
    field = resolve(path)
    if not field.path.startswith("context."):
        raise InvalidQuery(f"{name}: {path} of a row never changes")
    if name == "$inc" and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise InvalidQuery(f"$inc: {path} takes a number, not {shown(value)}")
    if name == "$set" and field.kind is Kind.TIME and value is not None:
        return field.path, comparable(field, value)
    return field.path, storable(value)
