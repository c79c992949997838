"""MongoDB-style updates. An update is checked as a whole before anything is changed."""

import copy
import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final

from jvspatial.db.query import QueryEngine

from jvscheduler.history.errors import InvalidQuery
from jvscheduler.history.queries.conditions import Kind
from jvscheduler.history.queries.fields import Resolve
from jvscheduler.history.queries.limits import shown
from jvscheduler.history.queries.matching import Row, value_at
from jvscheduler.history.queries.values import comparable, storable

_OPERATORS: Final = ("$set", "$unset", "$inc", "$push", "$addToSet", "$pull")

_OF_KIND: Final = {"$inc": "number", "$push": "list", "$addToSet": "list", "$pull": "list"}
"""The operators that change a value of one kind only."""

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
    parsed = {name: _changes(name, changes, resolve) for name, changes in update.items()}
    paths = sorted(path.split(".") for changes in parsed.values() for path in changes)
    for before, after in pairwise(paths):
        if after[: len(before)] == before:
            raise InvalidQuery(f"{'.'.join(after)} would be changed twice; use two updates")
    return parsed


def applied(row: Row, update: Update) -> Row:
    """The changed row. Raises InvalidQuery where a value of the row is of another kind.

    jvspatial would put a list in the place of a text for `$push`, and add True and 1 to 2.
    """
    for name, changes in update.items():
        for path, value in changes.items():
            _check_stored(row, name, path, value)
    changed: Row = QueryEngine.apply_update(copy.deepcopy(row), copy.deepcopy(dict(update)))
    return changed


def _changes(name: str, changes: Any, resolve: Resolve) -> dict[str, Any]:
    if not isinstance(changes, Mapping) or not changes:
        raise InvalidQuery(f"{name} takes a dict of fields and values, not {shown(changes)}")
    each = [_change(name, path, value, resolve) for path, value in changes.items()]
    if len(dict(each)) < len(each):
        raise InvalidQuery(f"{name} names a field twice, with and without 'context.'")
    return dict(each)


def _change(name: str, path: Any, value: Any, resolve: Resolve) -> tuple[str, Any]:
    if not isinstance(path, str):
        raise InvalidQuery(f"{name}: a field is a text, not {shown(path)}")
    field = resolve(path)
    if not field.path.startswith("context."):
        raise InvalidQuery(f"{name}: {path} of a row never changes")
    if name == "$inc" and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise InvalidQuery(f"$inc: {path} takes a number, not {shown(value)}")
    if name in _OF_KIND and field.kind is not Kind.ANY:
        raise InvalidQuery(f"{name}: {path} is a {field.kind}; {name} is for {_OF_KIND[name]}s")
    if name == "$set" and field.kind is Kind.TIME and value is not None:
        return field.path, comparable(field, value)
    return field.path, storable(value)


def _check_stored(row: Row, name: str, path: str, value: Any) -> None:
    names = path.split(".")
    for end in range(1, len(names)):
        container = value_at(row, ".".join(names[:end]))
        if container is not None and not isinstance(container, dict):
            raise _wrong_kind(row, name, ".".join(names[:end]), container, "object")
    stored, wanted = value_at(row, path), _OF_KIND.get(name)
    if stored is None or wanted is None:
        return
    if wanted == "list" and not isinstance(stored, list):
        raise _wrong_kind(row, name, path, stored, wanted)
    if wanted == "number":
        if isinstance(stored, bool) or not isinstance(stored, int | float):
            raise _wrong_kind(row, name, path, stored, wanted)
        if not math.isfinite(float(stored) + value):
            raise InvalidQuery(f"$inc: {path} of {row.get('id')} would be larger than any number")


def _wrong_kind(row: Row, name: str, path: str, stored: Any, wanted: str) -> InvalidQuery:
    return InvalidQuery(
        f"{name}: {path} of {row.get('id')} is {shown(stored)}, which is no {wanted}; "
        "change it by $set, or leave the row out of the query"
    )
